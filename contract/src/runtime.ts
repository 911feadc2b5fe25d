import * as z from "zod";
import { InstanceId, Millis, PathId } from "./ids.ts";

/**
 * One runtime's API (`/v1/*`, gated by the instance's service token). `data` of each envelope.
 * Field names of the seed's endpoints are camelCase and stay so.
 */

export const GatewayState = z.enum(["running", "starting", "stopped", "error"]);
export type GatewayState = z.infer<typeof GatewayState>;

/** Long work that holds an instance; one at a time. */
export const RuntimeJob = z.object({
  /** Names this piece of work, in its outcome too. */
  id: PathId,
  kind: z.enum(["restart", "backup", "restore"]),
  /** For people: "verifying", "stopping the gateway". */
  phase: z.string().max(200),
  startedAt: Millis,
});
export type RuntimeJob = z.infer<typeof RuntimeJob>;

/** How a piece of long work ended. */
export const JobOutcome = RuntimeJob.pick({ id: true, kind: true, startedAt: true }).extend({
  endedAt: Millis,
  result: z.enum(["done", "failed"]),
  /** Why it failed, for people; null when it is done. */
  reason: z.string().max(500).nullable(),
});
export type JobOutcome = z.infer<typeof JobOutcome>;

/** The long work of an instance, whole: a report that is lost is made good by the next one. */
export const JobReport = z.object({
  /** When this was true by the runtime's own clock: puts reports that come by different ways in order. */
  at: Millis,
  running: RuntimeJob.nullable(),
  /** The one that ended last; null before the first. */
  last: JobOutcome.nullable(),
});
export type JobReport = z.infer<typeof JobReport>;

export const BackupRecord = z.object({
  id: PathId,
  createdAt: Millis,
  /** Bytes of the archive. */
  size: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** True once the archive was read back and every entry checked. */
  verified: z.boolean(),
  openclawVersion: z.string(),
});
export type BackupRecord = z.infer<typeof BackupRecord>;

export const RuntimeStatus = z.object({
  gateway: z.object({
    status: GatewayState,
    pid: z.int().positive().optional(),
    uptime_ms: z.int().nonnegative().optional(),
    /** Why it is not running, for people. */
    reason: z.string().max(500).optional(),
    /** Unplanned exits since the last deliberate start. */
    restarts: z.int().nonnegative(),
  }),
  lastBackup: BackupRecord.nullable(),
  container: z.object({ instanceType: z.string() }),
  version: z.object({ openclaw: z.string(), runtime: z.string() }),
  /** `ok` only when the gateway's own readiness probe says so; `failing` lists what it names. */
  health: z.object({ ok: z.boolean(), failing: z.array(z.string()) }),
  /** Absent from a runtime that is older than this field: the control plane and its runtimes are upgraded in any order. */
  jobs: JobReport.optional(),
});
export type RuntimeStatus = z.infer<typeof RuntimeStatus>;

/** Who asks or holds: what the device said of itself, except `remoteIp`, which the forwarder saw. */
export const DeviceClient = z.object({
  id: z.string().max(200),
  mode: z.string().max(200),
  platform: z.string().max(200),
  displayName: z.string().max(200).optional(),
  version: z.string().max(200).optional(),
  deviceFamily: z.string().max(200).optional(),
});
export type DeviceClient = z.infer<typeof DeviceClient>;

/** `expiresAt` of a request that stays until it is decided: the last moment a date can name. */
export const NO_EXPIRY = 8_640_000_000_000_000;

export const PendingDevice = z.object({
  requestId: PathId,
  deviceId: PathId,
  client: DeviceClient,
  role: z.string().max(100),
  /** What it asks to be allowed. */
  scopes: z.array(z.string().max(100)),
  remoteIp: z.string().max(100).optional(),
  requestedAt: Millis,
  /** The gateway forgets the request then; `NO_EXPIRY` for what a node asks to be allowed after it was paired. */
  expiresAt: Millis,
});
export type PendingDevice = z.infer<typeof PendingDevice>;

export const PairedDevice = z.object({
  deviceId: PathId,
  client: DeviceClient,
  role: z.string().max(100),
  scopes: z.array(z.string().max(100)),
  pairedAt: Millis,
  lastSeenAt: Millis.optional(),
  connected: z.boolean(),
});
export type PairedDevice = z.infer<typeof PairedDevice>;

