import { internal } from "../_generated/api.js";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { apiError } from "../lib/errors.ts";
import { EMPTY_BELOW_MICROUSD } from "../lib/creditSettings.ts";
import type { SuspensionPlan } from "../lib/suspensionPlan.ts";
import { accountOf } from "./ledger.ts";
import { userById } from "./users.ts";

/** Since when a user whose OpenClaw runs on credits has had none: the only writer of `empty_balances`. */

export async function emptyBalanceOf(ctx: QueryCtx, userId: string): Promise<Doc<"empty_balances"> | null> {
  return await ctx.db
    .query("empty_balances")
    .withIndex("by_user_id", (q) => q.eq("user_id", userId))
    .unique();
}

/** Writes the watch as it was planned, or deletes it. */
export async function keepEmptyBalance(
  ctx: MutationCtx,
  userId: string,
  before: Doc<"empty_balances"> | null,
  watch: SuspensionPlan["watch"],
): Promise<void> {
  if (watch === null) {
    if (before !== null) await ctx.db.delete("empty_balances", before._id);
  } else if (before === null) {
    await ctx.db.insert("empty_balances", { user_id: userId, ...watch });
  } else if (before.due_at !== watch.due_at) {
    await ctx.db.patch("empty_balances", before._id, watch);
  }
}

/** True where a balance pays for nothing. Users of a trusted service that never gave them credit are that service's to pay for. */
export async function isEmpty(ctx: QueryCtx, userId: string): Promise<boolean> {
  const account = await accountOf(ctx, userId);
  if (account === null) return (await userById(ctx, userId)) !== null;
  return account.posted_microusd < EMPTY_BELOW_MICROUSD;
}

/** Refuses with `insufficient_credits` to start what would be put to sleep at once. */
export async function requireCreditToStart(ctx: QueryCtx, userId: string, ownKeys: boolean): Promise<void> {
  if (ownKeys) return;
  const watch = await emptyBalanceOf(ctx, userId);
  if (watch === null || Date.now() < watch.suspend_at || !(await isEmpty(ctx, userId))) return;
  throw apiError(
    "insufficient_credits",
    "There are insufficient credits to start this OpenClaw. Top up, or store a provider key of your own: then it starts by itself.",
  );
}

/** Something happened that may put an OpenClaw to sleep or wake it: it is looked at in a transaction of its own. */
export async function lookAtSuspension(ctx: MutationCtx, userId: string): Promise<void> {
  await ctx.scheduler.runAfter(0, internal.suspension.check, { user_id: userId });
}
