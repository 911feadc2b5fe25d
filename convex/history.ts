import { HistoryType, type LedgerEntry } from "@oa/contract";
import { v } from "convex/values";
import { internalQuery } from "./_generated/server.js";
import { exportPageOf, exportRange } from "./lib/exports.ts";
import { kindsOf } from "./lib/ledgerText.ts";
import { kindsStretch, ledgerEntries, ledgerStretch } from "./model/history.ts";

/** The ledger for the control plane: listed by offset, and exported page by page. */

/** Newest first, of all kinds or of one group's, with how many there are. */
export const page = internalQuery({
  args: {
    user_id: v.string(),
    limit: v.number(),
    offset: v.number(),
    type: v.optional(v.union(...HistoryType.options.map((type) => v.literal(type)))),
  },
  handler: async (ctx, { user_id, type, ...stretch }): Promise<{ entries: LedgerEntry[]; total: number }> => {
    const { rows, total } =
      type === undefined
        ? await ledgerStretch(ctx, user_id, stretch)
        : await kindsStretch(ctx, user_id, kindsOf(type), stretch);
    return { entries: await ledgerEntries(ctx, rows), total };
  },
});

/** One page of a user's ledger, oldest first, between two days. */
export const exportPage = internalQuery({
  args: {
    user_id: v.string(),
    cursor: v.optional(v.string()),
    from: v.optional(v.string()),
    to: v.optional(v.string()),
  },
  handler: async (ctx, args): Promise<{ entries: LedgerEntry[]; cursor: string | null }> => {
    const { start, end } = exportRange(args);
    const rows = await ctx.db
      .query("credit_ledger")
      .withIndex("by_user_id_created_at", (q) =>
        q.eq("user_id", args.user_id).gte("created_at", start).lt("created_at", end),
      )
      .paginate(exportPageOf(args));
    return { entries: await ledgerEntries(ctx, rows.page), cursor: rows.isDone ? null : rows.continueCursor };
  },
});
