import {
  type AccountStanding,
  type BillingSummary,
  type LedgerEntry,
  type LedgerPosting,
  microOfUsd,
  microUsd,
  usdOfMicro,
} from "@oa/contract";
import { paginationOptsValidator, type PaginationResult } from "convex/server";
import { v } from "convex/values";
import { internalMutation, internalQuery, query } from "./_generated/server.js";
import { requireUser } from "./lib/access.ts";
import { balanceLevel, creditSettings } from "./lib/creditSettings.ts";
import { totalsOf } from "./lib/ledgerRules.ts";
import { pageOf } from "./lib/paging.ts";
import { ledgerMeta } from "./lib/validators.ts";
import { grantMonth } from "./model/grants.ts";
import { ledgerEntries } from "./model/history.ts";
import { accountOf, billingSummaryOf, postLedger } from "./model/ledger.ts";

/** The signed-in user's balance: one document, however long the ledger is. */
export const myBalance = query({
  args: {},
  handler: async (ctx): Promise<BillingSummary> => {
    const user = await requireUser(ctx);
    return await billingSummaryOf(ctx, user._id);
  },
});

/** The signed-in user's account: what can be spent, what is held for how many calls, what came and went. One document. */
export const myStanding = query({
  args: {},
  handler: async (ctx): Promise<AccountStanding> => {
    const user = await requireUser(ctx);
    const totals = totalsOf(await accountOf(ctx, user._id));
    return {
      status: totals.status,
      posted_microusd: microUsd(totals.posted_microusd),
      held_microusd: microUsd(totals.held_microusd),
      available_microusd: microUsd(totals.posted_microusd - totals.held_microusd),
      lifetime_credit_microusd: microUsd(totals.lifetime_credit_microusd),
      lifetime_debit_microusd: microUsd(totals.lifetime_debit_microusd),
      open_holds: totals.open_holds,
      balance_level: balanceLevel(totals.posted_microusd, creditSettings(process.env)),
    };
  },
});

/** A ledger row as its owner sees it; with the seed's amount in dollars. */
export type MyLedgerEntry = LedgerEntry & { amount_usd: number };

/** The signed-in user's ledger, newest first, each row in words. */
export const myLedger = query({
  args: { paginationOpts: paginationOptsValidator },
  handler: async (ctx, { paginationOpts }): Promise<PaginationResult<MyLedgerEntry>> => {
    const user = await requireUser(ctx);
    const rows = await ctx.db
      .query("credit_ledger")
      .withIndex("by_user_id_seq", (q) => q.eq("user_id", user._id))
      .order("desc")
      .paginate(pageOf(paginationOpts));
    const entries = await ledgerEntries(ctx, rows.page);
    return { ...rows, page: entries.map(inDollars) };
  },
});

function inDollars(entry: LedgerEntry): MyLedgerEntry {
  return { ...entry, amount_usd: usdOfMicro(entry.amount_microusd) };
}

/** A user's balance for the control plane: what was posted, what is held, what is left. One document. */
export const getCreditBalance = internalQuery({
  args: { user_id: v.string() },
  handler: async (ctx, args): Promise<BillingSummary> => await billingSummaryOf(ctx, args.user_id),
});

/**
 * Grants a month's credits once: `period` is a UTC month, `YYYY-MM`; the same month again changes nothing. What is not spent of
 * it lapses when the next month begins.
 */
export const grantMonthlyCredits = internalMutation({
  args: { user_id: v.string(), period: v.string(), amount_usd: v.number() },
  handler: async (ctx, args): Promise<LedgerPosting> =>
    await grantMonth(ctx, args.user_id, args.period, microOfUsd(args.amount_usd)),
});

/**
 * Burns credits, to the micro-dollar, once for each key. Refused with `insufficient_credits` where the available balance
 * does not cover it, and with `invalid_request` where it is less than half a micro-dollar: nothing is ever burnt for free.
 */
export const burnCredits = internalMutation({
  args: {
    user_id: v.string(),
    amount_usd: v.number(),
    idempotency_key: v.string(),
    meta: v.optional(ledgerMeta),
  },
  handler: async (ctx, args): Promise<LedgerPosting> => {
    const burnt: number = microOfUsd(args.amount_usd);
    return await postLedger(ctx, {
      userId: args.user_id,
      kind: "usage",
      amount: microUsd(-burnt),
      // Callers choose these keys: a prefix keeps them apart from the keys of grants and payments.
      idempotencyKey: `burn:${args.idempotency_key}`,
      meta: args.meta,
    });
  },
});
