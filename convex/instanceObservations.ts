import { v } from "convex/values";
import { internalMutation } from "./_generated/server.js";
import { newerJobs, planAfterObservation } from "./lib/observationPlan.ts";
import { deviceLists, gatewayReport, jobReport } from "./lib/validators.ts";
import { driveNow } from "./model/drives.ts";
import { instanceById, observationOf } from "./model/instances.ts";
import { missingForReady, reportStatus } from "./model/status.ts";

/**
 * Takes a fleet's report: what the live page shows of gateway and devices, and the end of waiting where the report is
 * what was waited for (`lib/observationPlan.ts`).
 *
 * `accepted` is false, and nothing is written, where the report is of another generation, of an instance that is gone, or
 * older than the one that is stored: reports may overtake each other. Long work has a time of its own, by the runtime's
 * clock: the Worker, which mirrors what it was told under its own clock, must not shut out what the runtime says next.
 */
export const observe = internalMutation({
  args: {
    instance_id: v.string(),
    generation: v.number(),
    observed_at: v.number(),
    gateway: v.optional(gatewayReport),
    devices: v.optional(deviceLists),
    jobs: v.optional(jobReport),
  },
  handler: async (ctx, args): Promise<{ accepted: boolean }> => {
    const row = await instanceById(ctx, args.instance_id);
    if (row === null || row.generation !== args.generation || row.status === "deleted") return { accepted: false };
    // A clock that runs ahead must not shut out all later reports.
    const observedAt = Math.min(args.observed_at, Date.now());
    const before = await observationOf(ctx, args.instance_id);
    const jobs = newerJobs(before?.jobs, args.jobs, Date.now());
    if (before !== null && observedAt < before.observed_at) {
      if (jobs === before.jobs) return { accepted: false };
      await ctx.db.patch("instance_observations", before._id, { jobs });
      return { accepted: true };
    }
    const gateway = args.gateway ?? before?.gateway;
    const devices = args.devices ?? before?.devices;
    const devicesObservedAt = args.devices === undefined ? before?.devices_observed_at : observedAt;
    const seen = {
      instance_id: args.instance_id,
      generation: args.generation,
      observed_at: observedAt,
      ...(gateway !== undefined && { gateway }),
      ...(devices !== undefined && { devices }),
      ...(devicesObservedAt !== undefined && { devices_observed_at: devicesObservedAt }),
      ...(jobs !== undefined && { jobs }),
    };
    if (before === null) await ctx.db.insert("instance_observations", seen);
    else await ctx.db.replace("instance_observations", before._id, seen);

    if (args.gateway !== undefined) {
      const plan = planAfterObservation({ status: row.status, reason: row.reason ?? null }, args.gateway);
      if (plan.status !== "ready" || missingForReady(row) === null) await reportStatus(ctx, row, plan);
      if (plan.drive) await driveNow(ctx, row);
    }
    return { accepted: true };
  },
});
