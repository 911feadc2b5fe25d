import { STEP_NAMES, type DesiredState, type InstanceStatus } from "@oa/contract";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { apiError } from "../lib/errors.ts";
import { planWish } from "../lib/wishes.ts";
import { startTimetable } from "./drives.ts";
import { lookAtSuspension, requireCreditToStart } from "./emptyBalances.ts";
import { instanceById, instanceOfUser, observationOf, stepsOf } from "./instances.ts";
import { patchRow } from "./status.ts";

type InstanceRow = Doc<"openclaw_instances">;

/** A wish, and a random id for the case that it needs one. The id is made in the calling action. */
export interface Claim {
  userId: string;
  desired: DesiredState;
  newInstanceId: string;
}

/**
 * Takes a wish: the only way a row comes to be or its wish changes. Serializable, so that any number of calls at once make
 * one row; a wish that stands already gives the row back as it is. A new wish is a new generation with steps of its own,
 * and is driven at once. Refuses with `no_instance` or `conflict` (`lib/wishes.ts`), and with `insufficient_credits` to start what
 * would be put to sleep at once.
 */
export async function claim(ctx: MutationCtx, given: Claim): Promise<{ row: InstanceRow; changed: boolean }> {
  const plan = planWish(await instanceOfUser(ctx, given.userId), given.desired);
  switch (plan.kind) {
    case "refused":
      throw apiError(plan.code, plan.message);
    case "unchanged":
      return { row: plan.row, changed: false };
    case "create":
      return { row: await begin(ctx, await create(ctx, given, plan.status)), changed: true };
    case "change": {
      const ownKeys = plan.row.provider_keys_encrypted !== undefined;
      if (given.desired === "running") await requireCreditToStart(ctx, given.userId, ownKeys);
      return { row: await begin(ctx, await moveOn(ctx, given, plan)), changed: true };
    }
  }
}

async function create(ctx: MutationCtx, given: Claim, status: InstanceStatus): Promise<InstanceRow> {
  const now = Date.now();
  const id = await ctx.db.insert("openclaw_instances", {
    user_id: given.userId,
    instance_id: await unusedId(ctx, given.newInstanceId),
    status,
    desired: given.desired,
    generation: 1,
    created_at: now,
    updated_at: now,
  });
  const row = await ctx.db.get("openclaw_instances", id);
  if (row === null) throw apiError("internal", "The row that was just written cannot be read.");
  return row;
}

async function moveOn(
  ctx: MutationCtx,
  given: Claim,
  { row, status, newInstance }: { row: InstanceRow; status: InstanceStatus; newInstance: boolean },
): Promise<InstanceRow> {
  // What was recorded of the generation before is not true of this one.
  for (const step of await stepsOf(ctx, row)) await ctx.db.delete("instance_steps", step._id);
  const observation = await observationOf(ctx, row.instance_id);
  if (observation !== null) await ctx.db.delete("instance_observations", observation._id);
  const now = Date.now();
  return await patchRow(ctx, row, {
    desired: given.desired,
    status,
    generation: row.generation + 1,
    reason: undefined,
    ...(newInstance && {
      instance_id: await unusedId(ctx, given.newInstanceId),
      created_at: now,
      last_ready_at: undefined,
    }),
  });
}

/** Steps for what is to be brought up, and the first drive. */
async function begin(ctx: MutationCtx, row: InstanceRow): Promise<InstanceRow> {
  const now = Date.now();
  const { instance_id, generation } = row;
  for (const name of row.desired === "running" ? STEP_NAMES : []) {
    const done =
      name === "claim" ? { state: "done" as const, started_at: now, finished_at: now } : { state: "pending" as const };
    await ctx.db.insert("instance_steps", { instance_id, generation, name, ...done });
  }
  await startTimetable(ctx, row);
  if (row.desired === "running") await lookAtSuspension(ctx, row.user_id);
  return row;
}

async function unusedId(ctx: MutationCtx, id: string): Promise<string> {
  if ((await instanceById(ctx, id)) !== null) throw apiError("conflict", "That instance id is in use. Try again.");
  return id;
}
