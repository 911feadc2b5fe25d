import { BillingSummary } from "@oa/contract/credits";
import { PathId } from "@oa/contract/ids";
import { type ModelProvider, ProviderKeyList } from "@oa/contract/providerKeys";
import {
  BackupList,
  BackupResult,
  ConnectInfo,
  DeviceDecision,
  DeviceLists,
  DeviceRemoval,
  LogPage,
  RestartResult,
  RestoreResult,
  RuntimeStatus,
} from "@oa/contract/runtime";
import { API_PATHS, InstanceAccepted, InstanceRead, observed } from "@oa/contract/worker";
import { type Door, envelopeFetch, LONG_DEADLINE_MS } from "./envelopeFetch.ts";

export { roundUsd } from "@oa/contract/money";
export { buildInternalHeaders, buildServiceTokenHeader } from "./internalHeaders.ts";

/**
 * Every `/api/openclaw/*` endpoint, typed. The page uses `openclawApi`; a server makes its own with its origin and
 * `buildInternalHeaders(key, userId)`. Each call rejects with a `RequestError`.
 */
export function createOpenclawApi(door: Door) {
  const get = envelopeFetch;
  return {
    /** Null `instance` where the user has none. */
    readInstance: () => get(door, { method: "GET", path: API_PATHS.instance, data: InstanceRead }),
    /** Creates it, starts it again after a stop, or tries again after an error: the wish is the same, the call idempotent. */
    startInstance: () =>
      get(door, { method: "POST", path: API_PATHS.instance, data: InstanceAccepted, body: { desired: "running" } }),
    /** Stops the gateway; its data stays. */
    stopInstance: () =>
      get(door, { method: "POST", path: API_PATHS.instance, data: InstanceAccepted, body: { desired: "stopped" } }),
    /** Deletes the instance with its data and backups. */
    deleteInstance: () => get(door, { method: "DELETE", path: API_PATHS.instance, data: InstanceAccepted }),

    runtimeStatus: (signal?: AbortSignal) =>
      get(door, { method: "GET", path: API_PATHS.runtimeStatus, data: observed(RuntimeStatus), ...withSignal(signal) }),
    /** Answers when the new gateway is ready. */
    restart: () =>
      get(door, { method: "POST", path: API_PATHS.runtimeRestart, data: RestartResult, deadlineMs: LONG_DEADLINE_MS }),

    devices: () => get(door, { method: "GET", path: API_PATHS.runtimeDevices, data: observed(DeviceLists) }),
    approveDevice: (requestId: string) =>
      get(door, {
        method: "POST",
        path: pathWith(API_PATHS.deviceApprove, "requestId", requestId),
        data: DeviceDecision,
      }),
    rejectDevice: (requestId: string) =>
      get(door, {
        method: "POST",
        path: pathWith(API_PATHS.deviceReject, "requestId", requestId),
        data: DeviceDecision,
      }),
    /** Ends the device's access; it may ask for pairing again. */
    removeDevice: (deviceId: string) =>
      get(door, {
        method: "DELETE",
        path: pathWith(API_PATHS.runtimeDevice, "deviceId", deviceId),
        data: DeviceRemoval,
      }),
    /** The gateway's address and token. A POST because it hands out a secret and is written to the activity log. */
    connectInfo: () => get(door, { method: "POST", path: API_PATHS.runtimeConnect, data: ConnectInfo }),

    /** Answers when the backup is written and verified. */
    backUp: () =>
      get(door, { method: "POST", path: API_PATHS.runtimeBackup, data: BackupResult, deadlineMs: LONG_DEADLINE_MS }),
    backups: (signal?: AbortSignal) =>
      get(door, { method: "GET", path: API_PATHS.runtimeBackups, data: BackupList, ...withSignal(signal) }),
    /** Verifies, swaps the data in and starts the gateway; what it replaces is kept as another backup. */
    restore: (id: string) =>
      get(door, {
        method: "POST",
        path: API_PATHS.runtimeRestore,
        data: RestoreResult,
        body: { id },
        deadlineMs: LONG_DEADLINE_MS,
      }),
    /** Lines from position `since` on; `next` is the position to ask for after them. */
    logs: (since: number, signal?: AbortSignal) =>
      get(door, {
        method: "GET",
        path: `${API_PATHS.runtimeLogs}?since=${String(since)}`,
        data: LogPage,
        ...withSignal(signal),
      }),

    /** Stores or replaces the key of one provider. The key is never given out again. */
    storeProviderKey: (provider: ModelProvider, key: string) =>
      get(door, {
        method: "PUT",
        path: API_PATHS.providerKeys,
        data: ProviderKeyList,
        body: { keys: { [provider]: key } },
      }),
    /** Without the last one models run on credits again. */
    removeProviderKey: (provider: ModelProvider) =>
      get(door, {
        method: "DELETE",
        path: `${API_PATHS.providerKeys}?provider=${provider}`,
        data: ProviderKeyList,
      }),
    /** A new secret for the key the hosted OpenClaw spends credits with; `conflict` where it has none yet. */
    rotateInferenceKey: () => get(door, { method: "POST", path: API_PATHS.inferenceKeyRotate, data: InstanceAccepted }),

    billingSummary: () => get(door, { method: "GET", path: API_PATHS.billingSummary, data: BillingSummary }),
  };
}
export type OpenclawApi = ReturnType<typeof createOpenclawApi>;

/** The page's own: same origin, session cookie. */
export const openclawApi: OpenclawApi = createOpenclawApi({ origin: "" });

/** Fills one `{name}` of a path. Throws when the id does not fit `PathId`, so nothing else can enter the path. */
export function pathWith(template: string, name: string, id: string): string {
  return template.replace(`{${name}}`, PathId.parse(id));
}

function withSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
