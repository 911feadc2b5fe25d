import { paginationOptsValidator, type PaginationResult } from "convex/server";
import { v } from "convex/values";
import { internal } from "./_generated/api.js";
import type { Doc } from "./_generated/dataModel.js";
import { type ActionCtx, internalAction, internalMutation, internalQuery, query } from "./_generated/server.js";
import { requireAdmin } from "./lib/access.ts";
import { apiError } from "./lib/errors.ts";
import { pageOf } from "./lib/paging.ts";
import type { Checkpoint } from "./lib/reconcilePlan.ts";
import { dayOf } from "./lib/utcDays.ts";
import { raiseAlert } from "./model/alerts.ts";
import { type AccountLook, lookAtAccount, lookAtKey } from "./model/books.ts";
import { isEmpty, lookAtSuspension } from "./model/emptyBalances.ts";

/**
 * The nightly proof that the books are right: of every account that its ledger adds up to what is posted and its open holds to what
 * is held, of every living key that its windows are what its calls cost. What is found is an alert for the administrators,
 * one each night until it is mended, and a line in the log; nothing is mended by itself.
 *
 * Reads are queries, so that they never make a settlement wait. Progress is kept in `reconciliation_runs`, a page of accounts at a
 * time: a run that was lost goes on where it was, and a page that is proven twice does no harm.
 */

const PAGE_ACCOUNTS = 25;
/** A run hands over to a new one well before an action's time is up. */
const RUN_MS = 5 * 60 * 1000;
/** Findings that are kept one by one. */
const NAMED_FINDINGS = 20;

/** What a run has found. */
export type ReconciliationRun = Omit<Doc<"reconciliation_runs">, "_id" | "_creationTime" | "cursor">;

export const reconcile = internalAction({
  args: {},
  handler: async (ctx): Promise<{ accounts: number; keys: number; violations: number }> => {
    const handOverAt = Date.now() + RUN_MS;
    let run = await ctx.runMutation(internal.reconciliation.resume, {});
    while (run.state === "running" && Date.now() < handOverAt) {
      const page = await ctx.runQuery(internal.reconciliation.page, { cursor: run.cursor });
      const found = { accounts: page.users.length, keys: 0, findings: new Array<string>() };
      for (const userId of page.users) {
        const { keys, findings } = await proveUser(ctx, userId);
        found.keys += keys;
        found.findings.push(...findings.map((finding) => `${userId}: ${finding}`));
      }
      run = await ctx.runMutation(internal.reconciliation.advance, {
        id: run._id,
        from: run.cursor,
        to: page.next,
        ...found,
      });
    }
    if (run.state === "running") await ctx.scheduler.runAfter(0, internal.reconciliation.reconcile, {});
    return { accounts: run.accounts, keys: run.keys, violations: run.violations };
  },
});

async function proveUser(ctx: ActionCtx, userId: string): Promise<{ keys: number; findings: string[] }> {
  const start = await ctx.runQuery(internal.reconciliation.checkpointOf, { user_id: userId });
  let look: AccountLook = { proven: start, complete: false, findings: [] };
  while (!look.complete) {
    look = await ctx.runQuery(internal.reconciliation.account, { user_id: userId, from: look.proven });
  }
  const findings = [...look.findings];
  const keys = await ctx.runQuery(internal.reconciliation.keysOf, { user_id: userId });
  for (const key_id of keys) findings.push(...(await ctx.runQuery(internal.reconciliation.key, { key_id })));
  await ctx.runMutation(internal.reconciliation.conclude, { user_id: userId, proven: look.proven, findings });
  return { keys: keys.length, findings };
}

const checkpoint = v.object({ seq: v.number(), sum_microusd: v.number() });

/** The unfinished run, or a new one. */
export const resume = internalMutation({
  args: {},
  handler: async (ctx): Promise<Doc<"reconciliation_runs">> => {
    const unfinished = await ctx.db
      .query("reconciliation_runs")
      .withIndex("by_state", (q) => q.eq("state", "running"))
      .first();
    if (unfinished !== null) return unfinished;
    const now = Date.now();
    const id = await ctx.db.insert("reconciliation_runs", {
      state: "running",
      cursor: null,
      accounts: 0,
      keys: 0,
      violations: 0,
      findings: [],
      started_at: now,
      updated_at: now,
    });
    return await required(ctx.db.get("reconciliation_runs", id));
  },
});

/** The users of the next accounts; `next` is null after the last. */
export const page = internalQuery({
  args: { cursor: v.union(v.string(), v.null()) },
  handler: async (ctx, args): Promise<{ users: string[]; next: string | null }> => {
    const rows = await ctx.db.query("credit_accounts").paginate({ cursor: args.cursor, numItems: PAGE_ACCOUNTS });
    return { users: rows.page.map(({ user_id }) => user_id), next: rows.isDone ? null : rows.continueCursor };
  },
});

