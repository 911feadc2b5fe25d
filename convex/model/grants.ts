import { type LedgerPosting, type MicroUsd, microUsd } from "@oa/contract";
import { internal } from "../_generated/api.js";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { creditSettings } from "../lib/creditSettings.ts";
import { type GrantFacts, unspentOf } from "../lib/grantLapse.ts";
import { DAY_MS, monthEnd, monthOf } from "../lib/utcDays.ts";
import { raiseAlert } from "./alerts.ts";
import { accountOf, postLedger } from "./ledger.ts";

/** Credit that is given: with its ledger row comes a row that says when what is not spent of it lapses. */

export const SIGNUP_PRIORITY = 20;
/** Spent before the welcome credit, because it lapses sooner. */
const MONTHLY_PRIORITY = 10;

/** The welcome credit: never lapses, unless `SIGNUP_GRANT_DAYS` says when. */
export async function grantSignup(ctx: MutationCtx, userId: string, amount: MicroUsd): Promise<LedgerPosting> {
  const { signupGrantDays } = creditSettings(process.env);
  return await grant(ctx, {
    userId,
    kind: "signup_grant",
    amount,
    idempotencyKey: `signup:${userId}`,
    priority: SIGNUP_PRIORITY,
    ...(signupGrantDays !== null && { expiresAt: Date.now() + signupGrantDays * DAY_MS }),
  });
}

/** Where a month's grant is found again. */
export function monthlyKey(userId: string, period: string): string {
  return `monthly:${userId}:${period}`;
}

/**
 * A month's credit, once. It lapses when the month after begins; where that has begun already, with the present month, so that
 * nothing is given that is gone at once.
 */
export async function grantMonth(
  ctx: MutationCtx,
  userId: string,
  period: string,
  amount: MicroUsd,
): Promise<LedgerPosting> {
  const now = Date.now();
  const end = monthEnd(period);
  return await grant(ctx, {
    userId,
    kind: "monthly_grant",
    amount,
    idempotencyKey: monthlyKey(userId, period),
    meta: { period },
    priority: MONTHLY_PRIORITY,
    expiresAt: end > now ? end : monthEnd(monthOf(now)),
  });
}

interface Grant {
  userId: string;
  kind: "signup_grant" | "monthly_grant";
  amount: MicroUsd;
  idempotencyKey: string;
  meta?: Record<string, string>;
  priority: number;
  expiresAt?: number;
}

async function grant(ctx: MutationCtx, given: Grant): Promise<LedgerPosting> {
  const { userId, kind, amount, idempotencyKey, meta, priority, expiresAt } = given;
  const posting = await postLedger(ctx, { userId, kind, amount, idempotencyKey, meta });
  if (posting.replayed) return posting;
  const account = await accountOf(ctx, userId);
  await ctx.db.insert("credit_grants", {
    user_id: userId,
    kind,
    amount_microusd: amount,
    debit_baseline_microusd: account?.lifetime_debit_microusd ?? 0,
    priority,
    ...(expiresAt !== undefined && { expires_at: expiresAt }),
    created_at: posting.created_at,
  });
  return posting;
}

/** No hold lasts longer: what is kept from lapsing by one is spent or free by then. */
const UNDER_WAY_MS = 60 * 60 * 1000;

/**
 * Takes back what was not spent of a grant whose time is over, once. Never more than what is there, and never what is held: calls
 * under way were let through on it. What they kept from lapsing becomes a grant of its own for an hour, so that nobody keeps a
 * grant by holding all of it at midnight.
 */
export async function lapse(ctx: MutationCtx, grantRow: Doc<"credit_grants">): Promise<MicroUsd> {
  const now = Date.now();
  if (grantRow.expired_at !== undefined || grantRow.expires_at === undefined || grantRow.expires_at > now) {
    return microUsd(0);
  }
  const account = await accountOf(ctx, grantRow.user_id);
  const debit = account?.lifetime_debit_microusd ?? 0;
  const unspent = unspentOf(await factsOf(ctx, grantRow.user_id), grantRow._id, debit);
  const held = account?.held_microusd ?? 0;
  const available = Math.max(0, (account?.posted_microusd ?? 0) - held);
  const amount = microUsd(Math.min(unspent, available));
  await ctx.db.patch("credit_grants", grantRow._id, {
    expired_at: now,
    lapse: { amount_microusd: amount, at_debit_microusd: debit },
  });
  const kept = Math.min(unspent - amount, held);
  if (kept > 0) await keepForAnHour(ctx, grantRow, kept, { debit: debit + amount, now });
  if (amount === 0) return amount;
  await postLedger(ctx, {
    userId: grantRow.user_id,
    kind: "grant_expiry",
    amount: microUsd(0 - amount),
    idempotencyKey: `grant_expiry:${grantRow._id}`,
  });
  await raiseAlert(ctx, {
    userId: grantRow.user_id,
    subject: grantRow._id,
    facts: { kind: "grant_expiry", amount },
  });
  return amount;
}

/** The rest of a grant while calls are under way; `debit`: the account's lifetime debit from which on it is spent. */
async function keepForAnHour(
  ctx: MutationCtx,
  { user_id, kind, priority }: Doc<"credit_grants">,
  amount: number,
  { debit, now }: { debit: number; now: number },
): Promise<void> {
  const expiresAt = now + UNDER_WAY_MS;
  const grant_id = await ctx.db.insert("credit_grants", {
    user_id,
    kind,
    amount_microusd: amount,
    debit_baseline_microusd: debit,
    priority,
    expires_at: expiresAt,
    created_at: now,
  });
  await ctx.scheduler.runAt(expiresAt, internal.grants.lapseOne, { grant_id });
}

/** Grants of a user, lapsed ones too: what they took is not another's to take. One a month, and the welcome credit. */
async function factsOf(ctx: QueryCtx, userId: string): Promise<GrantFacts[]> {
  const rows = await ctx.db
    .query("credit_grants")
    .withIndex("by_user_id", (q) => q.eq("user_id", userId))
    .collect();
  return rows.map((row) => ({
    id: row._id,
    amount: row.amount_microusd,
    baseline: row.debit_baseline_microusd,
    priority: row.priority,
    expiresAt: row.expires_at ?? null,
    createdAt: row.created_at,
    lapse: row.lapse === undefined ? null : { amount: row.lapse.amount_microusd, atDebit: row.lapse.at_debit_microusd },
  }));
}
