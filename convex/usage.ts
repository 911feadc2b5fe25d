import { type ModelPrice, UsageGroup, type UsageEvent, type UsageSummary } from "@oa/contract";
import { paginationOptsValidator, type PaginationResult } from "convex/server";
import { v } from "convex/values";
import type { Doc } from "./_generated/dataModel.js";
import { internalQuery, query, type QueryCtx } from "./_generated/server.js";
import { requireUser } from "./lib/access.ts";
import { apiError } from "./lib/errors.ts";
import { pageOf } from "./lib/paging.ts";
import { exportPageOf, exportRange } from "./lib/exports.ts";
import { usageCountOf } from "./model/usageDaily.ts";
import { usageEventViews, usageSummaryOf, usageTotalOf } from "./model/usageRead.ts";

/** What was used: sums and single calls, for the page and for the control plane. */

const asked = {
  group: v.union(...UsageGroup.options.map((group) => v.literal(group))),
  /** UTC days, both counted; at most `MAX_USAGE_DAYS`. */
  from: v.string(),
  to: v.string(),
};

/** Sums of the signed-in user's calls, the last minute's too. */
export const mySummary = query({
  args: asked,
  handler: async (ctx, args): Promise<UsageSummary> => {
    const user = await requireUser(ctx);
    return await usageSummaryOf(ctx, user._id, args);
  },
});

/** The same for the control plane. */
export const summaryOf = internalQuery({
  args: { user_id: v.string(), ...asked },
  handler: async (ctx, { user_id, ...args }): Promise<UsageSummary> => await usageSummaryOf(ctx, user_id, args),
});

/** The signed-in user's calls, newest first; with `key`, those made with it (`not_found` where it is not theirs). */
export const myEvents = query({
  args: { paginationOpts: paginationOptsValidator, key: v.union(v.string(), v.null()) },
  handler: async (ctx, { paginationOpts, key }): Promise<PaginationResult<UsageEvent>> => {
    const user = await requireUser(ctx);
    if (key !== null) await requireKey(ctx, user._id, key);
    const rows = await eventsOf(ctx, user._id, key, exportRange({})).order("desc").paginate(pageOf(paginationOpts));
    return { ...rows, page: await usageEventViews(ctx, rows.page) };
  },
});

/** Why a call was charged what it was. */
export interface MyCall {
  event: UsageEvent;
  /** The price it was let through with; null where it is no longer kept. */
  price: ModelPrice | null;
}

/** One call of the signed-in user; null where it is not theirs, or no longer kept. */
export const myCall = query({
  args: { hold_id: v.string() },
  handler: async (ctx, args): Promise<MyCall | null> => {
    const user = await requireUser(ctx);
    const event = await ctx.db
      .query("usage_events")
      .withIndex("by_hold_id", (q) => q.eq("hold_id", args.hold_id))
      .unique();
    if (event === null || event.user_id !== user._id) return null;
    const hold = await ctx.db
      .query("credit_holds")
      .withIndex("by_hold_id", (q) => q.eq("hold_id", args.hold_id))
      .unique();
    const [view] = await usageEventViews(ctx, [event]);
    return view === undefined ? null : { event: view, price: hold?.price ?? null };
  },
});

/** A stretch of a user's calls, newest first, and how many there are. Reads `offset + limit` rows. */
export const eventsByOffset = internalQuery({
  args: { user_id: v.string(), limit: v.number(), offset: v.number() },
  handler: async (ctx, args): Promise<{ events: UsageEvent[]; total: number }> => {
    const count = await usageCountOf(ctx, args.user_id);
    const rows = await eventsOf(ctx, args.user_id, null, exportRange({}))
      .order("desc")
      .take(args.offset + args.limit);
    return {
      events: await usageEventViews(ctx, rows.slice(args.offset)),
      total: await usageTotalOf(ctx, count?.events ?? 0, args.user_id),
    };
  },
});

/** One page of a user's calls, oldest first; with `key`, those made with it (`not_found` where it is not theirs). */
export const exportPage = internalQuery({
  args: {
    user_id: v.string(),
    key: v.optional(v.string()),
    cursor: v.optional(v.string()),
    from: v.optional(v.string()),
    to: v.optional(v.string()),
  },
  handler: async (ctx, args): Promise<{ events: UsageEvent[]; cursor: string | null }> => {
    if (args.key !== undefined) await requireKey(ctx, args.user_id, args.key);
    const rows = await eventsOf(ctx, args.user_id, args.key ?? null, exportRange(args)).paginate(exportPageOf(args));
    return {
      events: await usageEventViews(ctx, rows.page),
      cursor: rows.isDone ? null : rows.continueCursor,
    };
  },
});

function eventsOf(ctx: QueryCtx, userId: string, key: string | null, { start, end }: { start: number; end: number }) {
  const events = ctx.db.query("usage_events");
  return key === null
    ? events.withIndex("by_user_id_created_at", (q) =>
        q.eq("user_id", userId).gte("created_at", start).lt("created_at", end),
      )
    : events.withIndex("by_key_id_created_at", (q) =>
        q.eq("key_id", key).gte("created_at", start).lt("created_at", end),
      );
}

async function requireKey(ctx: QueryCtx, userId: string, keyId: string): Promise<Doc<"provisioned_keys">> {
  const key = await ctx.db
    .query("provisioned_keys")
    .withIndex("by_key_id", (q) => q.eq("key_id", keyId))
    .unique();
  if (key === null || key.user_id !== userId) throw apiError("not_found", "You have no key with this hash.");
  return key;
}
