import { type KeyModelUsage, microUsd, type ProvisionedKey, type ProvisionedKeyInfo } from "@oa/contract";
import type * as z from "zod";
import type { QueryCtx } from "../_generated/server.js";
import { windowAt } from "../lib/spendWindows.ts";
import { dayOf, monthOf, monthStart } from "../lib/utcDays.ts";
import { groupLines, lineOfCall } from "../lib/usageSums.ts";
import { positionOf } from "./jobCursors.ts";
import { spentIn } from "./keyWindows.ts";
import type { KeyRow } from "./provisionedKeys.ts";
import { ROLL_UP } from "./usageDaily.ts";

/** Keys as their owner sees them. */

/** Rows of days read for one key's month: thirty-one days of far more models than one key calls. */
const MAX_DAY_ROWS = 4000;
/** Calls of one key that are not rolled up yet: a minute's, at the rate a key is held to, and a margin. */
const MAX_TAIL_EVENTS = 1000;
/** By how much `created_at`, which the index is ordered by, may differ from the time the roll-up goes by. */
const CLOCK_MARGIN_MS = 60_000;

/** A key with what it has spent in all and in the present day, week and month: four documents, however much it was used. */
export async function keyView(ctx: QueryCtx, key: KeyRow, now: number): Promise<ProvisionedKey> {
  const all = await spentIn(ctx, key.key_id, "all", now);
  const [day, week, month] = [
    await spentIn(ctx, key.key_id, "daily", now),
    await spentIn(ctx, key.key_id, "weekly", now),
    await spentIn(ctx, key.key_id, "monthly", now),
  ];
  return {
    hash: key.key_id,
    name: key.name,
    prefix: key.prefix,
    instance_id: key.instance_id ?? null,
    credit_limit_microusd: key.credit_limit_microusd === null ? null : microUsd(key.credit_limit_microusd),
    limit_reset: key.limit_reset,
    disabled: key.disabled,
    created_at: key.created_at,
    last_used_at: key.last_used_at ?? null,
    expires_at: key.expires_at ?? null,
    rotated_at: key.rotated_at ?? null,
    revoked_at: key.revoked_at ?? null,
    usage_microusd: microUsd(all.posted),
    usage_daily_microusd: microUsd(day.posted),
    usage_weekly_microusd: microUsd(week.posted),
    usage_monthly_microusd: microUsd(month.posted),
    usage_day: dayOf(now),
    held_microusd: microUsd(all.held),
    requests_count: all.requests,
    resets_at: key.limit_reset === null ? null : windowAt(key.limit_reset, now).endsAt,
  };
}

/** A key with what it has spent on each model in the present month (UTC), dearest first. */
export async function keyInfo(ctx: QueryCtx, key: KeyRow, now: number): Promise<ProvisionedKeyInfo> {
  return { ...(await keyView(ctx, key, now)), model_usage: await modelUsageOf(ctx, key.key_id, now) };
}

/** The month's rolled-up days, and the calls that are not rolled up yet. */
async function modelUsageOf(ctx: QueryCtx, keyId: string, now: number): Promise<z.infer<typeof KeyModelUsage>[]> {
  const first = dayOf(monthStart(monthOf(now)));
  const days = await ctx.db
    .query("usage_daily")
    .withIndex("by_key_id_day", (q) => q.eq("key_id", keyId).gte("day", first))
    .take(MAX_DAY_ROWS);
  const position = await positionOf(ctx, ROLL_UP);
  const tail = await ctx.db
    .query("usage_events")
    .withIndex("by_key_id_created_at", (q) => q.eq("key_id", keyId).gt("created_at", position - CLOCK_MARGIN_MS))
    .take(MAX_TAIL_EVENTS);
  const fresh = tail.filter(({ _creationTime, day }) => _creationTime > position && day >= first).map(lineOfCall);
  return groupLines([...days, ...fresh], "model").items.map(({ group, sums }) => ({
    model: group,
    requests: sums.requests,
    tokens: sums.input_tokens + sums.output_tokens,
    cost_microusd: microUsd(sums.cost_microusd),
  }));
}
