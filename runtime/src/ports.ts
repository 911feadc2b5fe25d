import type {
  BackupRecord,
  ConnectInfo,
  DeviceDecision,
  DeviceLists,
  DeviceRemoval,
  JobReport,
  LogPage,
  RestartResult,
  RestoreResult,
  RuntimeEvent,
  RuntimeStatus,
} from "@oa/contract";

/**
 * What the service API needs of the machine it runs on. Every method rejects with `ApiError` of `@oa/contract`, whose
 * message may be shown to the instance's owner; anything else that is thrown is a bug and answered as `internal`.
 */

/** The gateway of one instance. Nothing here starts a gateway that is not wanted: status and devices never wake it. */
export interface Gateway {
  status(): RuntimeStatus["gateway"];
  /** Asks the gateway's own readiness probe; never rejects, an unreachable gateway is simply not healthy. */
  health(): Promise<RuntimeStatus["health"]>;
  /** Resolves when the new gateway is ready; rejects with why it is not. A second call joins the first. */
  restart(): Promise<RestartResult>;
  /** Open requests and paired devices, read from the gateway now. */
  devices(): Promise<DeviceLists>;
  /** The same answer for a request that was approved a moment ago; `not_found` for one that never was. */
  approve(requestId: string): Promise<DeviceDecision>;
  reject(requestId: string): Promise<DeviceDecision>;
  /** Also closes the device's connections: a removed device is gone at once. */
  remove(deviceId: string): Promise<DeviceRemoval>;
  /** Address and token for a new device. The token is a secret of the owner. */
  connectInfo(): ConnectInfo;
}

/** Backups of one instance's state. */
export interface Storage {
  /** Newest first. */
  list(): Promise<BackupRecord[]>;
  /** The newest one somebody made; null before the first. */
  last(): BackupRecord | null;
  /** Made while the gateway runs, read back and checked before it counts. */
  backup(): Promise<BackupRecord>;
  /** Checks the backup first and keeps what it replaces; after a failure the state is what it was. */
  restore(backupId: string): Promise<RestoreResult>;
}

/** What the gateway wrote, redacted before it was stored. */
export interface Logs {
  /** Lines with `seq >= since`, oldest first, capped. */
  read(since: number): Promise<LogPage>;
  /** `recent`: the oldest line at hand, where one who wants the newest begins. `next`: one past the newest. */
  bounds(): Promise<{ recent: number; next: number }>;
  /** Hears of every line that is added, until the answer is called. */
  subscribe(follower: Follower): () => void;
}

/** Who follows something that changes. Told that it did, not how: it looks when it is ready to. */
export interface Follower {
  /** There is more to read. */
  changed(): void;
  /** There never will be: what was followed is gone. */
  ended(): void;
}

/** Changes of an instance. */
export interface Events {
  /** Everything as it is now, so that a change nobody heard of does no harm. */
  snapshot(): RuntimeEvent;
  /** Hears of every change, until the answer is called. */
  subscribe(follower: Follower): () => void;
}

/** Tokens that open this instance: one, or two while a rotation is on its way. */
export interface ServiceTokens {
  accepted(): readonly string[];
  /** Called with the token that matched; the first use of a new one ends the old one. */
  used(token: string): void;
}

export interface RuntimeInfo {
  /** Versions of the gateway and of this runtime. */
  version: RuntimeStatus["version"];
  /** Size of the machine or container, for people. */
  instanceType: string;
  /** What long work holds it, and how the last one ended. */
  jobs(): JobReport;
}
