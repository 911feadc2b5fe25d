import { v } from "convex/values";
import { internal } from "./_generated/api.js";
import { internalAction, internalMutation, type MutationCtx } from "./_generated/server.js";
import {
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
import { diedInFlight, driveAgain, driveOf, endTimetable, followStatus, planDrive } from "./model/drives.ts";
import { instanceById } from "./model/instances.ts";
import { missingForReady, reportStatus } from "./model/status.ts";

/**
 * Drives bring what is observed to what is wished: Convex is the memory, the API Worker is the hands. One drive is one
 * call of the reconciler; its outcome says when the next one is due. At most one drive of an instance is in flight.
 *
 * What may happen to a drive, and what comes of it:
 * - its scheduled action is lost: the row stays due, the sweep finds it;
 * - it dies in flight with its process: its job is over while its lease is held, the sweep finds it;
 * - it hangs: its own deadline ends it; its lease lapses after that, and the row is due again;
 * - it comes late, twice, or for an older generation: `begin` refuses, nothing is called;
 * - the wish changes while it is in flight: its lease is gone, `finish` drops its outcome.
 */
export const drive = internalAction({
  args: { instance_id: v.string(), generation: v.number(), ticket: v.number() },
  handler: async (ctx, { ticket, ...request }): Promise<null> => {
    const lease_id = crypto.randomUUID();
    const { begun } = await ctx.runMutation(internal.drives.begin, { ...request, ticket, lease_id });
    if (!begun) return null;
    const outcome = await callReconciler(process.env, request, lease_id);
    await ctx.runMutation(internal.drives.finish, { ...request, lease_id, outcome });
    return null;
  },
});

/** Takes the lease of a drive. `begun` is false where it is not the newest, one is in flight, or nothing is to be done. */
export const begin = internalMutation({
  args: { instance_id: v.string(), generation: v.number(), ticket: v.number(), lease_id: v.string() },
  handler: async (ctx, args): Promise<{ begun: boolean }> => {
    const row = await driveOf(ctx, args.instance_id);
    const now = Date.now();
    if (row === null || row.generation !== args.generation || row.ticket !== args.ticket) return { begun: false };
    if (row.due_at === null || (row.lease !== null && row.lease.expires_at > now)) return { begun: false };
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
    await reportStatus(ctx, row, plan);
    // Read again: the new status may have ended the timetable (`deleted`) or moved its deadline.
    const after = await driveOf(ctx, args.instance_id);
    if (after !== null) await planDrive(ctx, after, { attempts: plan.attempts, inMs: plan.nextInMs });
    return { applied: true };
  },
});

/** A reconciler that calls a row settled before its token and address are stored is wrong, and is asked again. */
function planFor(row: DrivenRow, outcome: DriveOutcome, missing: string | null): DrivePlan {
  const plan = planAfterDrive(row, outcome);
  const unfounded = plan.status === "ready" && row.status !== "ready" && missing !== null;
  return unfounded ? planAfterDrive(row, { outcome: "retry", reason: missing }) : plan;
}

/** Rows one sweep takes of each kind; what is left is found by the next, 15 s later. */
const SWEEP_ROWS = 100;

/**
 * Finds by index what stood still: drives past their time or dead in flight are begun again, statuses past their deadline
 * become `error`. A drive that is begun again goes to the end of the queue, so that rows that fail again and again do not
 * keep others from their turn.
 */
export const sweep = internalMutation({
  args: {},
  handler: async (ctx): Promise<{ driven: number; expired: number }> => {
    const now = Date.now();
    const overdue = await ctx.db
      .query("instance_drives")
      .withIndex("by_due_at", (q) => q.gte("due_at", 0).lte("due_at", now - OVERDUE_MS))
      .take(SWEEP_ROWS);
    const soon = await ctx.db
      .query("instance_drives")
      .withIndex("by_due_at", (q) => q.gt("due_at", now - OVERDUE_MS).lte("due_at", now + LEASE_MS))
      .take(SWEEP_ROWS);
    const lost = [...overdue];
    for (const drive of soon) if (await diedInFlight(ctx, drive)) lost.push(drive);
    for (const drive of lost) await driveAgain(ctx, drive);

    const expired = await ctx.db
      .query("instance_drives")
      .withIndex("by_deadline_at", (q) => q.gte("deadline_at", 0).lte("deadline_at", now))
      .take(SWEEP_ROWS);
    for (const { instance_id } of expired) await giveUp(ctx, instance_id);
    return { driven: lost.length, expired: expired.length };
  },
});

/** The status's deadline has passed: the owner is told, and so is the audit log. */
async function giveUp(ctx: MutationCtx, instanceId: string): Promise<void> {
  const row = await instanceById(ctx, instanceId);
  if (row === null) return await endTimetable(ctx, instanceId);
  const deadline = DEADLINES[row.status];
  if (deadline === null) return await followStatus(ctx, row);
  await reportStatus(ctx, row, { status: "error", reason: deadline.reason });
  const actId = `deadline:${row.instance_id}:${row.generation}`;
  await recordAudit(ctx, {
    act_id: actId,
    actor: "system",
    via: "system",
    subject_user_id: row.user_id,
    action: "instance.give_up",
    target: row.instance_id,
    result: "failed",
    code: null,
    ip: null,
    request_id: actId,
  });
}
