import type { DeviceLists, GatewayState, InstanceSummary } from "@oa/contract";
import { query } from "./_generated/server.js";
import { requireUser } from "./lib/access.ts";
import { instanceOfUser, observationOf, summaryOf } from "./model/instances.ts";

/** The signed-in user's instance; null where they have none (never made, or deleted). */
export const myInstance = query({
  args: {},
  handler: async (ctx): Promise<InstanceSummary | null> => {
    const user = await requireUser(ctx);
    const row = await instanceOfUser(ctx, user._id);
    return row === null || row.status === "deleted" ? null : await summaryOf(ctx, row);
  },
});

/** What a fleet last reported of the signed-in user's gateway. */
export interface MyDevices {
  /** When the gateway was last looked at; milliseconds since 1970. */
  observed_at: number;
  gateway: { status: GatewayState; reason: string | null } | null;
  /** The last lists the gateway gave; null before the first. */
  devices: DeviceLists | null;
  /** When `devices` was true: older than `observed_at` while the gateway is down. */
  devices_observed_at: number | null;
}

/** Devices of the signed-in user's instance; null where there is no instance, or no report yet. */
export const myDevices = query({
  args: {},
  handler: async (ctx): Promise<MyDevices | null> => {
    const user = await requireUser(ctx);
    const row = await instanceOfUser(ctx, user._id);
    if (row === null || row.status === "deleted") return null;
    const observation = await observationOf(ctx, row.instance_id);
    if (observation === null || observation.generation !== row.generation) return null;
    return {
      observed_at: observation.observed_at,
      gateway: observation.gateway ?? null,
      devices: observation.devices ?? null,
      devices_observed_at: observation.devices_observed_at ?? null,
    };
  },
});
