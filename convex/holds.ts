import { type BatchResult, type CreditOp, type CreditOpResult, type CreditStanding, microUsd } from "@oa/contract";
import { v } from "convex/values";
import type * as z from "zod";
import { internal } from "./_generated/api.js";
import { internalMutation, internalQuery, type MutationCtx } from "./_generated/server.js";
import { creditOp } from "./lib/creditValidators.ts";
import { errorBodyOf } from "./lib/errors.ts";
import { refusal } from "./lib/holdRules.ts";
import { availableOf, totalsOf } from "./lib/ledgerRules.ts";
import { authorize, expireHold, progress, settle, voidHold } from "./model/holds.ts";
import { accountOf, closeAccount, openAccount, type OpenAccount } from "./model/ledger.ts";
import { type AttemptMeter, closeMeter, openMeter } from "./model/limits.ts";
import { livingKeys } from "./model/provisionedKeys.ts";

/**
 * Several operations of one user in one serializable mutation: the account is read once and written once, so calls of a user do not
 * fight over it. What one operation is refused touches no other.
 */
export const applyBatch = internalMutation({
  args: { user_id: v.string(), ops: v.array(creditOp) },
  handler: async (ctx, args): Promise<z.infer<typeof BatchResult>> => {
    const now = Date.now();
    const account = await openAccount(ctx, args.user_id, now);
    const meter = openMeter(now);
    const results: CreditOpResult[] = [];
    for (const op of args.ops) results.push(await apply(ctx, account, meter, op));
    await closeMeter(ctx, meter);
    await closeAccount(ctx, account);
    return { results };
  },
});

async function apply(
  ctx: MutationCtx,
  account: OpenAccount,
  meter: AttemptMeter,
  op: CreditOp,
): Promise<CreditOpResult> {
  switch (op.op) {
    case "authorize":
      try {
        return await authorize(ctx, account, meter, op);
      } catch (error) {
        // Prices that cannot be read stop new calls, and must not stop the settlement of those that were let through.
        const known = errorBodyOf(error);
        if (known?.code !== "not_configured") throw error;
        return refusal("model_not_found", known.message, availableOf(account.totals));
      }
    case "settle":
      return await settle(ctx, account, op);
    case "void":
      return await voidHold(ctx, account, op);
    case "progress":
      return await progress(ctx, account, op);
  }
}

/** Holds one run looks at. */
const EXPIRE_ROWS = 100;

/**
 * Finds the holds whose time is over and has them ended, each user's in a transaction of their own: one who is busy, or whose rows
 * are wrong, stands in nobody else's way. Goes on at once while there are more.
 */
export const expire = internalMutation({
  args: {
    /** Ends what is over at this time; without it, now. */
    now: v.optional(v.number()),
    cursor: v.optional(v.string()),
  },
  handler: async (ctx, args): Promise<{ due: number }> => {
    const now = args.now ?? Date.now();
    const due = await ctx.db
      .query("credit_holds")
      .withIndex("by_state_expires_at", (q) => q.eq("state", "open").lte("expires_at", now))
      .paginate({ numItems: EXPIRE_ROWS, cursor: args.cursor ?? null });
    for (const user_id of new Set(due.page.map((hold) => hold.user_id))) {
      await ctx.scheduler.runAfter(0, internal.holds.expireOf, { user_id, now });
    }
    if (!due.isDone) await ctx.scheduler.runAfter(0, internal.holds.expire, { now, cursor: due.continueCursor });
    return { due: due.page.length };
  },
});

/** Ends those of a user's holds whose time is over. There are never more open than `MAX_OPEN_HOLDS`. */
export const expireOf = internalMutation({
  args: { user_id: v.string(), now: v.number() },
  handler: async (ctx, args): Promise<{ expired: number }> => {
    const open = await ctx.db
      .query("credit_holds")
      .withIndex("by_user_id_state", (q) => q.eq("user_id", args.user_id).eq("state", "open"))
      .collect();
    const over = open.filter(({ expires_at }) => expires_at <= args.now);
    const account = await openAccount(ctx, args.user_id, Date.now());
    for (const hold of over) await expireHold(ctx, account, hold);
    await closeAccount(ctx, account);
    return { expired: over.length };
  },
});

/** What clients show of an account: its one document, and how many living keys there are. */
export const standing = internalQuery({
  args: { user_id: v.string() },
  handler: async (ctx, args): Promise<z.infer<typeof CreditStanding>> => {
    const totals = totalsOf(await accountOf(ctx, args.user_id));
    return {
      status: totals.status,
      posted_microusd: microUsd(totals.posted_microusd),
      held_microusd: microUsd(totals.held_microusd),
      available_microusd: microUsd(availableOf(totals)),
      lifetime_credit_microusd: microUsd(totals.lifetime_credit_microusd),
      lifetime_debit_microusd: microUsd(totals.lifetime_debit_microusd),
      keys_count: (await livingKeys(ctx, args.user_id)).length,
    };
  },
});
