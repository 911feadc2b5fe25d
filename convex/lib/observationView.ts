import type { DeviceLists, GatewayState, JobReport } from "@oa/contract";
import type { Doc } from "../_generated/dataModel.js";

/** What a fleet last reported of an instance, as the page shows it. */
export interface ObservationView {
  /** When the gateway was last looked at; milliseconds since 1970. */
  observed_at: number;
  gateway: { status: GatewayState; reason: string | null } | null;
  /** The last lists the gateway gave; null before the first. */
  devices: DeviceLists | null;
  /** When `devices` was true: older than `observed_at` while the gateway is down. */
  devices_observed_at: number | null;
  /** The long work of the instance, and how the last one ended; null before the first report of it. */
  jobs: JobReport | null;
}

/** Fields are named one by one: one that is added later stays out until it is let in. */
export function observationView(row: Doc<"instance_observations">): ObservationView {
  return {
    observed_at: row.observed_at,
    gateway: row.gateway ?? null,
    devices: row.devices ?? null,
    devices_observed_at: row.devices_observed_at ?? null,
    jobs: row.jobs ?? null,
  };
}
