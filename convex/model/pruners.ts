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
  { table: "sessions", prune: (ctx, now) => pruneExpired(ctx, "sessions", now) },
  { table: "refresh_families", prune: (ctx, now) => pruneExpired(ctx, "refresh_families", now) },
  { table: "refresh_tokens", prune: (ctx, now) => pruneExpired(ctx, "refresh_tokens", now) },
  { table: "auth_tickets", prune: (ctx, now) => pruneExpired(ctx, "auth_tickets", now) },
  { table: "sign_in_flows", prune: (ctx, now) => pruneExpired(ctx, "sign_in_flows", now) },
  {
    table: "auth_events",
    async prune(ctx, now) {
      const rows = await ctx.db
        .query("auth_events")
        .withIndex("by_created_at", (q) => q.lt("created_at", now - keepOf("auth_events")))
        .take(PRUNE_ROWS);
      for (const row of rows) await ctx.db.delete("auth_events", row._id);
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

/** Tables whose rows say themselves when they are over. */
type Expiring = "sessions" | "refresh_families" | "refresh_tokens" | "auth_tickets" | "sign_in_flows";

async function pruneExpired(ctx: MutationCtx, table: Expiring, now: number): Promise<number> {
  const rows = await ctx.db
    .query(table)
    .withIndex("by_expires_at", (q) => q.lt("expires_at", now - keepOf(table)))
    .take(PRUNE_ROWS);
  for (const row of rows) await ctx.db.delete(table, row._id);
  return rows.length;
}

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