/** How far a ledger was proven before. */
export const checkpointOf = internalQuery({
  args: { user_id: v.string() },
  handler: async (ctx, args): Promise<Checkpoint> => {
    const row = await ctx.db
      .query("ledger_checkpoints")
      .withIndex("by_user_id", (q) => q.eq("user_id", args.user_id))
      .unique();
    return { seq: row?.seq ?? 0, sum_microusd: row?.sum_microusd ?? 0 };
  },
});

export const account = internalQuery({
  args: { user_id: v.string(), from: checkpoint },
  handler: async (ctx, args): Promise<AccountLook> => await lookAtAccount(ctx, args.user_id, args.from, Date.now()),
});

/** Living keys of a user; bounded by `MAX_PROVISIONED_KEYS`. */
export const keysOf = internalQuery({
  args: { user_id: v.string() },
  handler: async (ctx, args): Promise<string[]> => {
    const keys = await ctx.db
      .query("provisioned_keys")
      .withIndex("by_user_id_revoked_at", (q) => q.eq("user_id", args.user_id).eq("revoked_at", undefined))
      .collect();
    return keys.map(({ key_id }) => key_id);
  },
});

export const key = internalQuery({
  args: { key_id: v.string() },
  handler: async (ctx, args): Promise<string[]> => {
    const row = await ctx.db
      .query("provisioned_keys")
      .withIndex("by_key_id", (q) => q.eq("key_id", args.key_id))
      .unique();
    return row === null ? [] : await lookAtKey(ctx, row, Date.now());
  },
});

/** Keeps how far a ledger is proven, tells what was found, and has an OpenClaw without credit looked at that slipped through. */
export const conclude = internalMutation({
  args: { user_id: v.string(), proven: checkpoint, findings: v.array(v.string()) },
  handler: async (ctx, args): Promise<null> => {
    const now = Date.now();
    const before = await ctx.db
      .query("ledger_checkpoints")
      .withIndex("by_user_id", (q) => q.eq("user_id", args.user_id))
      .unique();
    if (before === null) {
      await ctx.db.insert("ledger_checkpoints", { user_id: args.user_id, ...args.proven, proven_at: now });
    } else if (args.proven.seq > before.seq) {
      await ctx.db.patch("ledger_checkpoints", before._id, { ...args.proven, proven_at: now });
    }
    if (await isEmpty(ctx, args.user_id)) await lookAtSuspension(ctx, args.user_id);
    const [first, ...more] = args.findings;
    if (first === undefined) return null;
    console.error(
      JSON.stringify({
        level: "error",
        event: "ledger_mismatch",
        user_id: args.user_id,
        findings: args.findings.slice(0, NAMED_FINDINGS),
      }),
    );
    const finding = more.length === 0 ? first : `${first} (and ${more.length} more)`;
    await raiseAlert(ctx, {
      userId: args.user_id,
      subject: dayOf(now),
      facts: { kind: "ledger_mismatch", user: args.user_id, finding },
    });
    return null;
  },
});

/** Writes a page's counts. Of two runs that did the same page, the second changes nothing. */
export const advance = internalMutation({
  args: {
    id: v.id("reconciliation_runs"),
    from: v.union(v.string(), v.null()),
    to: v.union(v.string(), v.null()),
    accounts: v.number(),
    keys: v.number(),
    findings: v.array(v.string()),
  },
  handler: async (ctx, args): Promise<Doc<"reconciliation_runs">> => {
    const run = await required(ctx.db.get("reconciliation_runs", args.id));
    if (run.state === "finished" || run.cursor !== args.from) return run;
    await ctx.db.patch("reconciliation_runs", run._id, {
      state: args.to === null ? "finished" : "running",
      cursor: args.to,
      accounts: run.accounts + args.accounts,
      keys: run.keys + args.keys,
      violations: run.violations + args.findings.length,
      findings: [...run.findings, ...args.findings].slice(0, NAMED_FINDINGS),
      updated_at: Date.now(),
    });
    return await required(ctx.db.get("reconciliation_runs", run._id));
  },
});

/** Past nights, newest first, for administrators. */
export const runs = query({
  args: { paginationOpts: paginationOptsValidator },
  handler: async (ctx, { paginationOpts }): Promise<PaginationResult<ReconciliationRun>> => {
    await requireAdmin(ctx);
    const rows = await ctx.db
      .query("reconciliation_runs")
      .withIndex("by_started_at")
      .order("desc")
      .paginate(pageOf(paginationOpts));
    const shown = rows.page.map(({ _id, _creationTime, cursor: _cursor, ...run }) => run);
    return { ...rows, page: shown };
  },
});

async function required<T>(found: Promise<T | null>): Promise<T> {
  const row = await found;
  if (row === null) throw apiError("internal", "The run that was just written cannot be read.");
  return row;
}
