import * as z from "zod";
import { ACCOUNT_CONTROL_PATHS } from "./accountsControl.ts";
import { Generation, InstanceId, Millis, UserId } from "./ids.ts";
import { ControlInstance, DesiredState, InstanceStatus, StepName, StepState } from "./instance.ts";
import { KEY_CONTROL_PATHS } from "./keys.ts";
import { CREDIT_CONTROL_PATHS } from "./usage.ts";
import { DeviceLists, GatewayState, JobReport } from "./runtime.ts";

/**
 * Convex's `/control/*` HTTP actions. The user of a request comes from the `x-oa-user-id` header, else the query
 * (`user_id`, `userId`), else the body; two that differ are refused with `user_mismatch`.
 */
export const CONTROL_PATHS = {
  /** GET `{ instance: ControlInstance | null }`; POST `UpsertInstanceRequest` -> `{ instance }`. */
  instance: "/control/openclaw/instance",
  /** POST `SetStatusRequest` -> `{ instance }`. */
  instanceStatus: "/control/openclaw/instance/status",
  /** POST `StoreSecretRequest` -> `StoreSecretResult`; GET `?key=` -> `{ value }`. */
  instanceSecret: "/control/openclaw/instance/secret",
  /** GET -> `ProviderKeyList`; POST `ProviderKeyChange` -> `ProviderKeyList`, and DELETE, which removes all of them. */
  providerKeys: "/control/openclaw/instance/provider-keys",
  /** GET -> `BillingSummary`. */
  billingSummary: "/control/openclaw/billing/summary",

  /** POST `ClaimRequest` -> `ClaimResult`: the only way a row comes to be, or its wish changes. */
  instanceClaim: "/control/openclaw/instance/claim",
  /** GET `?instance_id=` -> `{ instance }`: for the reconciler, by instance instead of user. */
  instanceById: "/control/openclaw/instance/by-id",
  /** POST `RecordStepRequest` -> `{ recorded }`. */
  instanceStep: "/control/openclaw/instance/step",
  /** POST `ObservationRequest` -> `{ accepted }`: what a fleet reported; devices for the live page. */
  instanceObserved: "/control/openclaw/instance/observed",
  /** POST `AuditEventRequest` -> `{ recorded }`. */
  auditEvents: "/control/audit/events",

  accountSignUp: "/control/accounts/sign-up",
  accountCredentials: "/control/accounts/credentials",
  accountSessions: "/control/accounts/sessions",
  accountSession: "/control/accounts/session",
  ...ACCOUNT_CONTROL_PATHS,

  creditsGrantMonthly: "/control/credits/grant-monthly",
  creditsBurn: "/control/credits/burn",
  ...CREDIT_CONTROL_PATHS,
  ...KEY_CONTROL_PATHS,
} as const;

/** Secrets of an instance. `provider_keys` is `ProviderKeys` as JSON; `inference_key` its `sk-prov-…`, with which it spends credits. */
export const SecretKey = z.enum(["service_token", "provider_keys", "inference_key"]);
export type SecretKey = z.infer<typeof SecretKey>;

export const InstanceAnswer = z.object({ instance: ControlInstance });
export const MaybeInstanceAnswer = z.object({ instance: ControlInstance.nullable() });

const text = (max: number) => z.string().min(1).max(max).nullable();

/** The seed's upsert: what is known of the runtime. Fields left out stay; `null` clears. Never creates a row by itself. */
export const UpsertInstanceRequest = z.object({
  user_id: UserId.optional(),
  userId: UserId.optional(),
  /** Refused with `stale_generation` when the row has moved on. */
  generation: Generation.optional(),
  runtime_url: z.url().max(2000).nullable().optional(),
  gateway_url: z.url().max(2000).nullable().optional(),
  runtime_name: text(128).optional(),
  version: text(64).optional(),
  cf_account_id: text(128).optional(),
  cf_worker_name: text(128).optional(),
  cf_worker_id: text(128).optional(),
  cf_container_app_id: text(128).optional(),
  cf_container_app_name: text(128).optional(),
  r2_bucket_name: text(128).optional(),
});
export type UpsertInstanceRequest = z.infer<typeof UpsertInstanceRequest>;

