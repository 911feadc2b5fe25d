import { v } from "convex/values";
import { internal } from "./_generated/api.js";
import { internalAction, internalMutation } from "./_generated/server.js";
import {
  CLOCK_SLACK_MS,
  type DriveOutcome,
  type DrivePlan,
  type DrivenRow,
  LEASE_MS,
  OVERDUE_MS,
  planAfterDrive,
} from "./lib/drivePlan.ts";
import { callReconciler } from "./lib/reconcileCall.ts";
import { DEADLINES } from "./lib/transitions.ts";
import { driveOutcome } from "./lib/validators.ts";
import { recordAudit } from "./model/auditLog.ts";
import { driveOf, endTimetable, followStatus, planDrive } from "./model/drives.ts";
import { instanceById } from "./model/instances.ts";
import { missingForReady, reportStatus } from "./model/status.ts";

/**
 * Drives bring what is observed to what is wished: Convex is the memory, the API Worker is the hands. One drive is one
 * call of the reconciler; its outcome says when the next one is due. At most one drive of an instance is in flight.
 *
 * What may happen to a drive, and what comes of it:
 * - its scheduled action is lost: the row stays due, the sweep finds it;
 * - it dies in flight (a crash, a deploy): its lease lapses, the row is due again, the sweep finds it;
 * - it comes late, twice, or for an older generation: `begin` refuses, nothing is called;
 * - the wish changes while it is in flight: its lease is gone, `finish` drops its outcome.
 */
export const drive = internalAction({
  args: { instance_id: v.string(), generation: v.number() },
  handler: async (ctx, request): Promise<null> => {
    const lease_id = crypto.randomUUID();
    const { begun } = await ctx.runMutation(internal.drives.begin, { ...request, lease_id });
    if (!begun) return null;
    const outcome = await callReconciler(process.env, request, lease_id);
    await ctx.runMutation(internal.drives.finish, { ...request, lease_id, outcome });
    return null;
  },
});

/** Takes the lease of a drive that is due. `begun` is false where it is not due, in flight, or of another generation. */
export const begin = internalMutation({
  args: { instance_id: v.string(), generation: v.number(), lease_id: v.string() },
  handler: async (ctx, args): Promise<{ begun: boolean }> => {
    const row = await driveOf(ctx, args.instance_id);
    const now = Date.now();
    if (row === null || row.generation !== args.generation) return { begun: false };
    if (row.due_at === null || row.due_at > now + CLOCK_SLACK_MS) return { begun: false };
    if (row.lease !== null && row.lease.expires_at > now) return { begun: false };
    const expiresAt = now + LEASE_MS;
    await ctx.db.patch("instance_drives", row._id, {
      lease: { id: args.lease_id, expires_at: expiresAt },
      due_at: expiresAt,
      again: false,
    });
    return { begun: true };
  },
});

/** Writes what a drive brought and plans the next one. `applied` is false where the lease is no longer this drive's. */
export const finish = internalMutation({
  args: { instance_id: v.string(), generation: v.number(), lease_id: v.string(), outcome: driveOutcome },
  handler: async (ctx, args): Promise<{ applied: boolean }> => {
    const row = await instanceById(ctx, args.instance_id);
    const before = await driveOf(ctx, args.instance_id);
    if (row === null || before === null || before.lease?.id !== args.lease_id) return { applied: false };
    const driven = {
      status: row.status,
      desired: row.desired,
      reason: row.reason ?? null,
      attempts: before.attempts,
      overtaken: before.again,
    };
    const plan = planFor(driven, args.outcome, missingForReady(row));
    const changed = await reportStatus(ctx, row, plan);
    // Read again: the new status may have ended the timetable (`deleted`) or moved its deadline.
    const after = await driveOf(ctx, args.instance_id);
    if (after !== null) await planDrive(ctx, changed, after, { attempts: plan.attempts, inMs: plan.nextInMs });
    return { applied: true };
  },
});

/** A reconciler that calls a row settled before its token and address are stored is wrong, and is asked again. */
function planFor(row: DrivenRow, outcome: DriveOutcome, missing: string | null): DrivePlan {
  const plan = planAfterDrive(row, outcome);
  const unfounded = plan.status === "ready" && row.status !== "ready" && missing !== null;
  return unfounded ? planAfterDrive(row, { outcome: "retry", reason: missing }) : plan;
}

/** Rows one sweep takes; what is left is found by the next, 15 s later. */
const SWEEP_ROWS = 100;

/** Finds by index what stood still: drives past their time are begun again, statuses past their deadline become `error`. */
export const sweep = internalMutation({
  args: {},
  handler: async (ctx): Promise<{ driven: number; expired: number }> => {
    const now = Date.now();
    const overdue = await ctx.db
      .query("instance_drives")
      .withIndex("by_due_at", (q) => q.gte("due_at", 0).lte("due_at", now - OVERDUE_MS))
      .take(SWEEP_ROWS);
    for (const { _id, instance_id, generation } of overdue) {
      // To the end of the queue: rows that fail again and again must not keep others from their turn.
      await ctx.db.patch("instance_drives", _id, { due_at: now });
      await ctx.scheduler.runAfter(0, internal.drives.drive, { instance_id, generation });
    }
    const expired = await ctx.db
      .query("instance_drives")
      .withIndex("by_deadline_at", (q) => q.gte("deadline_at", 0).lte("deadline_at", now))
      .take(SWEEP_ROWS);
    for (const { instance_id, generation } of expired) {
      const row = await instanceById(ctx, instance_id);
      const deadline = row === null ? null : DEADLINES[row.status];
      if (row === null) {
        await endTimetable(ctx, instance_id);
      } else if (deadline === null) {
        await followStatus(ctx, row);
      } else {
        await reportStatus(ctx, row, { status: "error", reason: deadline.reason });
        const actId = `deadline:${instance_id}:${generation}`;
        await recordAudit(ctx, {
          act_id: actId,
          actor: "system",
          via: "system",
          subject_user_id: row.user_id,
          action: "instance.give_up",
          target: instance_id,
          result: "failed",
          code: null,
          ip: null,
          request_id: actId,
        });
      }
    }
    return { driven: overdue.length, expired: expired.length };
  },
});
