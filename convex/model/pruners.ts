import type { TableNames } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { PRUNE_ROWS, RETENTION, ROUTINE_AUDIT_KEEP_MS } from "../lib/retention.ts";

/** Deletes at most `PRUNE_ROWS` rows of one kind, oldest first, and says how many. */
export interface Pruner {
  table: TableNames;
  prune(ctx: MutationCtx, now: number): Promise<number>;
}

/** One for each ephemeral table of `RETENTION` (two where rows of a table are kept for different times). */
export const PRUNERS: readonly Pruner[] = [
  {
    table: "sessions",
    async prune(ctx, now) {
      const rows = await ctx.db
        .query("sessions")
        .withIndex("by_expires_at", (q) => q.lt("expires_at", now - keepOf("sessions")))
        .take(PRUNE_ROWS);
      for (const row of rows) await ctx.db.delete("sessions", row._id);
      return rows.length;
    },
  },
  { table: "audit_log", prune: (ctx, now) => pruneAudit(ctx, false, now - keepOf("audit_log")) },
  { table: "audit_log", prune: (ctx, now) => pruneAudit(ctx, true, now - ROUTINE_AUDIT_KEEP_MS) },
  {
    table: "secret_rotations",
    async prune(ctx, now) {
      const rows = await ctx.db
        .query("secret_rotations")
        .withIndex("by_updated_at", (q) => q.lt("updated_at", now - keepOf("secret_rotations")))
        .take(PRUNE_ROWS);
      for (const row of rows) await ctx.db.delete("secret_rotations", row._id);
      return rows.length;
    },
  },
];

async function pruneAudit(ctx: MutationCtx, routine: boolean, before: number): Promise<number> {
  const rows = await ctx.db
    .query("audit_log")
    .withIndex("by_routine_created_at", (q) => q.eq("routine", routine).lt("created_at", before))
    .take(PRUNE_ROWS);
  for (const row of rows) await ctx.db.delete("audit_log", row._id);
  return rows.length;
}

function keepOf(table: TableNames): number {
  const retention = RETENTION[table];
  return retention.kind === "ephemeral" ? retention.keepMs : Number.POSITIVE_INFINITY;
}