export const DeviceLists = z.object({ pending: z.array(PendingDevice), paired: z.array(PairedDevice) });
export type DeviceLists = z.infer<typeof DeviceLists>;

export const DeviceDecision = z.object({ approved: z.boolean(), requestId: PathId });
export type DeviceDecision = z.infer<typeof DeviceDecision>;

export const DeviceRemoval = z.object({ removed: z.literal(true), deviceId: PathId });
export type DeviceRemoval = z.infer<typeof DeviceRemoval>;

/** Answered when the new gateway is ready. */
export const RestartResult = z.object({
  gateway: z.object({ status: GatewayState, pid: z.int().positive(), uptime_ms: z.int().nonnegative() }),
  /** Milliseconds from the request to ready. */
  tookMs: z.int().nonnegative(),
});
export type RestartResult = z.infer<typeof RestartResult>;

/** `lastBackup` is the seed's field; the rest describes the same archive. */
export const BackupResult = z.object({
  lastBackup: Millis,
  id: PathId,
  size: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type BackupResult = z.infer<typeof BackupResult>;

export const BackupList = z.object({ backups: z.array(BackupRecord) });
export type BackupList = z.infer<typeof BackupList>;

export const RestoreRequest = z.object({ id: PathId });
export const RestoreResult = z.object({
  restored: PathId,
  /** Where the replaced state is kept, as a backup id that can be restored in turn. */
  replaced: PathId,
  tookMs: z.int().nonnegative(),
});
export type RestoreResult = z.infer<typeof RestoreResult>;

export const LogLine = z.object({
  /** Position for `?since=`; grows by one a line. */
  seq: z.int().nonnegative(),
  at: Millis,
  level: z.enum(["debug", "info", "warn", "error"]),
  text: z.string().max(4000),
});
export const LogPage = z.object({ lines: z.array(LogLine), next: z.int().nonnegative() });
export type LogPage = z.infer<typeof LogPage>;

/**
 * The log as server-sent events: `lines` with a `LogPage`, whose event id is the page's `next`, so that a reader whose
 * connection broke goes on where it was (`Last-Event-ID`); `gap` with a `LogGap`.
 */
export const LOG_EVENTS = { lines: "lines", gap: "gap" } as const;

/** Lines `from` to `to`, that one not included, were deleted before this reader took them. */
export const LogGap = z.object({ from: z.int().nonnegative(), to: z.int().nonnegative() });
export type LogGap = z.infer<typeof LogGap>;

/** What a person needs to point a device at the gateway. The token is a secret: `cache-control: no-store`, audited. */
export const ConnectInfo = z.object({
  /** WebSocket address of the forwarded path, `ws(s)://…/i/<instance>/gateway`. */
  url: z.string(),
  token: z.string().min(16),
});
export type ConnectInfo = z.infer<typeof ConnectInfo>;

/** What a fleet reports by itself (`POST /internal/openclaw/events`, fleet key), so that nobody polls. */
export const RuntimeEvent = z.object({
  instance_id: InstanceId,
  generation: z.int().positive(),
  observed_at: Millis,
  gateway: z.object({ status: GatewayState, reason: z.string().max(500).nullable() }),
  /** Present when the gateway answers; the whole lists, never a difference. */
  devices: DeviceLists.optional(),
  jobs: JobReport.optional(),
});
export type RuntimeEvent = z.infer<typeof RuntimeEvent>;

/** Paths of one runtime, relative to its `runtime_url`. */
export const RUNTIME_PATHS = {
  status: "/v1/status",
  restart: "/v1/gateway/restart",
  backup: "/v1/storage/backup",
  backups: "/v1/storage/backups",
  restore: "/v1/storage/restore",
  devices: "/v1/devices",
  logs: "/v1/logs",
  /** Server-sent events, see `LOG_EVENTS`; from `?since=`, else from the newest lines. */
  logsStream: "/v1/logs/stream",
  connect: "/v1/connect",
  /** Server-sent events: a `runtime` event with a `RuntimeEvent` now and after every change. */
  events: "/v1/events",
} as const;
