import type { InstanceStatus } from "@oa/contract";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { apiError } from "../lib/errors.ts";
import { erasedColumns, versionOf } from "../lib/secretColumns.ts";
import { arrow } from "../lib/transitions.ts";
import { endTimetable, followStatus } from "./drives.ts";
import { observationOf, stepsOf } from "./instances.ts";
import { endInstanceKey } from "./provisionedKeys.ts";

type InstanceRow = Doc<"openclaw_instances">;

/**
 * The one place where a reported status is written, whoever reports it (the reconciler, a drive's outcome, a fleet's event,
 * a passed deadline); claims write the statuses that are wished. What belongs to a status happens with it, in the same
 * mutation: `last_ready_at` on `ready`, the deadline, the erasure on `deleted`.
 *
 * The same status again only brings its reason up to date. Refuses with `invalid_transition` where the table has no such
 * arrow, and with `runtime_not_ready` a `ready` without a service token or an address.
 */
export async function reportStatus(
  ctx: MutationCtx,
  row: InstanceRow,
  next: { status: InstanceStatus; reason: string | null },
): Promise<InstanceRow> {
  if (next.status === row.status) {
    if ((row.reason ?? null) === next.reason) return row;
    return await patchRow(ctx, row, { reason: next.reason ?? undefined });
  }
  if (arrow(row.status, next.status) !== "report") throw refusal(row.status, next.status);
  const missing = next.status === "ready" ? missingForReady(row) : null;
  if (missing !== null) throw apiError("runtime_not_ready", missing);

  const changed = await patchRow(ctx, row, {
    status: next.status,
    reason: next.reason ?? undefined,
    ...(next.status === "ready" && { last_ready_at: Date.now() }),
  });
  if (next.status === "deleted") return await erase(ctx, changed);
  await followStatus(ctx, changed);
  if (next.status === "ready") await closeSteps(ctx, changed, "done", null);
  if (next.status === "error") await closeSteps(ctx, changed, "failed", next.reason);
  return changed;
}

/** What a row lacks to be `ready`, for people; null where it lacks nothing. */
export function missingForReady(row: InstanceRow): string | null {
  if (row.service_token_encrypted === undefined) return "The runtime has no service token yet.";
  if (row.runtime_url === undefined) return "The runtime has no address yet.";
  return null;
}

type Fields = Omit<InstanceRow, "_id" | "_creationTime">;

/** Fields to write; undefined removes an optional one. */
export type RowPatch = {
  [Name in keyof Fields]?: undefined extends Fields[Name] ? Fields[Name] | undefined : Fields[Name];
};

/** Writes fields and `updated_at`, and gives the row as it is then. */
export async function patchRow(ctx: MutationCtx, row: InstanceRow, patch: RowPatch): Promise<InstanceRow> {
  await ctx.db.patch("openclaw_instances", row._id, { ...patch, updated_at: Date.now() });
  const patched = await ctx.db.get("openclaw_instances", row._id);
  if (patched === null) throw apiError("internal", "The row that was just written cannot be read.");
  return patched;
}

function refusal(from: InstanceStatus, to: InstanceStatus) {
  const wished = arrow(from, to) === "wish";
  return apiError(
    "invalid_transition",
    wished
      ? `An instance becomes ${to} because its owner wishes it: claim it instead of setting the status.`
      : `An instance that is ${from} cannot become ${to}.`,
    { from, to },
  );
}

/**
 * Only what tells that there was an instance is kept: no secret, no address, no outside id. Except the place of a runtime that
 * someone else runs: no deletion of ours empties it, so it is nobody else's until its operator says so (`releaseRuntime`).
 */
async function erase(ctx: MutationCtx, row: InstanceRow): Promise<InstanceRow> {
  await endTimetable(ctx, row.instance_id);
  await endInstanceKey(ctx, row.instance_id);
  const observation = await observationOf(ctx, row.instance_id);
  if (observation !== null) await ctx.db.delete("instance_observations", observation._id);
  return await patchRow(ctx, row, {
    ...erasedColumns("service_token", versionOf(row, "service_token")),
    ...erasedColumns("provider_keys", versionOf(row, "provider_keys")),
    ...erasedColumns("inference_key", versionOf(row, "inference_key")),
    provider_key_hints: undefined,
    runtime_url: undefined,
    ...(isMadeForIt(row) && { runtime_place: undefined }),
    gateway_url: undefined,
    runtime_name: undefined,
    version: undefined,
    cf_account_id: undefined,
    cf_worker_name: undefined,
    cf_worker_id: undefined,
    cf_container_app_id: undefined,
    cf_container_app_name: undefined,
    r2_bucket_name: undefined,
  });
}

/** A fleet of ours runs each instance at an address with its id in it, and removes what is there with it. */
function isMadeForIt({ runtime_place, instance_id }: InstanceRow): boolean {
  return runtime_place?.split("/").includes(instance_id) ?? true;
}

/** A stepper must not go on turning under a row that has arrived or failed. */
async function closeSteps(
  ctx: MutationCtx,
  row: InstanceRow,
  state: "done" | "failed",
  detail: string | null,
): Promise<void> {
  const now = Date.now();
  for (const step of await stepsOf(ctx, row)) {
    const open = step.state === "running" || (state === "done" && step.name === "ready" && step.state !== "done");
    if (!open) continue;
    await ctx.db.patch("instance_steps", step._id, {
      state,
      detail: detail ?? undefined,
      started_at: step.started_at ?? now,
      finished_at: now,
    });
  }
}
