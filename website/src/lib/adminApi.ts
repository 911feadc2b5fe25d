import { ADMIN_PATHS } from "@oa/contract/admin";
import { UserId } from "@oa/contract/ids";
import { DeviceDecision, DeviceLists, RestartResult } from "@oa/contract/runtime";
import { InstanceAccepted, observed } from "@oa/contract/worker";
import { type Door, envelopeFetch, LONG_DEADLINE_MS } from "./envelopeFetch.ts";
import { pathWith } from "./openclawApi.ts";

/** What an admin does for someone else; `forbidden` for everyone else. Each act is audited with both names. */
export function createAdminApi(door: Door) {
  // The id of a trusted service's user may hold more than a path segment takes as it is.
  const of = (path: string, userId: string) => path.replace("{userId}", encodeURIComponent(UserId.parse(userId)));
  const ofRequest = (path: string, userId: string, requestId: string) =>
    pathWith(of(path, userId), "requestId", requestId);
  return {
    stopInstance: (userId: string) =>
      envelopeFetch(door, { method: "POST", path: of(ADMIN_PATHS.stop, userId), data: InstanceAccepted }),
    /** Answers when the new gateway is ready. */
    restartInstance: (userId: string) =>
      envelopeFetch(door, {
        method: "POST",
        path: of(ADMIN_PATHS.restart, userId),
        data: RestartResult,
        deadlineMs: LONG_DEADLINE_MS,
      }),
    /** Deletes it with its data and backups. */
    deleteInstance: (userId: string) =>
      envelopeFetch(door, { method: "DELETE", path: of(ADMIN_PATHS.instance, userId), data: InstanceAccepted }),
    devices: (userId: string, signal: AbortSignal) =>
      envelopeFetch(door, {
        method: "GET",
        path: of(ADMIN_PATHS.devices, userId),
        data: observed(DeviceLists),
        signal,
      }),
    approveDevice: (userId: string, requestId: string) =>
      envelopeFetch(door, {
        method: "POST",
        path: ofRequest(ADMIN_PATHS.deviceApprove, userId, requestId),
        data: DeviceDecision,
      }),
    rejectDevice: (userId: string, requestId: string) =>
      envelopeFetch(door, {
        method: "POST",
        path: ofRequest(ADMIN_PATHS.deviceReject, userId, requestId),
        data: DeviceDecision,
      }),
  };
}

export const adminApi = createAdminApi({ origin: "" });
