import type { AuditEventRequest } from "@oa/contract";
import type { MutationCtx } from "../_generated/server.js";

/** Acts of the platform on its own behalf: many, and of interest only after an incident. */
const ROUTINE_ACTIONS: ReadonlySet<string> = new Set(["secret.read", "secret.rotate"]);

/**
 * Appends one row to the audit log, stamped with this mutation's time. The same act with the same result is written once,
 * so that a caller who lost the answer may say it again. Nothing here may ever be a secret.
 */
export async function recordAudit(ctx: MutationCtx, event: AuditEventRequest): Promise<void> {
  const before = await ctx.db
    .query("audit_log")
    .withIndex("by_act_id", (q) => q.eq("act_id", event.act_id).eq("result", event.result))
    .first();
  if (before !== null && before.subject_user_id === event.subject_user_id && before.action === event.action) return;
  await ctx.db.insert("audit_log", { ...event, routine: ROUTINE_ACTIONS.has(event.action), created_at: Date.now() });
}
