import { Migrations } from "@convex-dev/migrations";
import { createFunctionHandle, type FunctionReference, getFunctionName } from "convex/server";
import { v } from "convex/values";
import { components, internal } from "./_generated/api.js";
import type { DataModel } from "./_generated/dataModel.js";
import { internalMutation } from "./_generated/server.js";
import { SIGNUP_PRIORITY } from "./model/grants.ts";

/**
 * Brings rows that older versions have written to what the present one writes. Started by a cron, so that a deployment needs nothing
 * but itself; each migration is done once, remembers how far it has come, and does no harm to rows that are as they should be.
 */
const migrations = new Migrations<DataModel>(components.migrations, { internalMutation });

/**
 * Starts what is not done, one after the other. The component is asked itself: what its client gives as the type of a migration does
 * not fit what it takes, where optional fields are exact.
 */
export const runAll = internalMutation({
  args: {},
  handler: async (ctx): Promise<null> => {
    const { fillAccounts, grantRows, grantedIdentities } = internal.migrations;
    const [first, ...next] = await Promise.all([fillAccounts, grantRows, grantedIdentities].map(handleOf));
    if (first === undefined) return null;
    await ctx.runMutation(components.migrations.lib.migrate, { ...first, next, dryRun: false });
    return null;
  },
});

async function handleOf(migration: FunctionReference<"mutation", "internal">) {
  return { name: getFunctionName(migration), fnHandle: await createFunctionHandle(migration) };
}

/** Ledger rows one transaction counts. */
const COUNTED_ROWS = 1000;

/** Accounts from before there were holds: what holds need, and how many rows there are of each kind. */
export const fillAccounts = migrations.define({
  table: "credit_accounts",
  batchSize: 20,
  async migrateOne(ctx, account) {
    if (account.rows_by_kind === undefined) {
      await ctx.scheduler.runAfter(0, internal.migrations.countRows, { account_id: account._id, to: 0, counts: {} });
    }
    return {
      open_holds: account.open_holds ?? 0,
      status: account.status ?? "active",
      overrun_microusd: account.overrun_microusd ?? 0,
    };
  },
});

/**
 * Counts a ledger from row `to` on, however long it is, and with its last row writes what it counted: in one transaction with the
 * account, so that a row that is posted meanwhile is neither missed nor counted twice.
 */
export const countRows = internalMutation({
  args: { account_id: v.id("credit_accounts"), to: v.number(), counts: v.record(v.string(), v.number()) },
  handler: async (ctx, { account_id, to, counts }): Promise<null> => {
    const account = await ctx.db.get("credit_accounts", account_id);
    if (account === null || account.rows_by_kind !== undefined) return null;
    const rows = await ctx.db
      .query("credit_ledger")
      .withIndex("by_user_id_seq", (q) => q.eq("user_id", account.user_id).gt("seq", to))
      .take(COUNTED_ROWS);
    const counted = { ...counts };
    for (const { kind } of rows) counted[kind] = (counted[kind] ?? 0) + 1;
    const last = rows.at(-1);
    if (last !== undefined && rows.length === COUNTED_ROWS) {
      const next = { account_id, to: last.seq, counts: counted };
      await ctx.scheduler.runAfter(0, internal.migrations.countRows, next);
    } else {
      await ctx.db.patch("credit_accounts", account_id, { rows_by_kind: counted });
    }
    return null;
  },
});

/** Welcome credits from before grants had rows of their own. They never lapse, as it was promised then. */
export const grantRows = migrations.define({
  table: "users",
  async migrateOne(ctx, user) {
    const key = `signup:${user._id}`;
    const posted = await ctx.db
      .query("credit_ledger")
      .withIndex("by_user_id_idempotency_key", (q) => q.eq("user_id", user._id).eq("idempotency_key", key))
      .unique();
    const rows = await ctx.db
      .query("credit_grants")
      .withIndex("by_user_id", (q) => q.eq("user_id", user._id))
      .collect();
    if (posted === null || rows.some(({ kind }) => kind === "signup_grant")) return;
    await ctx.db.insert("credit_grants", {
      user_id: user._id,
      kind: "signup_grant",
      amount_microusd: posted.amount_microusd,
      debit_baseline_microusd: 0,
      priority: SIGNUP_PRIORITY,
      created_at: posted.created_at,
    });
  },
});

/** Accounts at providers that were linked before it was kept who has had the welcome credit. */
export const grantedIdentities = migrations.define({
  table: "identities",
  async migrateOne(ctx, { provider, subject, user_id, linked_at }) {
    const before = await ctx.db
      .query("granted_identities")
      .withIndex("by_provider_subject", (q) => q.eq("provider", provider).eq("subject", subject))
      .unique();
    if (before === null) {
      await ctx.db.insert("granted_identities", { provider, subject, user_id, created_at: linked_at });
    }
  },
});
