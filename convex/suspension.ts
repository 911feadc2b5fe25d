import { v } from "convex/values";
import { internal } from "./_generated/api.js";
import { internalMutation } from "./_generated/server.js";
import { checkSuspension } from "./model/suspension.ts";

/** OpenClaws that run on credits, and their owners who have none. */

/** Looks at one user; see `model/suspension.ts`. */
export const check = internalMutation({
  args: { user_id: v.string() },
  handler: async (ctx, args): Promise<null> => {
    await checkSuspension(ctx, args.user_id);
    return null;
  },
});

/** Users one sweep takes; what is left is found by the next. */
const SWEEP_ROWS = 100;
/** A user whose check is on its way is not taken again before. */
const IN_HAND_MS = 10 * 60 * 1000;

/** Finds by index whose grace is over, and has each looked at in a transaction of its own. */
export const sweep = internalMutation({
  args: {},
  handler: async (ctx): Promise<{ due: number }> => {
    const now = Date.now();
    const due = await ctx.db
      .query("empty_balances")
      .withIndex("by_due_at", (q) => q.lte("due_at", now))
      .take(SWEEP_ROWS);
    for (const row of due) {
      await ctx.db.patch("empty_balances", row._id, { due_at: now + IN_HAND_MS });
      await ctx.scheduler.runAfter(0, internal.suspension.check, { user_id: row.user_id });
    }
    return { due: due.length };
  },
});
