import type { MutationCtx, QueryCtx } from "../_generated/server.js";

/**
 * Holds that were given up before they were taken: the only writer of `forgone_holds`. An authorize whose answer was lost may be on
 * its way still when its caller has gone; nobody would be there to end what it takes.
 */

/** Whether a hold was given up before it was taken. */
export async function isForgone(ctx: QueryCtx, holdId: string): Promise<boolean> {
  const mark = await ctx.db
    .query("forgone_holds")
    .withIndex("by_hold_id", (q) => q.eq("hold_id", holdId))
    .first();
  return mark !== null;
}

/** Gives up a hold that nobody has taken. */
export async function forgo(ctx: MutationCtx, holdId: string, now: number): Promise<void> {
  if (await isForgone(ctx, holdId)) return;
  await ctx.db.insert("forgone_holds", { hold_id: holdId, created_at: now });
}
