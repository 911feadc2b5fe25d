import { type LedgerEntry, type LedgerKind, microUsd } from "@oa/contract";
import type { Doc } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { type CallFacts, describeRow, HISTORY_TYPE } from "../lib/ledgerText.ts";
import { accountOf } from "./ledger.ts";
import { keyNamesOf } from "./usageRead.ts";

/** The ledger as it is listed: stretches of it, newest first, and rows in words. */

type Row = Doc<"credit_ledger">;

export interface Stretch {
  offset: number;
  limit: number;
}

/** A stretch of a user's whole ledger and its length: `limit` rows and the account, however far back. */
export async function ledgerStretch(
  ctx: QueryCtx,
  userId: string,
  { offset, limit }: Stretch,
): Promise<{ rows: Row[]; total: number }> {
  const total = (await accountOf(ctx, userId))?.seq ?? 0;
  const newest = total - offset;
  const rows = await ctx.db
    .query("credit_ledger")
    .withIndex("by_user_id_seq", (q) =>
      q
        .eq("user_id", userId)
        .gt("seq", newest - limit)
        .lte("seq", newest),
    )
    .order("desc")
    .collect();
  return { rows, total };
}

/** A stretch of the rows of some kinds and their number: reads at most `offset + limit` rows and one more of each kind. */
export async function kindsStretch(
  ctx: QueryCtx,
  userId: string,
  kinds: readonly LedgerKind[],
  { offset, limit }: Stretch,
): Promise<{ rows: Row[]; total: number }> {
  const counts = (await accountOf(ctx, userId))?.rows_by_kind;
  const streams = kinds.map((kind) => newestOfKind(ctx, userId, kind));
  const heads = await Promise.all(streams.map(async (stream) => await next(stream)));
  const rows: Row[] = [];
  for (let taken = 0; taken < offset + limit; taken += 1) {
    const newest = heads.reduce((best, row) => ((row?.seq ?? 0) > (best?.seq ?? 0) ? row : best), null);
    if (newest === null) break;
    if (taken >= offset) rows.push(newest);
    const from = heads.indexOf(newest);
    const stream = streams[from];
    heads[from] = stream === undefined ? null : await next(stream);
  }
  // Not counted yet, in an account from before there were counts: what has been seen is the least there is.
  const seen = offset + rows.length + (heads.some((row) => row !== null) ? 1 : 0);
  const total = counts === undefined ? seen : kinds.reduce((sum, kind) => sum + (counts[kind] ?? 0), 0);
  return { rows, total };
}

function newestOfKind(ctx: QueryCtx, userId: string, kind: LedgerKind): AsyncIterator<Row> {
  const rows = ctx.db
    .query("credit_ledger")
    .withIndex("by_user_id_kind", (q) => q.eq("user_id", userId).eq("kind", kind))
    .order("desc");
  return rows[Symbol.asyncIterator]();
}

async function next(stream: AsyncIterator<Row>): Promise<Row | null> {
  const step = await stream.next();
  return step.done === true ? null : step.value;
}

/** Rows as their owner reads them; one more document for each call, which knows what it was. */
export async function ledgerEntries(ctx: QueryCtx, rows: readonly Row[]): Promise<LedgerEntry[]> {
  const names = await keyNamesOf(
    ctx,
    rows.map(({ key_id }) => key_id),
  );
  return await Promise.all(
    rows.map(async (row) => ({
      seq: row.seq,
      kind: row.kind,
      type: HISTORY_TYPE[row.kind],
      amount_microusd: microUsd(row.amount_microusd),
      balance_after_microusd: microUsd(row.balance_after_microusd),
      description: describeRow(row, await callOf(ctx, row, names)),
      hold_id: row.hold_id ?? null,
      created_at: row.created_at,
    })),
  );
}

async function callOf(ctx: QueryCtx, row: Row, names: ReadonlyMap<string, string>): Promise<CallFacts | null> {
  const { hold_id: holdId, key_id: keyId } = row;
  if (holdId === undefined) return null;
  const event = await ctx.db
    .query("usage_events")
    .withIndex("by_hold_id", (q) => q.eq("hold_id", holdId))
    .unique();
  if (event === null) return null;
  const key = keyId === undefined ? null : (names.get(keyId) ?? keyId);
  return { model: event.model, input: event.usage.input, output: event.usage.output, key };
}
