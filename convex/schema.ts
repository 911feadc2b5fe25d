import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { accountTables } from "./lib/accountTables.ts";
import { creditJobTables } from "./lib/creditJobTables.ts";
import { creditTables } from "./lib/creditTables.ts";
import {
  auditResult,
  auditVia,
  desiredState,
  deviceLists,
  gatewayReport,
  jobReport,
  instanceStatus,
  providerKeyHint,
  stepName,
  stepState,
} from "./lib/validators.ts";

/**
 * Every table, who writes its rows and who deletes them. How long each is kept stands in `lib/retention.ts`.
 * Times are milliseconds since 1970; money is integer micro-USD (`_microusd`).
 *
 * Tables are split by writer, so that the work on one instance does not collide with itself: the wish and the status
 * (`openclaw_instances`), the Worker's progress (`instance_steps`), the fleet's reports (`instance_observations`) and the
 * timetable of drives (`instance_drives`) are separate rows.
 */
export default defineSchema({
  /**
   * One row a user, made by a claim and kept after a deletion (emptied of secrets and addresses), so that generations
   * go on counting. Written by claims, status changes, upserts and the secret box.
   */
  openclaw_instances: defineTable({
    user_id: v.string(),
    status: instanceStatus,
    /** Base of the runtime's API, as it was given. */
    runtime_url: v.optional(v.string()),
    runtime_name: v.optional(v.string()),
    cf_account_id: v.optional(v.string()),
    cf_worker_name: v.optional(v.string()),
    cf_worker_id: v.optional(v.string()),
    cf_container_app_id: v.optional(v.string()),
    cf_container_app_name: v.optional(v.string()),
    r2_bucket_name: v.optional(v.string()),
    /** Ciphertext and IV are base64; what they are bound to stands in `lib/secretBox.ts`. */
    service_token_encrypted: v.optional(v.string()),
    service_token_iv: v.optional(v.string()),
    service_token_alg: v.optional(v.string()),
    service_token_key_id: v.optional(v.string()),
    /** Counts the values this field has had; part of what its ciphertext is bound to. Survives erasure. */
    service_token_version: v.optional(v.number()),
    provider_keys_encrypted: v.optional(v.string()),
    provider_keys_iv: v.optional(v.string()),
    provider_keys_alg: v.optional(v.string()),
    provider_keys_key_id: v.optional(v.string()),
    provider_keys_version: v.optional(v.number()),
    /** What is shown of `provider_keys`; written with it. */
    provider_key_hints: v.optional(v.array(providerKeyHint)),
    /** The instance's `sk-prov-…`, with which it spends its owner's credits. */
    inference_key_encrypted: v.optional(v.string()),
    inference_key_iv: v.optional(v.string()),
    inference_key_alg: v.optional(v.string()),
    inference_key_key_id: v.optional(v.string()),
    inference_key_version: v.optional(v.number()),
    /** Counts the claims of the account: what let devices in before is worth nothing after. Missing: none. */
    access_version: v.optional(v.number()),
    created_at: v.number(),
    updated_at: v.number(),
    last_ready_at: v.optional(v.number()),
    /** Opaque and random, made in an action; a new one after each deletion. */
    instance_id: v.string(),
    desired: desiredState,
    /** Counts the wishes. A command that carries an older one is refused. */
    generation: v.number(),
    /** Why the status is what it is, for people. */
    reason: v.optional(v.string()),
    /** OpenClaw's version, as the runtime reports it. */
    version: v.optional(v.string()),
    gateway_url: v.optional(v.string()),
    /** `runtime_url` in its one comparable form: two rows never carry the same one. Outlives the deletion where the runtime does. */
    runtime_place: v.optional(v.string()),
  })
    .index("by_user_id", ["user_id"])
    .index("by_status", ["status"])
    .index("by_instance_id", ["instance_id"])
    .index("by_runtime_place", ["runtime_place"]),

  /** One row a step of the current generation. Written by the reconciler; replaced by the next claim. */
  instance_steps: defineTable({
    instance_id: v.string(),
    generation: v.number(),
    name: stepName,
    state: stepState,
    detail: v.optional(v.string()),
    started_at: v.optional(v.number()),
    finished_at: v.optional(v.number()),
  }).index("by_instance_generation", ["instance_id", "generation", "name"]),

  /** What a fleet last reported, one row an instance. Written by observations; deleted by the next claim and on deletion. */
  instance_observations: defineTable({
    instance_id: v.string(),
    generation: v.number(),
    observed_at: v.number(),
    gateway: v.optional(gatewayReport),
    /** The last lists a gateway gave; kept, with their own time, while it is down. */
    devices: v.optional(deviceLists),
    devices_observed_at: v.optional(v.number()),
    /** Kept in the order of its own time: the runtime's clock, whichever way the report came. */
    jobs: v.optional(jobReport),
  }).index("by_instance_id", ["instance_id"]),

  /**
   * The timetable of drives, one row an instance. Written by claims, by the drive itself and by reports that hasten it;
   * deleted with the instance.
   */
  instance_drives: defineTable({
    instance_id: v.string(),
    generation: v.number(),
    /** When the next drive should have begun; the sweep re-drives what is past it. Null: nothing to do. */
    due_at: v.union(v.number(), v.null()),
    /** Failed drives in a row; sets the backoff. */
    attempts: v.number(),
    /** Counts the scheduled drives: only the newest may begin, whatever else is still on its way. */
    ticket: v.number(),
    /** The newest scheduled drive itself, by which the sweep sees that one in flight has died. */
    job: v.union(v.id("_scheduled_functions"), v.null()),
    /** A drive in flight holds this; it lapses by itself when the drive is lost. */
    lease: v.union(v.object({ id: v.string(), expires_at: v.number() }), v.null()),
    /** Something happened during the drive in flight: begin the next one as soon as it ends. */
    again: v.boolean(),
    /** When a status that must not last becomes `error`. Null: the status may last. */
    deadline_at: v.union(v.number(), v.null()),
  })
    .index("by_instance_id", ["instance_id"])
    .index("by_due_at", ["due_at"])
    .index("by_deadline_at", ["deadline_at"]),

  ...creditTables,
  ...creditJobTables,
  ...accountTables,

  /** Append-only: who did what to whose things. Never a secret. Deleted by the pruner after its retention. */
  audit_log: defineTable({
    /** Joins the row written before an act with the one that tells its outcome. */
    act_id: v.string(),
    actor: v.string(),
    via: auditVia,
    subject_user_id: v.string(),
    action: v.string(),
    target: v.union(v.string(), v.null()),
    result: auditResult,
    code: v.union(v.string(), v.null()),
    ip: v.union(v.string(), v.null()),
    request_id: v.string(),
    /** The platform's own doing (taking out a service token to call a runtime): kept for a shorter time, not listed to people. */
    routine: v.boolean(),
    created_at: v.number(),
  })
    .index("by_subject_routine", ["subject_user_id", "routine", "created_at"])
    .index("by_act_id", ["act_id", "result"])
    .index("by_routine_created_at", ["routine", "created_at"]),

  /** Progress of re-encryption runs, one row a run. Written by `secrets:rotateSecrets`; deleted by the pruner. */
  secret_rotations: defineTable({
    /** The key everything is brought to. */
    key_id: v.string(),
    state: v.union(v.literal("running"), v.literal("finished")),
    /** Where the next page of rows starts; null at the beginning. */
    cursor: v.union(v.string(), v.null()),
    scanned: v.number(),
    rotated: v.number(),
    /** Already under the active key. */
    current: v.number(),
    failed: v.number(),
    /** `<instance_id>:<field>` of the first failures. */
    failures: v.array(v.string()),
    started_at: v.number(),
    updated_at: v.number(),
  })
    .index("by_state", ["state"])
    .index("by_updated_at", ["updated_at"]),
});
