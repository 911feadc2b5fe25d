import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { InstanceSummary } from "@oa/contract/instance";
import { isReachable } from "./instanceView.ts";
import { appendPage, EMPTY_LOG, type LogBuffer } from "./logBuffer.ts";
import { openclawApi } from "./openclawApi.ts";

/** What the pages ask of an instance's runtime, with its cache keys. */

/**
 * What the runtime says of itself. Asked anew when the instance changes, when a long piece of work has ended, whoever
 * began it (`lastJob`, the id of the last one), and when the tab comes back.
 */
export const runtimeStatusQuery = (instance: InstanceSummary, lastJob: string | null) =>
  queryOptions({
    queryKey: ["runtime", instance.instance_id, "status", instance.generation, instance.status, lastJob],
    // With the time it was read: the query's own is none while an older answer stands in for one that is on its way.
    queryFn: async ({ signal }) => ({ ...(await openclawApi.runtimeStatus(signal)), read_at: Date.now() }),
    enabled: isReachable(instance.status),
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: "always",
  });

/** The backups; another list after each piece of long work (`lastJob`), which may have made one. */
export const backupsQuery = (instance: InstanceSummary, lastJob: string | null) =>
  queryOptions({
    queryKey: ["runtime", instance.instance_id, "backups", lastJob],
    queryFn: ({ signal }) => openclawApi.backups(signal),
    enabled: isReachable(instance.status),
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: "always",
  });

/** The devices straight from the gateway, once a visit: the live copy may be older than the last change. */
export const devicesQuery = (instance: InstanceSummary) =>
  queryOptions({
    queryKey: ["runtime", instance.instance_id, "devices"],
    queryFn: () => openclawApi.devices(),
    enabled: isReachable(instance.status),
    refetchOnWindowFocus: "always",
  });

/** Everything asked of this instance's runtime; invalidated after an act that changes it. */
export const runtimeKey = (instance: InstanceSummary) => ["runtime", instance.instance_id] as const;

/** Pages read at once; what is left comes with the stream. */
const LOG_PAGES_A_LOOK = 10;

/** Where the lines of an instance's log are kept that were read so far. */
export const logKey = (instanceId: string) => ["logs", instanceId] as const;

/**
 * The runtime's log from its beginning as far as it is kept, read once; what is written after that is added by
 * `useFollowedLog`.
 */
export const logsQuery = (instance: InstanceSummary) => {
  const queryKey = logKey(instance.instance_id);
  return queryOptions({
    queryKey,
    queryFn: async ({ client, signal }) => {
      let buffer = client.getQueryData<LogBuffer>(queryKey) ?? EMPTY_LOG;
      for (let page = 0; page < LOG_PAGES_A_LOOK; page += 1) {
        const before = buffer;
        buffer = appendPage(before, await openclawApi.logs(before.next, signal));
        if (buffer.next === before.next) break;
      }
      return buffer;
    },
    enabled: isReachable(instance.status),
    structuralSharing: false,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
};
