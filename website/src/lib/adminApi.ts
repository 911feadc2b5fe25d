import { Accepted } from "@oa/contract/accountsApi";
import { ADMIN_PATHS } from "@oa/contract/admin";
import { type AdminAdjust, type AdminFreeze, WEB_CREDIT_PATHS } from "@oa/contract/cliCredits";
import { LedgerPosting } from "@oa/contract/credits";
import { UserId } from "@oa/contract/ids";
import { DeviceDecision, DeviceLists, RestartResult } from "@oa/contract/runtime";
import { InstanceAccepted, observed } from "@oa/contract/worker";
import type * as z from "zod";
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
    /** Posts once for each `idempotency_key`. */
    adjustCredits: (userId: string, body: z.input<typeof AdminAdjust>) =>
      envelopeFetch(door, {
        method: "POST",
        path: of(WEB_CREDIT_PATHS.adminAdjust, userId),
        data: LedgerPosting,
        body,
      }),
    /** Frozen: nothing can be spent, whatever is there. */
    freezeCredits: (userId: string, body: z.input<typeof AdminFreeze>) =>
      envelopeFetch(door, { method: "POST", path: of(WEB_CREDIT_PATHS.adminFreeze, userId), data: Accepted, body }),
  };
}

export const adminApi = createAdminApi({ origin: "" });
