import { STEP_NAMES, type ControlInstance, type InstanceStep, type InstanceSummary } from "@oa/contract";
import type { Doc } from "../_generated/dataModel.js";
import { sealedOf, versionOf } from "./secretColumns.ts";

type InstanceRow = Doc<"openclaw_instances">;
type StepRow = Doc<"instance_steps">;

/**
 * The steps of one generation in the order a person sees them. A generation without any (a stop, a deletion) has an
 * empty list; otherwise each step that has not been reached is `pending`.
 */
export function stepsView(rows: readonly StepRow[]): InstanceStep[] {
  if (rows.length === 0) return [];
  const byName = new Map(rows.map((row) => [row.name, row]));
  return STEP_NAMES.map((name) => {
    const row = byName.get(name);
    return {
      name,
      state: row?.state ?? "pending",
      detail: row?.detail ?? null,
      started_at: row?.started_at ?? null,
      finished_at: row?.finished_at ?? null,
    };
  });
}

/** The owner's view of a row. Fields are named one by one: one that is added later stays out until it is let in. */
export function instanceSummary(row: InstanceRow, steps: readonly StepRow[]): InstanceSummary {
  return {
    instance_id: row.instance_id,
    status: row.status,
    desired: row.desired,
    generation: row.generation,
    runtime_name: row.runtime_name ?? null,
    version: row.version ?? null,
    reason: row.reason ?? null,
    steps: stepsView(steps),
    model_source: sealedOf(row, "provider_keys") === null ? "credits" : "own_keys",
    provider_keys: row.provider_key_hints ?? [],
    created_at: row.created_at,
    updated_at: row.updated_at,
    last_ready_at: row.last_ready_at ?? null,
  };
}

/** The seed's helper: the whole row for the control plane's own callers, without its encrypted fields. */
export function sanitizeOpenclawInstance(row: InstanceRow, steps: readonly StepRow[]): ControlInstance {
  return {
    ...instanceSummary(row, steps),
    user_id: row.user_id,
    runtime_url: row.runtime_url ?? null,
    gateway_url: row.gateway_url ?? null,
    cf_account_id: row.cf_account_id ?? null,
    cf_worker_name: row.cf_worker_name ?? null,
    cf_worker_id: row.cf_worker_id ?? null,
    cf_container_app_id: row.cf_container_app_id ?? null,
    cf_container_app_name: row.cf_container_app_name ?? null,
    r2_bucket_name: row.r2_bucket_name ?? null,
    has_service_token: sealedOf(row, "service_token") !== null,
    has_provider_keys: sealedOf(row, "provider_keys") !== null,
    has_inference_key: sealedOf(row, "inference_key") !== null,
    access_version: row.access_version ?? 0,
    secret_versions: {
      service_token: versionOf(row, "service_token"),
      provider_keys: versionOf(row, "provider_keys"),
      inference_key: versionOf(row, "inference_key"),
    },
  };
}
