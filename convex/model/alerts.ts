import type { CreditAlert } from "@oa/contract";
import { internal } from "../_generated/api.js";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { type AlertFacts, alertText } from "../lib/alertText.ts";

/** Alerts: the only place that raises one. */
export interface Alert {
  /** Whose money it is about. */
  userId: string;
  facts: AlertFacts;
  /** With user and kind: what it is about. Each level of a subject is told once, ever. */
  subject: string;
  level?: number;
  keyId?: string;
}

/** A mail that nobody has begun to send by then was lost on its way, and is begun again. */
const LOST_MS = 60_000;

/** Raises an alert and has it mailed, unless it was raised before, or a higher level of it. True where it is new. */
export async function raiseAlert(ctx: MutationCtx, { userId, facts, subject, level, keyId }: Alert): Promise<boolean> {
  const raised = await ctx.db
    .query("credit_alerts")
    .withIndex("by_user_id_kind_subject", (q) => q.eq("user_id", userId).eq("kind", facts.kind).eq("subject", subject))
    .collect();
  if (raised.some((before) => (before.level ?? 0) >= (level ?? 0))) return false;
  const now = Date.now();
  const id = await ctx.db.insert("credit_alerts", {
    user_id: userId,
    kind: facts.kind,
    subject,
    level: level ?? null,
    key_id: keyId ?? null,
    ...alertText(facts),
    created_at: now,
    mail_attempts: 0,
    mail_due_at: now + LOST_MS,
  });
  await ctx.scheduler.runAfter(0, internal.alertMail.send, { alert_id: id });
  return true;
}

/** An alert as it is shown. */
export function alertView(row: Doc<"credit_alerts">): CreditAlert {
  return {
    alert_id: row._id,
    kind: row.kind,
    level: row.level,
    key_hash: row.key_id,
    title: row.title,
    message: row.message,
    created_at: row.created_at,
    seen_at: row.seen_at ?? null,
  };
}
