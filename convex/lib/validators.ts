import {
  AuditEventRequest,
  DesiredState,
  GatewayState,
  InstanceStatus,
  JobOutcome,
  LedgerKind,
  RuntimeJob,
  ModelProvider,
  SecretKey,
  StepName,
  StepState,
} from "@oa/contract";
import { v } from "convex/values";

/** Convex validators of the contract's shapes, made from its zod lists so that a word is written down once. */

export const instanceStatus = v.union(...InstanceStatus.options.map((status) => v.literal(status)));
export const desiredState = v.union(...DesiredState.options.map((desired) => v.literal(desired)));
export const stepName = v.union(...StepName.options.map((name) => v.literal(name)));
export const stepState = v.union(...StepState.options.map((state) => v.literal(state)));
export const gatewayState = v.union(...GatewayState.options.map((state) => v.literal(state)));
export const ledgerKind = v.union(...LedgerKind.options.map((kind) => v.literal(kind)));
export const secretKey = v.union(...SecretKey.options.map((key) => v.literal(key)));
export const modelProvider = v.union(...ModelProvider.options.map((provider) => v.literal(provider)));
/** `ProviderKeyHint` of the contract. */
export const providerKeyHint = v.object({ provider: modelProvider, last_four: v.string(), updated_at: v.number() });
export const auditVia = v.union(...AuditEventRequest.shape.via.options.map((via) => v.literal(via)));
export const auditResult = v.union(...AuditEventRequest.shape.result.options.map((result) => v.literal(result)));

/** Flat facts that go with a ledger row; never a secret. */
export const ledgerMeta = v.record(v.string(), v.union(v.string(), v.number(), v.boolean(), v.null()));

const deviceClient = v.object({
  id: v.string(),
  mode: v.string(),
  platform: v.string(),
  displayName: v.optional(v.string()),
  version: v.optional(v.string()),
  deviceFamily: v.optional(v.string()),
});

/** `DeviceLists` of the contract: what a gateway answers when asked for its devices. */
export const deviceLists = v.object({
  pending: v.array(
    v.object({
      requestId: v.string(),
      deviceId: v.string(),
      client: deviceClient,
      role: v.string(),
      scopes: v.array(v.string()),
      remoteIp: v.optional(v.string()),
      requestedAt: v.number(),
      expiresAt: v.number(),
    }),
  ),
  paired: v.array(
    v.object({
      deviceId: v.string(),
      client: deviceClient,
      role: v.string(),
      scopes: v.array(v.string()),
      pairedAt: v.number(),
      lastSeenAt: v.optional(v.number()),
      connected: v.boolean(),
    }),
  ),
});

/** What a fleet says of a gateway. */
export const gatewayReport = v.object({ status: gatewayState, reason: v.union(v.string(), v.null()) });

const runtimeJob = {
  id: v.string(),
  kind: v.union(...RuntimeJob.shape.kind.options.map((kind) => v.literal(kind))),
  startedAt: v.number(),
};

/** `JobReport` of the contract: the long work of an instance, and how the last one ended. */
export const jobReport = v.object({
  at: v.number(),
  running: v.union(v.object({ ...runtimeJob, phase: v.string() }), v.null()),
  last: v.union(
    v.object({
      ...runtimeJob,
      endedAt: v.number(),
      result: v.union(...JobOutcome.shape.result.options.map((result) => v.literal(result))),
      reason: v.union(v.string(), v.null()),
    }),
    v.null(),
  ),
});

const outcomeReason = v.union(v.string(), v.null());

/** `DriveOutcome` of `lib/drivePlan.ts`: the contract's `ReconcileResult`, or why there was none. */
export const driveOutcome = v.union(
  v.object({ outcome: v.literal("settled") }),
  v.object({ outcome: v.literal("continue"), after_ms: v.number(), reason: outcomeReason }),
  v.object({ outcome: v.literal("retry"), reason: v.string() }),
  v.object({ outcome: v.literal("failed"), reason: v.string() }),
  v.object({ outcome: v.literal("stale") }),
  v.object({ outcome: v.literal("unreachable"), reason: v.string() }),
);

/** `SessionStart` of the contract: what the Worker knows of a new session. */
export const sessionStart = v.object({
  session_hash: v.string(),
  ip: v.union(v.string(), v.null()),
  user_agent: v.union(v.string(), v.null()),
  place: v.optional(v.union(v.string(), v.null())),
});
