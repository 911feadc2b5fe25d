import type { Id, TableNames } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { addToUsageCount } from "./usageDaily.ts";
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
  { table: "auth_events", prune: (ctx, now) => pruneCreated(ctx, "auth_events", now) },
  {
    table: "credit_holds",
    async prune(ctx, now) {
      const rows = await ctx.db
        .query("credit_holds")
        .withIndex("by_closed_at", (q) => q.gte("closed_at", 0).lt("closed_at", now - keepOf("credit_holds")))
        .take(PRUNE_ROWS);
      return await deleteRows(ctx, "credit_holds", rows);
    },
  },
  {
    table: "key_spend_windows",
    async prune(ctx, now) {
      const rows = await ctx.db
        .query("key_spend_windows")
        .withIndex("by_ends_at", (q) => q.gte("ends_at", 0).lt("ends_at", now - keepOf("key_spend_windows")))
        .take(PRUNE_ROWS);
      return await deleteRows(ctx, "key_spend_windows", rows);
    },
  },
  { table: "forgone_holds", prune: (ctx, now) => pruneCreated(ctx, "forgone_holds", now) },
  { table: "usage_events", prune: pruneUsageEvents },
  { table: "credit_alerts", prune: (ctx, now) => pruneCreated(ctx, "credit_alerts", now) },
  { table: "audit_log", prune: (ctx, now) => pruneAudit(ctx, false, now - keepOf("audit_log")) },
  { table: "audit_log", prune: (ctx, now) => pruneAudit(ctx, true, now - ROUTINE_AUDIT_KEEP_MS) },
  { table: "reconciliation_runs", prune: (ctx, now) => pruneUpdated(ctx, "reconciliation_runs", now) },
  { table: "secret_rotations", prune: (ctx, now) => pruneUpdated(ctx, "secret_rotations", now) },
];

/** Tables whose rows say themselves when they are over. */
type Expiring = "sessions" | "refresh_families" | "refresh_tokens" | "auth_tickets" | "sign_in_flows";

async function pruneExpired(ctx: MutationCtx, table: Expiring, now: number): Promise<number> {
  const rows = await ctx.db
    .query(table)
    .withIndex("by_expires_at", (q) => q.lt("expires_at", now - keepOf(table)))
    .take(PRUNE_ROWS);
  return await deleteRows(ctx, table, rows);
}

/** Tables whose rows are over a fixed time after they were made. */
type Aging = "auth_events" | "credit_alerts" | "forgone_holds";

async function pruneCreated(ctx: MutationCtx, table: Aging, now: number): Promise<number> {
  const rows = await ctx.db
    .query(table)
    .withIndex("by_created_at", (q) => q.lt("created_at", now - keepOf(table)))
    .take(PRUNE_ROWS);
  return await deleteRows(ctx, table, rows);
}

/** Tables of runs, which are over a fixed time after they last went on. */
type Running = "reconciliation_runs" | "secret_rotations";

async function pruneUpdated(ctx: MutationCtx, table: Running, now: number): Promise<number> {
  const rows = await ctx.db
    .query(table)
    .withIndex("by_updated_at", (q) => q.lt("updated_at", now - keepOf(table)))
    .take(PRUNE_ROWS);
  return await deleteRows(ctx, table, rows);
}

/** With the events goes their number, so that a user's list does not say it is longer than it is. */
async function pruneUsageEvents(ctx: MutationCtx, now: number): Promise<number> {
  const rows = await ctx.db
    .query("usage_events")
    .withIndex("by_created_at", (q) => q.lt("created_at", now - keepOf("usage_events")))
    .take(PRUNE_ROWS);
  for (const [userId, events] of Map.groupBy(rows, ({ user_id }) => user_id))
    await addToUsageCount(ctx, userId, -events.length);
  return await deleteRows(ctx, "usage_events", rows);
}

async function pruneAudit(ctx: MutationCtx, routine: boolean, before: number): Promise<number> {
  const rows = await ctx.db
    .query("audit_log")
    .withIndex("by_routine_created_at", (q) => q.eq("routine", routine).lt("created_at", before))
    .take(PRUNE_ROWS);
  return await deleteRows(ctx, "audit_log", rows);
}

async function deleteRows<Table extends TableNames>(
  ctx: MutationCtx,
  table: Table,
  rows: readonly { _id: Id<Table> }[],
): Promise<number> {
  for (const row of rows) await ctx.db.delete(table, row._id);
  return rows.length;
}

function keepOf(table: TableNames): number {
  const retention = RETENTION[table];
  return retention.kind === "ephemeral" ? retention.keepMs : Number.POSITIVE_INFINITY;
}
