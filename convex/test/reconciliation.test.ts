import { describe, expect, it, vi } from "vitest";
import { api, internal } from "../_generated/api.js";
import { windowAt } from "../lib/spendWindows.ts";
import { type Customer, customer, settle } from "./credits.testing.ts";

const KEY = "00112233445566aa";
const PAGE = { paginationOpts: { numItems: 10, cursor: null } };
const now = Date.now();
const DAY = windowAt("daily", now).id;

async function night(ada: Customer): Promise<{ accounts: number; keys: number; violations: number }> {
  const found = await ada.t.action(internal.reconciliation.reconcile, {});
  await settle(ada.t);
  return found;
}

/** What the last night has found, in words. */
async function findings(ada: Customer): Promise<string[]> {
  await night(ada);
  const runs = await ada.t.run(async (ctx) => await ctx.db.query("reconciliation_runs").order("desc").take(1));
  return (runs[0]?.findings ?? []).map((finding) => finding.replace(`${ada.id}: `, ""));
}

/** Ada with a key, calls with and without it, and a call under way: books that are right. */
async function spender(): Promise<Customer> {
  const ada = await customer();
  await ada.key(KEY, null);
  await ada.post("topup", 10);
  await ada.call({ hold: "hold-0000-000000001", cost: 1000 });
  await ada.call({ hold: "hold-0000-000000002", cost: 2000, key: KEY });
  await ada.call({ hold: "hold-0000-000000003", cost: 3000, key: KEY });
  for (const span of ["all", "daily", "weekly", "monthly"] as const) {
    await ada.window(KEY, windowAt(span, now).id, 5000, 700);
  }
  const windows = (["all", "daily", "weekly", "monthly"] as const).map((span) => windowAt(span, now).id);
  await ada.hold("hold-0000-000000004", 700, { key_id: KEY, windows });
  await ada.patchAccount({ held_microusd: 700, open_holds: 1 });
  return ada;
}

