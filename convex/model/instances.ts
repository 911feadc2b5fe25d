import type { ControlInstance, InstanceSummary } from "@oa/contract";
import type { Doc } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { apiError } from "../lib/errors.ts";
import { instanceSummary, sanitizeOpenclawInstance } from "../lib/instanceView.ts";
import { type ObservationView, observationView } from "../lib/observationView.ts";

type InstanceRow = Doc<"openclaw_instances">;

/** The user's row, deleted or not; null where they never had one. */
export async function instanceOfUser(ctx: QueryCtx, userId: string): Promise<InstanceRow | null> {
  return await ctx.db
    .query("openclaw_instances")
    .withIndex("by_user_id", (q) => q.eq("user_id", userId))
    .unique();
}

/** The row of an instance id; null once a claim after a deletion has given the user a new id. */
export async function instanceById(ctx: QueryCtx, instanceId: string): Promise<InstanceRow | null> {
  return await ctx.db
    .query("openclaw_instances")
    .withIndex("by_instance_id", (q) => q.eq("instance_id", instanceId))
    .unique();
}

/** The user's instance, or `no_instance` (404) where there is nothing to act on. */
export async function requireInstance(ctx: QueryCtx, userId: string): Promise<InstanceRow> {
  const row = await instanceOfUser(ctx, userId);
  if (row === null || row.status === "deleted") {
    throw apiError("no_instance", "This user has no OpenClaw. Create one first.");
  }
  return row;
}

/** Refuses with `stale_generation` where the caller decided on another incarnation than the row's. */
export function requireGeneration(row: InstanceRow, generation: number | undefined): void {
  if (generation === undefined || generation === row.generation) return;
  throw apiError("stale_generation", "The instance has moved on since this was decided. Read it again.", {
    given: generation,
    current: row.generation,
  });
}

/** Steps of the row's current generation. */
export async function stepsOf(ctx: QueryCtx, row: InstanceRow): Promise<Doc<"instance_steps">[]> {
  return await ctx.db
    .query("instance_steps")
    .withIndex("by_instance_generation", (q) => q.eq("instance_id", row.instance_id).eq("generation", row.generation))
    .collect();
}

/** The row as its owner may see it. */
export async function summaryOf(ctx: QueryCtx, row: InstanceRow): Promise<InstanceSummary> {
  return instanceSummary(row, await stepsOf(ctx, row));
}

/** The row as the control plane's callers see it. */
export async function controlViewOf(ctx: QueryCtx, row: InstanceRow): Promise<ControlInstance> {
  return sanitizeOpenclawInstance(row, await stepsOf(ctx, row));
}

/** What the fleet last reported of an instance, or null before the first report. */
export async function observationOf(ctx: QueryCtx, instanceId: string): Promise<Doc<"instance_observations"> | null> {
  return await ctx.db
    .query("instance_observations")
    .withIndex("by_instance_id", (q) => q.eq("instance_id", instanceId))
    .unique();
}

/** The last report of a user's instance; null where there is no instance, or no report of its generation yet. */
export async function seenOfUser(ctx: QueryCtx, userId: string): Promise<ObservationView | null> {
  const row = await instanceOfUser(ctx, userId);
  if (row === null || row.status === "deleted") return null;
  const seen = await observationOf(ctx, row.instance_id);
  return seen === null || seen.generation !== row.generation ? null : observationView(seen);
}
