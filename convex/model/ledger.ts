import {
  type BillingSummary,
  type LedgerKind,
  type LedgerPosting,
  type MicroUsd,
  microUsd,
  usdOfMicro,
} from "@oa/contract";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { apiError } from "../lib/errors.ts";
import { afterPosting, EMPTY_ACCOUNT } from "../lib/ledgerRules.ts";

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
  userId: string;
  kind: LedgerKind;
  /** Signed: credits positive, debits negative. */
  amount: MicroUsd;
  /** Unique per user: the same key posts once, whatever happens between asking and hearing the answer. */
  idempotencyKey: string;
  meta?: Record<string, string | number | boolean | null> | undefined;
}

/**
 * Posts one ledger row and moves the user's totals with it, in one serializable mutation. Every kind goes through here.
 *
 * A key that was used before gives the row it posted back (`replayed`); with another kind or amount it is refused with
 * `conflict`. Refusals of the amount itself: `lib/ledgerRules.ts`. A refused posting writes nothing.
 */
export async function postLedger(ctx: MutationCtx, posting: Posting): Promise<LedgerPosting> {
  const { userId, kind, amount, idempotencyKey, meta } = posting;
  const before = await ctx.db
    .query("credit_ledger")
    .withIndex("by_user_id_idempotency_key", (q) => q.eq("user_id", userId).eq("idempotency_key", idempotencyKey))
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
  const account = await accountOf(ctx, userId);
  const totals = afterPosting(account ?? EMPTY_ACCOUNT, kind, amount);
  const now = Date.now();
  const row = {
    user_id: userId,
    kind,
    amount_usd: usdOfMicro(amount),
    amount_microusd: amount,
    seq: totals.seq,
    balance_after_microusd: totals.posted_microusd,
    idempotency_key: idempotencyKey,
    ...(meta !== undefined && { meta }),
    created_at: now,
  };
  await ctx.db.insert("credit_ledger", row);
  if (account === null) await ctx.db.insert("credit_accounts", { ...totals, user_id: userId, updated_at: now });
  else await ctx.db.patch("credit_accounts", account._id, { ...totals, updated_at: now });
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
