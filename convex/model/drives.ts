import { internal } from "../_generated/api.js";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { DEADLINES, isResting } from "../lib/transitions.ts";

/**
 * The timetable of drives: the only writer of `instance_drives`. A row says when the next drive is due; the scheduled
 * action is only the fast way there. When that is lost (a crash, a missed run), the sweep finds the row by its time.
 */

type InstanceRow = Doc<"openclaw_instances">;
type DriveRow = Doc<"instance_drives">;

/** The timetable row of an instance; null once it is deleted. */
export async function driveOf(ctx: QueryCtx, instanceId: string): Promise<DriveRow | null> {
  return await ctx.db
    .query("instance_drives")
    .withIndex("by_instance_id", (q) => q.eq("instance_id", instanceId))
    .unique();
}

/** Begins the timetable of a new generation: a drive at once, no failures, the status's deadline. A drive in flight loses its lease. */
export async function startTimetable(ctx: MutationCtx, row: InstanceRow): Promise<void> {
  const fresh = {
    instance_id: row.instance_id,
    generation: row.generation,
    due_at: Date.now(),
    attempts: 0,
    lease: null,
    again: false,
    deadline_at: deadlineOf(row),
  };
  const before = await driveOf(ctx, row.instance_id);
  if (before === null) await ctx.db.insert("instance_drives", fresh);
  else await ctx.db.replace("instance_drives", before._id, fresh);
  await schedule(ctx, row, 0);
}

/** The status has changed, or progress was made in it: its deadline counts from now, and what rests is not driven. */
export async function followStatus(ctx: MutationCtx, row: InstanceRow): Promise<void> {
  const drive = await driveOf(ctx, row.instance_id);
  if (drive === null) return;
  const rest = isResting(row.status) ? { due_at: null } : {};
  await ctx.db.patch("instance_drives", drive._id, { deadline_at: deadlineOf(row), ...rest });
}

/** Plans the next drive `inMs` from now, or none with null. */
export async function planDrive(
  ctx: MutationCtx,
  row: InstanceRow,
  drive: DriveRow,
  next: { attempts: number; inMs: number | null },
): Promise<void> {
  const inMs = drive.again && next.inMs !== null ? 0 : next.inMs;
  await ctx.db.patch("instance_drives", drive._id, {
    attempts: next.attempts,
    due_at: inMs === null ? null : Date.now() + inMs,
    lease: null,
    again: false,
  });
  if (inMs !== null) await schedule(ctx, row, inMs);
}

/** Something happened that the reconciler should look at now. During a drive in flight: as soon as that one ends. */
export async function driveNow(ctx: MutationCtx, row: InstanceRow): Promise<void> {
  const drive = await driveOf(ctx, row.instance_id);
  if (drive === null || drive.generation !== row.generation) return;
  const now = Date.now();
  if (drive.lease !== null && drive.lease.expires_at > now) {
    if (!drive.again) await ctx.db.patch("instance_drives", drive._id, { again: true });
    return;
  }
  if (drive.due_at !== null && drive.due_at <= now) return;
  await ctx.db.patch("instance_drives", drive._id, { due_at: now });
  await schedule(ctx, row, 0);
}

/** Nothing is to be done for this row any more. */
export async function endTimetable(ctx: MutationCtx, instanceId: string): Promise<void> {
  const drive = await driveOf(ctx, instanceId);
  if (drive !== null) await ctx.db.delete("instance_drives", drive._id);
}

function deadlineOf(row: InstanceRow): number | null {
  const deadline = DEADLINES[row.status];
  return deadline === null ? null : Date.now() + deadline.ms;
}

async function schedule(
  ctx: MutationCtx,
  row: { instance_id: string; generation: number },
  inMs: number,
): Promise<void> {
  const { instance_id, generation } = row;
  await ctx.scheduler.runAfter(inMs, internal.drives.drive, { instance_id, generation });
}
