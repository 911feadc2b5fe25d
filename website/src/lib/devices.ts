import type { DeviceLists } from "@oa/contract/runtime";
import type { Observation } from "./live.tsx";

/** Device lists with the time they were true. */
export interface SeenDevices {
  lists: DeviceLists;
  at: number;
}

/** The newer of the live copy and what was asked from the gateway; null while neither is there. */
export function newestDevices(
  live: Omit<Observation, "jobs"> | null,
  asked: { observed_at: number; data: DeviceLists } | undefined,
): SeenDevices | null {
  const fromLive =
    live?.devices === null || live?.devices === undefined
      ? null
      : { lists: live.devices, at: live.devices_observed_at ?? live.observed_at };
  const fromAsking = asked === undefined ? null : { lists: asked.data, at: asked.observed_at };
  if (fromLive === null || fromAsking === null) return fromLive ?? fromAsking;
  return fromAsking.at > fromLive.at ? fromAsking : fromLive;
}
