import { MAX_USAGE_DAYS, microUsd, type UsageEvent, type UsageGroup, type UsageSummary } from "@oa/contract";
import type { Doc } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { apiError } from "../lib/errors.ts";
import { groupLines, lineOfCall, type Sums } from "../lib/usageSums.ts";
import { daysSpanned } from "../lib/utcDays.ts";
import { positionOf } from "./jobCursors.ts";
import { ROLL_UP } from "./usageDaily.ts";

/** What a user has used, as it is shown. */

/** Rows of days one summary reads: far below what a transaction may. */
const MAX_DAY_ROWS = 8000;
/** Calls that are not rolled up yet: a minute's, at the rate a user is held to, and a margin. */
const MAX_TAIL_EVENTS = 2000;
/** By how much `created_at`, which the index is ordered by, may differ from the time the roll-up goes by. */
const CLOCK_MARGIN_MS = 60_000;

/**
 * Sums by day, model or key, from the first to the last day (UTC, both counted), the calls of the last minute too. Refused with
 * `invalid_request` for days out of order, more than `MAX_USAGE_DAYS`, and more rows than one answer can be made of.
 */
export async function usageSummaryOf(
  ctx: QueryCtx,
  userId: string,
  { group, from, to }: { group: UsageGroup; from: string; to: string },
): Promise<UsageSummary> {
  const days = daysSpanned(from, to);
  if (!(days >= 1 && days <= MAX_USAGE_DAYS)) {
    throw apiError("invalid_request", `Ask for 1 to ${MAX_USAGE_DAYS} days, the earlier one first.`, { from, to });
  }
  const rows = await ctx.db
    .query("usage_daily")
    .withIndex("by_user_id_day", (q) => q.eq("user_id", userId).gte("day", from).lte("day", to))
    .take(MAX_DAY_ROWS + 1);
  if (rows.length > MAX_DAY_ROWS) {
    throw apiError(
      "invalid_request",
      "That is more usage than one summary can hold. Ask for fewer days, or export it.",
    );
  }
  const tail = await tailOf(ctx, userId);
  const fresh = tail.events.map(lineOfCall).filter(({ day }) => day >= from && day <= to);
  const { items, total } = groupLines([...rows, ...fresh], group);
  const names =
    group === "key"
      ? await keyNamesOf(
          ctx,
          items.map((item) => item.group),
        )
      : new Map<string, string>();
  return {
    from,
    to,
    ...(tail.until !== null && { as_of: tail.until }),
    items: items.map(({ group: name, sums }) => itemView(name, names.get(name), sums)),
    total: sumsView(total),
  };
}

function itemView(group: string, name: string | undefined, sums: Sums): UsageSummary["items"][number] {
  return { group, label: name ?? (group === "" ? NO_KEY_LABEL : group), ...sumsView(sums) };
}

function sumsView(sums: Sums): UsageSummary["total"] {
  return { ...sums, cost_microusd: microUsd(sums.cost_microusd) };
}

/** What calls without a provisioned key are listed under. */
const NO_KEY_LABEL = "Editor and browser";

/** How many calls a user's list has. */
export async function usageTotalOf(ctx: QueryCtx, counted: number, userId: string): Promise<number> {
  return counted + (await tailOf(ctx, userId)).events.length;
}

/**
 * Calls the roll-up has not come to, oldest first. `until` is null where these are all; else there are more, and what is made of
 * these is true up to that time.
 */
async function tailOf(ctx: QueryCtx, userId: string): Promise<{ events: Doc<"usage_events">[]; until: number | null }> {
  const position = await positionOf(ctx, ROLL_UP);
  const found = await ctx.db
    .query("usage_events")
    .withIndex("by_user_id_created_at", (q) => q.eq("user_id", userId).gt("created_at", position - CLOCK_MARGIN_MS))
    .take(MAX_TAIL_EVENTS);
  const until = found.length === MAX_TAIL_EVENTS ? (found.at(-1)?.created_at ?? null) : null;
  return { events: found.filter(({ _creationTime }) => _creationTime > position), until };
}

/** Names of keys by their ids, revoked ones too. */
export async function keyNamesOf(
  ctx: QueryCtx,
  keyIds: readonly (string | null | undefined)[],
): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  for (const keyId of new Set(keyIds)) {
    if (keyId === null || keyId === undefined || keyId === "") continue;
    const key = await ctx.db
      .query("provisioned_keys")
      .withIndex("by_key_id", (q) => q.eq("key_id", keyId))
      .unique();
    if (key !== null) names.set(keyId, key.name);
  }
  return names;
}

/** Events as their owner sees them. */
export async function usageEventViews(ctx: QueryCtx, events: readonly Doc<"usage_events">[]): Promise<UsageEvent[]> {
  const names = await keyNamesOf(
    ctx,
    events.map(({ key_id }) => key_id),
  );
  return events.map((event) => ({
    hold_id: event.hold_id,
    endpoint: event.endpoint,
    model: event.model,
    key: event.key_id === null ? null : { hash: event.key_id, name: names.get(event.key_id) ?? event.key_id },
    usage: event.usage,
    usage_source: event.usage_source,
    outcome: event.outcome,
    cost_microusd: microUsd(event.cost_microusd),
    held_microusd: microUsd(event.held_microusd),
    price_version: event.price_version,
    latency_ms: event.latency_ms,
    first_byte_ms: event.first_byte_ms,
    created_at: event.created_at,
  }));
}
