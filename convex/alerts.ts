import type { CreditAlert } from "@oa/contract";
import { paginationOptsValidator, type PaginationResult } from "convex/server";
import { v } from "convex/values";
import { internalMutation, query } from "./_generated/server.js";
import { requireAdmin, requireUser } from "./lib/access.ts";
import { apiError } from "./lib/errors.ts";
import { pageOf } from "./lib/paging.ts";
import { alertView } from "./model/alerts.ts";
import { checkCredits } from "./model/creditChecks.ts";

/** What people are told about their credits, and administrators about the books. */

/** Alerts the page shows at most. */
const SHOWN_ALERTS = 100;

/** The signed-in user's alerts: those not put away first, the newest of each first. */
export const mine = query({
  args: {},
  handler: async (ctx): Promise<CreditAlert[]> => {
    const user = await requireUser(ctx);
    const rows = await ctx.db
      .query("credit_alerts")
      .withIndex("by_user_id_created_at", (q) => q.eq("user_id", user._id))
      .order("desc")
      .take(SHOWN_ALERTS);
    // What does not add up is the operator's to mend, and nothing its owner could do anything about.
    const own = rows.filter(({ kind }) => kind !== "ledger_mismatch").map(alertView);
    return [...own.filter(({ seen_at }) => seen_at === null), ...own.filter(({ seen_at }) => seen_at !== null)];
  },
});

/** An alert for administrators, and whose account it is about. */
export interface AdminAlert {
  user_id: string;
  alert: CreditAlert;
}

/** What administrators are told: accounts whose books do not add up, newest first. */
export const forAdmins = query({
  args: { paginationOpts: paginationOptsValidator },
  handler: async (ctx, { paginationOpts }): Promise<PaginationResult<AdminAlert>> => {
    await requireAdmin(ctx);
    const rows = await ctx.db
      .query("credit_alerts")
      .withIndex("by_kind_created_at", (q) => q.eq("kind", "ledger_mismatch"))
      .order("desc")
      .paginate(pageOf(paginationOpts));
    return { ...rows, page: rows.page.map((row) => ({ user_id: row.user_id, alert: alertView(row) })) };
  },
});

/** Puts an alert of the user's away; `not_found` for one of nobody's or of someone else's. */
export const seen = internalMutation({
  args: { user_id: v.string(), alert_id: v.string() },
  handler: async (ctx, args): Promise<{ done: true }> => {
    const id = ctx.db.normalizeId("credit_alerts", args.alert_id);
    const alert = id === null ? null : await ctx.db.get("credit_alerts", id);
    if (alert === null || alert.user_id !== args.user_id) throw apiError("not_found", "You have no such alert.");
    if (alert.seen_at === undefined) await ctx.db.patch("credit_alerts", alert._id, { seen_at: Date.now() });
    return { done: true };
  },
});

/** Looks at a user's balance, and at the keys that were spent with; see `model/creditChecks.ts`. */
export const evaluate = internalMutation({
  args: { user_id: v.string(), key_ids: v.array(v.string()) },
  handler: async (ctx, args): Promise<null> => {
    await checkCredits(ctx, args.user_id, args.key_ids);
    return null;
  },
});
