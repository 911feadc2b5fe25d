import {
  type BillingSummary,
  type LedgerKind,
  type LedgerPosting,
  type MicroUsd,
  microUsd,
  usdOfMicro,
} from "@oa/contract";
import { internal } from "../_generated/api.js";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { creditSettings, crosses } from "../lib/creditSettings.ts";
import { apiError } from "../lib/errors.ts";
import { type AccountTotals, afterPosting, storedTotals, totalsOf } from "../lib/ledgerRules.ts";

/** The only writer of `credit_ledger` and `credit_accounts`. */

/** The user's running totals; null before their first ledger row. */
export async function accountOf(ctx: QueryCtx, userId: string): Promise<Doc<"credit_accounts"> | null> {
  return await ctx.db
    .query("credit_accounts")
    .withIndex("by_user_id", (q) => q.eq("user_id", userId))
    .unique();
}

/** One document read: what was posted, what is held, what is left. A user without an account has nothing. */
export async function billingSummaryOf(ctx: QueryCtx, userId: string): Promise<BillingSummary> {
  const account = await accountOf(ctx, userId);
  const posted = microUsd(account?.posted_microusd ?? 0);
  const held = microUsd(account?.held_microusd ?? 0);
  return {
    user_id: userId,
    balance_usd: usdOfMicro(posted),
    balance_microusd: posted,
    held_usd: usdOfMicro(held),
    available_usd: usdOfMicro(microUsd(posted - held)),
  };
}

/** A movement of money. */
export interface Posting {
  kind: LedgerKind;
  /** Signed: credits positive, debits negative. */
  amount: MicroUsd;
  /** Unique per user: the same key posts once, whatever happens between asking and hearing the answer. */
  idempotencyKey: string;
  meta?: Record<string, string | number | boolean | null> | undefined;
  /** The call it is of, and the provisioned key that made the call. */
  call?: { holdId: string; keyId: string | null } | undefined;
  /** What it is for has been delivered: it is charged, covered or not. */
  incurred?: boolean;
}

/** A user's account in the hands of one mutation: read once, written back once, however much is done to it between. */
export interface OpenAccount {
  userId: string;
  row: Doc<"credit_accounts"> | null;
  /** As it was read. */
  before: AccountTotals;
  totals: AccountTotals;
  now: number;
}

/** Takes a user's account in hand; `closeAccount` writes it back. */
export async function openAccount(ctx: QueryCtx, userId: string, now: number): Promise<OpenAccount> {
  const row = await accountOf(ctx, userId);
  const totals = totalsOf(row);
  return { userId, row, before: totals, totals, now };
}

/**
 * Writes an account back, unless nothing was done to it. Where the balance has become low or empty, or is no longer empty, whoever
 * has to know is told in a transaction of its own.
 */
export async function closeAccount(ctx: MutationCtx, account: OpenAccount): Promise<void> {
  const { userId, row, before, totals, now } = account;
  if (totals === before) return;
  if (crosses(before.posted_microusd, totals.posted_microusd, creditSettings(process.env).lowBalance)) {
    await ctx.scheduler.runAfter(0, internal.alerts.evaluate, { user_id: userId, key_ids: [] });
  }
  const fields = { ...storedTotals(totals), updated_at: now };
  if (row === null) await ctx.db.insert("credit_accounts", { ...fields, user_id: userId });
  else await ctx.db.patch("credit_accounts", row._id, fields);
}

/** `post` for a mutation that does nothing else to the account. */
export async function postLedger(ctx: MutationCtx, posting: Posting & { userId: string }): Promise<LedgerPosting> {
  const account = await openAccount(ctx, posting.userId, Date.now());
  const posted = await post(ctx, account, posting);
  await closeAccount(ctx, account);
  return posted;
}

/**
 * Posts one ledger row and moves the account in hand with it, in one serializable mutation. Every kind goes through here.
 *
 * A key that was used before gives the row it posted back (`replayed`); with another kind or amount it is refused with
 * `conflict`. Refusals of the amount itself: `lib/ledgerRules.ts`. A refused posting has done nothing to the account.
 */
export async function post(ctx: MutationCtx, account: OpenAccount, posting: Posting): Promise<LedgerPosting> {
  const { kind, amount, idempotencyKey, meta, call, incurred } = posting;
  const before = await ctx.db
    .query("credit_ledger")
    .withIndex("by_user_id_idempotency_key", (q) =>
      q.eq("user_id", account.userId).eq("idempotency_key", idempotencyKey),
    )
    .unique();
  if (before !== null) {
    if (before.kind !== kind || before.amount_microusd !== amount) {
      throw apiError(
        "conflict",
        "That idempotency key has been used for another amount. Use a new key for a new posting.",
      );
    }
    return postingView(before, true);
  }
  account.totals = afterPosting(account.totals, kind, amount, incurred);
  const row = {
    user_id: account.userId,
    kind,
    amount_usd: usdOfMicro(amount),
    amount_microusd: amount,
    seq: account.totals.seq,
    balance_after_microusd: account.totals.posted_microusd,
    idempotency_key: idempotencyKey,
    ...(meta !== undefined && { meta }),
    ...(call !== undefined && { hold_id: call.holdId, ...(call.keyId !== null && { key_id: call.keyId }) }),
    created_at: account.now,
  };
  await ctx.db.insert("credit_ledger", row);
  return postingView(row, false);
}

function postingView(
  row: Pick<Doc<"credit_ledger">, "user_id" | "kind" | "amount_microusd" | "balance_after_microusd" | "created_at">,
  replayed: boolean,
): LedgerPosting {
  const amount = microUsd(row.amount_microusd);
  return {
    user_id: row.user_id,
    kind: row.kind,
    amount_usd: usdOfMicro(amount),
    amount_microusd: amount,
    balance_after_microusd: microUsd(row.balance_after_microusd),
    created_at: row.created_at,
    replayed,
  };
}
