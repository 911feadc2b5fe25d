import { v } from "convex/values";
import { internal } from "./_generated/api.js";
import { internalMutation } from "./_generated/server.js";
import { lineOfCall } from "./lib/usageSums.ts";
import { positionOf, setPosition, wholePage } from "./model/jobCursors.ts";
import { addToDays, addToUsageCount, ROLL_UP } from "./model/usageDaily.ts";

/** Events one run takes. */
const PAGE_EVENTS = 256;
/**
 * Events younger than this are left for the next run: a transaction that began earlier may still be about to commit an event with
 * an earlier time, which a cursor that had gone past it would never see. Transactions take a second at most.
 */
const UNSETTLED_MS = 5_000;

/**
 * Takes the settled calls since its last run into the sums of their days, each exactly once, and has the balances and budgets
 * they touched looked at. It reads no account and no window: settlements and it never wait for each other.
 */
export const rollUp = internalMutation({
  args: {
    /** Take what was made before this time; without it, all but the last seconds. */
    before: v.optional(v.number()),
  },
  handler: async (ctx, args): Promise<{ taken: number }> => {
    const before = args.before ?? Date.now() - UNSETTLED_MS;
    const position = await positionOf(ctx, ROLL_UP);
    const { page, full } = await wholePage({
      next: await ctx.db
        .query("usage_events")
        .withIndex("by_creation_time", (q) => q.gt("_creationTime", position).lt("_creationTime", before))
        .take(PAGE_EVENTS),
      asked: PAGE_EVENTS,
      at: async (time) =>
        await ctx.db
          .query("usage_events")
          .withIndex("by_creation_time", (q) => q.eq("_creationTime", time))
          .collect(),
    });
    const last = page.at(-1);
    if (last === undefined) return { taken: 0 };
    await addToDays(ctx, page.map(lineOfCall));
    for (const [userId, events] of Map.groupBy(page, ({ user_id }) => user_id)) {
      await addToUsageCount(ctx, userId, events.length);
      const keys = new Set(events.flatMap(({ key_id }) => key_id ?? []));
      await ctx.scheduler.runAfter(0, internal.alerts.evaluate, { user_id: userId, key_ids: [...keys] });
    }
    await setPosition(ctx, ROLL_UP, last._creationTime);
    if (full) await ctx.scheduler.runAfter(0, internal.usageRollup.rollUp, args);
    return { taken: page.length };
  },
});
