import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { foldLines, lineOfCall, negated, type UsageLine } from "../lib/usageSums.ts";
import { positionOf } from "./jobCursors.ts";

/** Sums of usage by day: the only writer of `usage_daily` and `usage_counts`, and who corrects a usage event that is counted. */

/** Name of the roll-up's cursor over `usage_events`. */
export const ROLL_UP = "usage_daily";

/** Adds calls to the days they count in; one read and one write for each row of a day, however many calls. */
export async function addToDays(ctx: MutationCtx, lines: readonly UsageLine[]): Promise<void> {
  for (const line of foldLines(lines)) {
    const before = await ctx.db
      .query("usage_daily")
      .withIndex("by_user_id_day", (q) =>
        q.eq("user_id", line.user_id).eq("day", line.day).eq("key_id", line.key_id).eq("model", line.model),
      )
      .unique();
    if (before === null) {
      await ctx.db.insert("usage_daily", line);
      continue;
    }
    await ctx.db.patch("usage_daily", before._id, {
      requests: before.requests + line.requests,
      input_tokens: before.input_tokens + line.input_tokens,
      cached_tokens: before.cached_tokens + line.cached_tokens,
      output_tokens: before.output_tokens + line.output_tokens,
      cost_microusd: before.cost_microusd + line.cost_microusd,
    });
  }
}

/** Counts events that were taken up (or, negative, deleted). */
export async function addToUsageCount(ctx: MutationCtx, userId: string, events: number): Promise<void> {
  const before = await usageCountOf(ctx, userId);
  if (before === null) await ctx.db.insert("usage_counts", { user_id: userId, events: Math.max(0, events) });
  else await ctx.db.patch("usage_counts", before._id, { events: Math.max(0, before.events + events) });
}

/** Events of a user that the roll-up has counted; null before the first. */
export async function usageCountOf(ctx: QueryCtx, userId: string): Promise<Doc<"usage_counts"> | null> {
  return await ctx.db
    .query("usage_counts")
    .withIndex("by_user_id", (q) => q.eq("user_id", userId))
    .unique();
}

/** What a late settlement says otherwise than the expiry did. */
export type UsageCorrection = Pick<
  Doc<"usage_events">,
  "usage" | "usage_source" | "outcome" | "cost_microusd" | "latency_ms" | "first_byte_ms"
> &
  Partial<Pick<Doc<"usage_events">, "upstream_cost_usd">>;

/**
 * Changes a usage event to what was learnt late. Where the roll-up has counted it already, its day moves by the difference;
 * where it has not, it will count what stands here now. Both in this mutation, so that nothing is lost or counted twice.
 */
export async function correctUsage(
  ctx: MutationCtx,
  event: Doc<"usage_events">,
  correction: UsageCorrection,
): Promise<void> {
  await ctx.db.patch("usage_events", event._id, correction);
  if (event._creationTime > (await positionOf(ctx, ROLL_UP))) return;
  await addToDays(ctx, [negated(lineOfCall(event)), lineOfCall({ ...event, ...correction })]);
}
