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
  const before = await driveOf(ctx, row.instance_id);
  const { instance_id, generation } = row;
  const fresh = { instance_id, generation, attempts: 0, deadline_at: deadlineOf(row) };
  const first = await newJob(ctx, { instance_id, generation, ticket: before?.ticket ?? 0 }, 0);
  if (before === null) await ctx.db.insert("instance_drives", { ...fresh, ...first });
  else await ctx.db.replace("instance_drives", before._id, { ...fresh, ...first });
}

/** The status has changed, or progress was made in it: its deadline counts from now, and what rests is not driven. */
export async function followStatus(ctx: MutationCtx, row: InstanceRow): Promise<void> {
  const drive = await driveOf(ctx, row.instance_id);
  if (drive === null) return;
  const rest = isResting(row.status) ? { due_at: null } : {};
  await ctx.db.patch("instance_drives", drive._id, { deadline_at: deadlineOf(row), ...rest });
}

/** Ends a drive in flight and plans the next one `inMs` from now, or none with null. */
export async function planDrive(
  ctx: MutationCtx,
  drive: DriveRow,
  next: { attempts: number; inMs: number | null },
): Promise<void> {
  const { attempts, inMs } = next;
  const job =
    inMs === null ? { due_at: null, lease: null, again: false } : await newJob(ctx, drive, drive.again ? 0 : inMs);
  await ctx.db.patch("instance_drives", drive._id, { attempts, ...job });
}

/** Begins a drive anew that was lost, whether it was on its way or in flight. */
export async function driveAgain(ctx: MutationCtx, drive: DriveRow): Promise<void> {
  await ctx.db.patch("instance_drives", drive._id, await newJob(ctx, drive, 0));
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
  await driveAgain(ctx, drive);
}

/** True where the job of a drive in flight is over without having said so: it died with its process. */
export async function diedInFlight(ctx: QueryCtx, drive: DriveRow): Promise<boolean> {
  if (drive.lease === null || drive.job === null) return false;
  const job = await ctx.db.system.get("_scheduled_functions", drive.job);
  return job === null || (job.state.kind !== "pending" && job.state.kind !== "inProgress");
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

/** Schedules a drive under the next ticket, which makes every earlier one void. What it gives goes onto the row. */
async function newJob(
  ctx: MutationCtx,
  before: { instance_id: string; generation: number; ticket: number },
  inMs: number,
): Promise<Pick<DriveRow, "ticket" | "job" | "due_at" | "lease" | "again">> {
  const { instance_id, generation } = before;
  const ticket = before.ticket + 1;
  const job = await ctx.scheduler.runAfter(inMs, internal.drives.drive, { instance_id, generation, ticket });
  return { ticket, job, due_at: Date.now() + inMs, lease: null, again: false };
}
