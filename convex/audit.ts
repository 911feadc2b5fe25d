import type { AuditEventRequest } from "@oa/contract";
import { paginationOptsValidator, type PaginationResult } from "convex/server";
import { v } from "convex/values";
import { internalMutation, query } from "./_generated/server.js";
import { requireUser } from "./lib/access.ts";
import { pageOf } from "./lib/paging.ts";
import { auditResult, auditVia } from "./lib/validators.ts";
import { recordAudit } from "./model/auditLog.ts";

/** One line of the audit log as the person it is about sees it. */
export interface MyAuditEvent {
  /** Joins the line written before an act with the one that tells its outcome. */
  act_id: string;
  action: string;
  target: string | null;
  via: AuditEventRequest["via"];
  result: AuditEventRequest["result"];
  code: string | null;
  ip: string | null;
  created_at: number;
}

/** What was done to the signed-in user's account and instance, newest first. */
export const myEvents = query({
  args: { paginationOpts: paginationOptsValidator },
  handler: async (ctx, { paginationOpts }): Promise<PaginationResult<MyAuditEvent>> => {
    const user = await requireUser(ctx);
    const rows = await ctx.db
      .query("audit_log")
      .withIndex("by_subject_routine", (q) => q.eq("subject_user_id", user._id).eq("routine", false))
      .order("desc")
      .paginate(pageOf(paginationOpts));
    const page = rows.page.map((row) => ({
      act_id: row.act_id,
      action: row.action,
      target: row.target,
      via: row.via,
      result: row.result,
      code: row.code,
      // Where an administrator sits is nobody else's concern.
      ip: row.action.startsWith("admin.") ? null : row.ip,
      created_at: row.created_at,
    }));
    return { ...rows, page };
  },
});

/** Appends a line for an act of the Worker; the same act and result again is written once. */
export const record = internalMutation({
  args: {
    act_id: v.string(),
    actor: v.string(),
    via: auditVia,
    subject_user_id: v.string(),
    action: v.string(),
    target: v.union(v.string(), v.null()),
    result: auditResult,
    code: v.union(v.string(), v.null()),
    ip: v.union(v.string(), v.null()),
    request_id: v.string(),
  },
  handler: async (ctx, event): Promise<{ recorded: boolean }> => {
    await recordAudit(ctx, event);
    return { recorded: true };
  },
});
