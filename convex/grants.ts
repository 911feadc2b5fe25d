import { v } from "convex/values";
import { internal } from "./_generated/api.js";
import { internalMutation } from "./_generated/server.js";
import { creditSettings } from "./lib/creditSettings.ts";
import { monthOf, monthStart } from "./lib/utcDays.ts";
import { grantMonth, lapse, monthlyKey } from "./model/grants.ts";
import { dropPosition, positionOf, setPosition, wholePage } from "./model/jobCursors.ts";

/** Credit that is given every month, and what lapses of it. Each user is dealt with in a transaction of their own. */

/** Users or grants one run deals out to. */
const PAGE_ROWS = 100;
const MONTHLY = "monthly_grants:";

/**
 * Gives this month's credit (`MONTHLY_GRANT_USD`; not set: none) to everyone who was there when the month began. Goes on where
 * it was, so that a run that was lost costs nobody their grant, and the same day's second run gives nothing.
 */
export const grantMonthly = internalMutation({
  args: {},
  handler: async (ctx): Promise<{ users: number }> => {
    if (creditSettings(process.env).monthlyGrant === null) return { users: 0 };
    const period = monthOf(Date.now());
    const begin = monthStart(period);
    await dropPosition(ctx, MONTHLY + monthOf(begin - 1));
    const position = await positionOf(ctx, MONTHLY + period);
    const { page, full } = await wholePage({
      next: await ctx.db
        .query("users")
        .withIndex("by_creation_time", (q) => q.gt("_creationTime", position).lt("_creationTime", begin))
        .take(PAGE_ROWS),
      asked: PAGE_ROWS,
      at: async (time) =>
        await ctx.db
          .query("users")
          .withIndex("by_creation_time", (q) => q.eq("_creationTime", time))
          .collect(),
    });
    for (const user of page) await ctx.scheduler.runAfter(0, internal.grants.grantOne, { user_id: user._id, period });
    const last = page.at(-1);
    if (last !== undefined) await setPosition(ctx, MONTHLY + period, last._creationTime);
    if (full) await ctx.scheduler.runAfter(0, internal.grants.grantMonthly, {});
    return { users: page.length };
  },
});

/** One user's grant of one month; nothing where they have it, whatever its amount was. */
export const grantOne = internalMutation({
  args: { user_id: v.string(), period: v.string() },
  handler: async (ctx, args): Promise<null> => {
    const { monthlyGrant } = creditSettings(process.env);
    const given = await ctx.db
      .query("credit_ledger")
      .withIndex("by_user_id_idempotency_key", (q) =>
        q.eq("user_id", args.user_id).eq("idempotency_key", monthlyKey(args.user_id, args.period)),
      )
      .unique();
    if (given === null && monthlyGrant !== null) await grantMonth(ctx, args.user_id, args.period, monthlyGrant);
    return null;
  },
});

/** Finds by index the grants whose time is over, page by page. */
export const lapseDue = internalMutation({
  args: {
    /** Of the page before: where it ended, and what it took for due. A cursor is good for one question only. */
    after: v.optional(v.object({ cursor: v.string(), before: v.number() })),
  },
  handler: async (ctx, { after }): Promise<{ due: number }> => {
    const before = after?.before ?? Date.now();
    const found = await ctx.db
      .query("credit_grants")
      .withIndex("by_expired_at_expires_at", (q) =>
        q.eq("expired_at", undefined).gte("expires_at", 0).lte("expires_at", before),
      )
      .paginate({ cursor: after?.cursor ?? null, numItems: PAGE_ROWS });
    for (const grant of found.page) await ctx.scheduler.runAfter(0, internal.grants.lapseOne, { grant_id: grant._id });
    if (!found.isDone) {
      const next = { cursor: found.continueCursor, before };
      await ctx.scheduler.runAfter(0, internal.grants.lapseDue, { after: next });
    }
    return { due: found.page.length };
  },
});

/** Takes back what was not spent of one grant; see `model/grants.ts`. */
export const lapseOne = internalMutation({
  args: { grant_id: v.id("credit_grants") },
  handler: async (ctx, args): Promise<{ taken_microusd: number }> => {
    const grant = await ctx.db.get("credit_grants", args.grant_id);
    return { taken_microusd: grant === null ? 0 : await lapse(ctx, grant) };
  },
});
