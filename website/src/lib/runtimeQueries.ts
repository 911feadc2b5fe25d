import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { InstanceSummary } from "@oa/contract/instance";
import { isReachable } from "./instanceView.ts";
import { appendPage, EMPTY_LOG, type LogBuffer } from "./logBuffer.ts";
import { openclawApi } from "./openclawApi.ts";

/** What the pages ask of an instance's runtime, with its cache keys. */

/** How often progress is asked for while a restart, backup or restore runs; at rest nothing is asked. */
const JOB_INTERVAL_MS = 1500;

/**
 * What the runtime says of itself. Asked anew when the instance changes, when the tab comes back, and every moment
 * while a long piece of work runs, whoever started it (`following`: this page has just done so).
 */
export const runtimeStatusQuery = (instance: InstanceSummary, following: boolean) =>
  queryOptions({
    queryKey: ["runtime", instance.instance_id, "status", instance.generation, instance.status],
    queryFn: ({ signal }) => openclawApi.runtimeStatus(signal),
    enabled: isReachable(instance.status),
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: "always",
    refetchInterval: ({ state }) => (following || (state.data?.data.job ?? null) !== null ? JOB_INTERVAL_MS : false),
  });

export const backupsQuery = (instance: InstanceSummary) =>
  queryOptions({
    queryKey: ["runtime", instance.instance_id, "backups"],
    queryFn: ({ signal }) => openclawApi.backups(signal),
    enabled: isReachable(instance.status),
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

/** Between two looks at the log while it is followed: the runtime hands it out by request only. */
const LOG_INTERVAL_MS = 2000;
/** Pages read in one look; the rest comes with the next. */
const LOG_PAGES_A_LOOK = 10;

/**
 * The runtime's log from its beginning as far as it is kept. Each look adds what is new to what was read before. Nothing
 * is asked while it is not followed, or while the page is hidden.
 */
export const logsQuery = (instance: InstanceSummary, following: boolean) => {
  const queryKey = ["logs", instance.instance_id];
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
    refetchInterval: following ? LOG_INTERVAL_MS : false,
    refetchOnWindowFocus: following ? "always" : false,
  });
};
