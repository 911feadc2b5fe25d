import { type BillingSummary, type LedgerKind, type MicroUsd, microUsd, usdOfMicro } from "@oa/contract";
import { paginationOptsValidator, type PaginationResult } from "convex/server";
import { query } from "./_generated/server.js";
import { requireUser } from "./lib/access.ts";
import { pageOf } from "./lib/paging.ts";
import { billingSummaryOf } from "./model/ledger.ts";

/** The signed-in user's balance: one document, however long the ledger is. */
export const myBalance = query({
  args: {},
  handler: async (ctx): Promise<BillingSummary> => {
    const user = await requireUser(ctx);
    return await billingSummaryOf(ctx, user._id);
  },
});

/** A ledger row as its owner sees it. */
export interface MyLedgerEntry {
  seq: number;
  kind: LedgerKind;
  amount_usd: number;
  amount_microusd: MicroUsd;
  balance_after_microusd: MicroUsd;
  meta: Record<string, string | number | boolean | null>;
  created_at: number;
}

/** The signed-in user's ledger, newest first. */
export const myLedger = query({
  args: { paginationOpts: paginationOptsValidator },
  handler: async (ctx, { paginationOpts }): Promise<PaginationResult<MyLedgerEntry>> => {
    const user = await requireUser(ctx);
    const rows = await ctx.db
      .query("credit_ledger")
      .withIndex("by_user_id_seq", (q) => q.eq("user_id", user._id))
      .order("desc")
      .paginate(pageOf(paginationOpts));
    const page = rows.page.map((row) => {
      const amount = microUsd(row.amount_microusd);
      return {
        seq: row.seq,
        kind: row.kind,
        amount_usd: usdOfMicro(amount),
        amount_microusd: amount,
        balance_after_microusd: microUsd(row.balance_after_microusd),
        meta: row.meta ?? {},
        created_at: row.created_at,
      };
    });
    return { ...rows, page };
  },
});
