import { type BillingSummary, microUsd, usdOfMicro } from "@oa/contract";
import type { Doc } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";

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