export const SetStatusRequest = z.object({
  user_id: UserId.optional(),
  userId: UserId.optional(),
  status: InstanceStatus,
  generation: Generation.optional(),
  reason: z.string().max(500).nullable().optional(),
});
export type SetStatusRequest = z.infer<typeof SetStatusRequest>;

export const StoreSecretRequest = z.object({
  user_id: UserId.optional(),
  userId: UserId.optional(),
  key: SecretKey,
  value: z.string().min(1).max(16_384),
  /** True: keep a secret that is there already. The caller then reads which one it is. */
  if_absent: z.boolean().optional(),
  generation: Generation.optional(),
});
export const StoreSecretResult = z.object({
  key: SecretKey,
  /** False when `if_absent` found one. */
  stored: z.boolean(),
  key_id: z.string(),
});
export const SecretValue = z.object({ key: SecretKey, value: z.string() });

/** `running` makes or revives the row; a second call with the same wish gives the same row back. */
export const ClaimRequest = z.object({
  user_id: UserId.optional(),
  userId: UserId.optional(),
  desired: DesiredState,
});
export const ClaimResult = z.object({
  instance: ControlInstance,
  /** True when this call changed the wish: a new row, a retry after an error, a stop, a delete. */
  changed: z.boolean(),
});
export type ClaimResult = z.infer<typeof ClaimResult>;

export const RecordStepRequest = z.object({
  instance_id: InstanceId,
  generation: Generation,
  step: StepName,
  state: StepState,
  detail: z.string().max(500).nullable(),
});
export type RecordStepRequest = z.infer<typeof RecordStepRequest>;

export const ObservationRequest = z.object({
  instance_id: InstanceId,
  generation: Generation,
  observed_at: Millis,
  gateway: z.object({ status: GatewayState, reason: z.string().max(500).nullable() }).optional(),
  devices: DeviceLists.optional(),
  jobs: JobReport.optional(),
});
export type ObservationRequest = z.infer<typeof ObservationRequest>;

/** Written before the act (`result: "started"`) and again with its outcome under the same id. */
export const AuditEventRequest = z.object({
  /** Chosen by the caller: joins the two rows of one act. */
  act_id: z.string().min(8).max(64),
  actor: z.string().min(1).max(160),
  via: z.enum(["session", "internal", "terminal", "system"]),
  subject_user_id: UserId,
  action: z.string().regex(/^[a-z_]+(\.[a-z_]+)+$/),
  target: z.string().max(200).nullable(),
  result: z.enum(["started", "ok", "failed"]),
  /** The error code of a failure. */
  code: z.string().max(64).nullable(),
  ip: z.string().max(64).nullable(),
  request_id: z.string().max(128),
});
export type AuditEventRequest = z.infer<typeof AuditEventRequest>;

/** What Convex sends to `POST /internal/openclaw/reconcile`. */
export const ReconcileRequest = z.object({ instance_id: InstanceId, generation: Generation });
export type ReconcileRequest = z.infer<typeof ReconcileRequest>;

/**
 * What one pass of the reconciler found.
 * - `settled`: observed is desired; look again only for drift.
 * - `continue`: work is under way (a boot, a deletion); come back after `after_ms`.
 * - `retry`: an outside part failed or is away; come back with backoff. `reason` is for people.
 * - `failed`: only a person can mend it; the row goes to `error` with `reason`.
 * - `stale`: the row has a newer generation; drop this drive.
 */
export const ReconcileResult = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("settled") }),
  z.object({
    outcome: z.literal("continue"),
    after_ms: z.int().min(0).max(60_000),
    reason: z.string().max(500).nullable(),
  }),
  z.object({ outcome: z.literal("retry"), reason: z.string().max(500) }),
  z.object({ outcome: z.literal("failed"), reason: z.string().max(500) }),
  z.object({ outcome: z.literal("stale") }),
]);
export type ReconcileResult = z.infer<typeof ReconcileResult>;