describe("the nightly proof", () => {
  it("finds nothing where the books are right, before and after the usage is added up, night after night", async () => {
    const ada = await spender();
    await customer("bob@example.com", ada.t);
    expect(await night(ada)).toEqual({ accounts: 2, keys: 1, violations: 0 });
    await ada.t.mutation(internal.usageRollup.rollUp, { before: Date.now() + 1000 });
    await settle(ada.t);
    expect(await night(ada)).toEqual({ accounts: 2, keys: 1, violations: 0 });
    expect(await ada.alerts()).toEqual([]);
  });

  it("finds a balance that is not the sum of its rows", async () => {
    const ada = await spender();
    await ada.patchAccount({ posted_microusd: 99 });
    expect(await findings(ada)).toEqual(["the account has 99 posted, its ledger adds up to 14994000"]);
  });

  it("finds a missing row, a doubled one, and one whose balance does not follow", async () => {
    for (const [title, corrupt] of [
      ["ledger row 3 is missing or doubled (found 4)", { seq: 3, to: null }],
      ["ledger row 4 is missing or doubled (found 3)", { seq: 4, to: { seq: 3 } }],
      ["ledger row 3 leaves 1, its amounts add up to 14999000", { seq: 3, to: { balance_after_microusd: 1 } }],
      ["ledger row 3 leaves 14999000, its amounts add up to 14999001", { seq: 3, to: { amount_microusd: -999 } }],
    ] as const) {
      const ada = await spender();
      await ada.t.run(async (ctx) => {
        const row = await ctx.db
          .query("credit_ledger")
          .withIndex("by_user_id_seq", (q) => q.eq("user_id", ada.id).eq("seq", corrupt.seq))
          .unique();
        if (row === null) return;
        if (corrupt.to === null) await ctx.db.delete("credit_ledger", row._id);
        else await ctx.db.patch("credit_ledger", row._id, corrupt.to);
      });
      expect(await findings(ada)).toEqual([title]);
    }
  });

  it("finds what is held for nobody, a wrong count, and a hold that outlived its time", async () => {
    const ada = await spender();
    await ada.patchAccount({ held_microusd: 800, open_holds: 3 });
    await ada.t.run(async (ctx) => {
      for (const hold of await ctx.db.query("credit_holds").collect()) {
        await ctx.db.patch("credit_holds", hold._id, { expires_at: now - 60 * 60 * 1000 });
      }
    });
    expect(await findings(ada)).toEqual([
      "the account has 800 held, its open holds add up to 700",
      "the account counts 3 open holds, there are 1",
      "hold hold-0000-000000004 is open long after its time",
    ]);
  });

  it.each(["before", "after"])("finds a window that is not what its calls cost, %s they are added up", async (when) => {
    const ada = await spender();
    if (when === "after") await ada.t.mutation(internal.usageRollup.rollUp, { before: Date.now() + 1000 });
    await ada.window(KEY, DAY, 4999, 0);
    expect(await findings(ada)).toEqual([
      `key ${KEY}: window ${DAY} has 0 held, its open holds add up to 700`,
      `key ${KEY}: window ${DAY} has 4999 spent, its calls add up to 5000`,
    ]);
  });

  it("tells the administrators each night until it is mended, not the owner, and logs it", async () => {
    const ada = await spender();
    vi.stubEnv("ADMIN_EMAILS", "root@example.com");
    const root = await customer("root@example.com", ada.t);
    await root.verify();
    await ada.patchAccount({ posted_microusd: 99 });
    await night(ada);
    await night(ada);
    const told = await root.page.query(api.alerts.forAdmins, PAGE);
    expect(told.page).toMatchObject([{ user_id: ada.id, alert: { kind: "ledger_mismatch" } }]);
    const runs = await root.page.query(api.reconciliation.runs, PAGE);
    expect(runs.page).toMatchObject([
      { state: "finished", accounts: 2, violations: 1 },
      { state: "finished", accounts: 2, violations: 1 },
    ]);
    await expect(ada.page.query(api.reconciliation.runs, PAGE)).rejects.toThrow(/administrators/);
    await ada.patchAccount({ posted_microusd: 14_994_000 });
    expect(await night(ada)).toMatchObject({ violations: 0 });
  });

  it("reads only what has come since the night before, and proves a ledger of any length", async () => {
    const ada = await customer();
    await ada.t.run(async (ctx) => {
      for (let seq = 2; seq <= 2500; seq += 1) {
        await ctx.db.insert("credit_ledger", {
          user_id: ada.id,
          kind: "usage",
          amount_usd: -0.000001,
          amount_microusd: -1,
          seq,
          balance_after_microusd: 5_000_001 - seq,
          idempotency_key: `usage:${seq}`,
          created_at: now,
        });
      }
    });
    await ada.patchAccount({ seq: 2500, posted_microusd: 4_997_501 });
    expect(await night(ada)).toMatchObject({ violations: 0 });
    const checkpoints = await ada.t.run(async (ctx) => await ctx.db.query("ledger_checkpoints").collect());
    expect(checkpoints).toMatchObject([{ seq: 2500, sum_microusd: 4_997_501 }]);
    await ada.call({ hold: "hold-0000-000000001", cost: 1 });
    expect(await night(ada)).toMatchObject({ violations: 0 });
  });

  it("goes on where it was when it was lost, and counts nobody twice", async () => {
    const ada = await customer();
    for (let index = 0; index < 60; index += 1) {
      await ada.t.run(async (ctx) => {
        await ctx.db.insert("credit_accounts", {
          user_id: `user-${index}`,
          posted_microusd: 0,
          held_microusd: 0,
          lifetime_credit_microusd: 0,
          lifetime_debit_microusd: 0,
          seq: 0,
          updated_at: 0,
        });
      });
    }
    const run = await ada.t.mutation(internal.reconciliation.resume, {});
    const page = await ada.t.query(internal.reconciliation.page, { cursor: null });
    const first = { id: run._id, from: null, to: page.next, accounts: page.users.length, keys: 0, findings: [] };
    await ada.t.mutation(internal.reconciliation.advance, first);
    await ada.t.mutation(internal.reconciliation.advance, first);
    expect(await night(ada)).toEqual({ accounts: 61, keys: 0, violations: 0 });
  });
});
