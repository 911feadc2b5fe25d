import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { apiError } from "../lib/errors.ts";
import { runtimePlaceOf } from "../lib/runtimeUrl.ts";
import { patchRow } from "./status.ts";

type InstanceRow = Doc<"openclaw_instances">;

/** Fields of the row that describe its runtime. */
const FIELDS = [
  "runtime_url",
  "gateway_url",
  "runtime_name",
  "version",
  "cf_account_id",
  "cf_worker_name",
  "cf_worker_id",
  "cf_container_app_id",
  "cf_container_app_name",
  "r2_bucket_name",
] as const;

/** What to write of them. Left out: stays. Null: cleared. */
export type RuntimeFields = { [Field in (typeof FIELDS)[number]]?: string | null | undefined };

/**
 * Writes what is known of a runtime. An address that another user's row carries is refused with `taken`: one runtime has
 * one owner, whatever the configuration says. An address that must not be dialled is refused with `invalid_request`.
 */
export async function upsertRuntime(ctx: MutationCtx, row: InstanceRow, fields: RuntimeFields): Promise<InstanceRow> {
  const patch: { [Field in (typeof FIELDS)[number] | "runtime_place"]?: string | undefined } = {};
  for (const field of FIELDS) {
    const value = fields[field];
    if (value !== undefined) patch[field] = value ?? undefined;
  }
  if (typeof fields.gateway_url === "string") runtimePlaceOf("gateway_url", fields.gateway_url);
  if (fields.runtime_url === null) patch.runtime_place = undefined;
  if (typeof fields.runtime_url === "string") {
    patch.runtime_place = await claimPlace(ctx, row, runtimePlaceOf("runtime_url", fields.runtime_url));
  }
  return await patchRow(ctx, row, patch);
}

/** Read and write in one serializable mutation, so that of two users who claim a place at once one is refused. */
async function claimPlace(ctx: MutationCtx, row: InstanceRow, place: string): Promise<string> {
  const holder = await ctx.db
    .query("openclaw_instances")
    .withIndex("by_runtime_place", (q) => q.eq("runtime_place", place))
    .first();
  if (holder !== null && holder._id !== row._id) {
    throw apiError("taken", "Another user's OpenClaw runs at this address. Give each instance a runtime of its own.");
  }
  return place;
}
