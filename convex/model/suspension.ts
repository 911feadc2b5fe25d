import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { creditSettings } from "../lib/creditSettings.ts";
import { planSuspension } from "../lib/suspensionPlan.ts";
import { raiseAlert } from "./alerts.ts";
import { recordAudit } from "./auditLog.ts";
import { claim } from "./claims.ts";
import { driveNow } from "./drives.ts";
import { emptyBalanceOf, isEmpty, keepEmptyBalance } from "./emptyBalances.ts";
import { instanceOfUser } from "./instances.ts";
import { reportStatus } from "./status.ts";

type InstanceRow = Doc<"openclaw_instances">;

/** What the owner reads while it sleeps. */
const ASLEEP =
  "Your credits are used up, so your OpenClaw is asleep; its data is kept. It wakes by itself when you top up or store a provider key of your own.";

/**
 * Looks at a user's OpenClaw and balance, and does what `lib/suspensionPlan.ts` says. Doing it again changes nothing, so that every
 * cause may ask for it: a posting, a start, a stored key, the clock.
 */
export async function checkSuspension(ctx: MutationCtx, userId: string): Promise<void> {
  const row = await instanceOfUser(ctx, userId);
  const living = row === null || row.status === "deleted" || row.desired === "deleted" ? null : row;
  const watch = await emptyBalanceOf(ctx, userId);
  if (living === null && watch === null) return;
  const plan = planSuspension({
    empty: await isEmpty(ctx, userId),
    instance: living === null ? null : { ...living, ownKeys: living.provider_keys_encrypted !== undefined },
    watch,
    now: Date.now(),
    graceMs: creditSettings(process.env).graceMs,
  });
  await keepEmptyBalance(ctx, userId, watch, plan.watch);
  if (living === null || plan.act === "none") return;
  if (plan.act === "resume") return await resume(ctx, living);
  const { since, suspend_at: suspendAt } = plan.watch ?? { since: 0, suspend_at: 0 };
  if (plan.act === "suspend") await suspend(ctx, living);
  const done = plan.act === "suspend";
  await raiseAlert(ctx, {
    userId,
    subject: `${living.instance_id}:${since}:${done ? "asleep" : "warned"}`,
    facts: { kind: "suspension", suspendAt, done },
  });
}

async function suspend(ctx: MutationCtx, row: InstanceRow): Promise<void> {
  const asleep = await reportStatus(ctx, row, { status: "suspended", reason: ASLEEP });
  await driveNow(ctx, asleep);
  await record(ctx, asleep, "instance.suspend");
}

/** A new generation, as if its owner had asked: every command of before is stale. */
async function resume(ctx: MutationCtx, row: InstanceRow): Promise<void> {
  const { row: awake } = await claim(ctx, {
    userId: row.user_id,
    desired: "running",
    newInstanceId: row.instance_id,
  });
  await record(ctx, awake, "instance.resume");
}

async function record(ctx: MutationCtx, row: InstanceRow, action: string): Promise<void> {
  const actId = `${action}:${row.instance_id}:${row.generation}`;
  await recordAudit(ctx, {
    act_id: actId,
    actor: "system",
    via: "system",
    subject_user_id: row.user_id,
    action,
    target: row.instance_id,
    result: "ok",
    code: null,
    ip: null,
    request_id: actId,
  });
}
