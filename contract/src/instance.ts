import * as z from "zod";
import { Generation, InstanceId, Millis, UserId } from "./ids.ts";
import { ModelSource, ProviderKeyHint } from "./providerKeys.ts";

/** What the instance's owner wants. */
export const DesiredState = z.enum(["running", "stopped", "deleted"]);
export type DesiredState = z.infer<typeof DesiredState>;

/** What the control plane last found. The arrows between them stand in `convex/lib/transitions.ts`. */
export const InstanceStatus = z.enum([
  "provisioning",
  "ready",
  "degraded",
  "stopping",
  "stopped",
  "suspended",
  "deleting",
  "deleted",
  "error",
]);
export type InstanceStatus = z.infer<typeof InstanceStatus>;

/** The steps of provisioning, in the order a person sees them. */
export const STEP_NAMES = [
  "claim",
  "service_token",
  "storage",
  "inference_key",
  "runtime",
  "gateway_boot",
  "health",
  "ready",
] as const;
export const StepName = z.enum(STEP_NAMES);
export type StepName = z.infer<typeof StepName>;

/** `skipped`: this installation has nothing to do there, `detail` says why. */
export const StepState = z.enum(["pending", "running", "done", "skipped", "failed"]);
export type StepState = z.infer<typeof StepState>;

export const InstanceStep = z.object({
  name: StepName,
  state: StepState,
  /** For people: what is going on, or why it stopped. */
  detail: z.string().max(500).nullable(),
  started_at: Millis.nullable(),
  finished_at: Millis.nullable(),
});
export type InstanceStep = z.infer<typeof InstanceStep>;

/** The owner's view: the seed's summary and what was added to it. No secret, no internal address. */
export const InstanceSummary = z.object({
  instance_id: InstanceId,
  status: InstanceStatus,
  desired: DesiredState,
  generation: Generation,
  runtime_name: z.string().nullable(),
  /** OpenClaw's version as the runtime reports it; null until it has. */
  version: z.string().nullable(),
  /** Why the status is what it is, for people; null where there is nothing to say. */
  reason: z.string().max(500).nullable(),
  steps: z.array(InstanceStep),
  model_source: ModelSource,
  /** The owner's own keys at model providers, by name and last four; empty while models run on credits. */
  provider_keys: z.array(ProviderKeyHint),
  created_at: Millis,
  updated_at: Millis,
  last_ready_at: Millis.nullable(),
});
export type InstanceSummary = z.infer<typeof InstanceSummary>;

const Version = z.int().nonnegative();

/** The control view: the whole row without its encrypted fields (`sanitizeOpenclawInstance` of the seed). */
export const ControlInstance = InstanceSummary.extend({
  user_id: UserId,
  runtime_url: z.string().nullable(),
  gateway_url: z.string().nullable(),
  cf_account_id: z.string().nullable(),
  cf_worker_name: z.string().nullable(),
  cf_worker_id: z.string().nullable(),
  cf_container_app_id: z.string().nullable(),
  cf_container_app_name: z.string().nullable(),
  r2_bucket_name: z.string().nullable(),
  has_service_token: z.boolean(),
  has_provider_keys: z.boolean(),
  has_inference_key: z.boolean(),
  /** How often the account was claimed: what let devices in before is worth nothing after (`FleetSpec.access_version`). */
  access_version: Version,
  /** How often each secret was stored; 0 for never. Two equal counts mean the same secret, without anyone reading it. */
  secret_versions: z.object({ service_token: Version, provider_keys: Version, inference_key: Version }),
});
export type ControlInstance = z.infer<typeof ControlInstance>;
