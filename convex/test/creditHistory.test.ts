import { LedgerExportPage, LedgerPage, LedgerPosting } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { api, internal } from "../_generated/api.js";
import { type Customer, customer, PATHS } from "./credits.testing.ts";

const KEY = "00112233445566aa";

async function history(ada: Customer, query: Record<string, string> = {}) {
  const page = await ada.control.ask(LedgerPage, PATHS.creditsHistory, { user: ada.id, query });
  return {
    total: page.total,
    rows: page.entries.map(({ seq, description }) => [seq, description]),
    entries: page.entries,
  };
}

/** A ledger of: 1 welcome credit, 2 top-up, 3 call, 4 call, 5 refund, 6 call. */
async function spender() {
  const ada = await customer();
  await ada.key(KEY, null);
  await ada.post("topup", 10);
  await ada.call({ hold: "hold-0000-000000001", cost: 100 });
  await ada.call({ hold: "hold-0000-000000002", cost: 200, key: KEY });
  await ada.post("refund", 1);
  await ada.call({ hold: "hold-0000-000000003", cost: 300, model: "gpt-4o" });
  return ada;
}

describe("the history", () => {
  it("is newest first, says what each row was for, and how many there are", async () => {
    const ada = await spender();
    expect(await history(ada, { limit: "4" })).toMatchObject({
      total: 6,
      rows: [
        [6, "gpt-4o · 1,204 in, 310 out"],
        [5, "Refund"],
        [4, "gpt-5 · 1,204 in, 310 out · key key 001"],
        [3, "gpt-5 · 1,204 in, 310 out"],
      ],
    });
    expect((await history(ada, { limit: "4", offset: "4" })).rows).toEqual([
      [2, "Top-up"],
      [1, "Welcome credit"],
    ]);
    expect((await history(ada, { offset: "6" })).rows).toEqual([]);
  });

  it("of one kind of thing has its own length and its own stretches", async () => {
    const ada = await spender();
    await ada.post("dispute_debit", 2);
    const listed = async (query: Record<string, string>) => {
      const { total, entries } = await history(ada, query);
      return [total, ...entries.map(({ seq }) => seq)];
    };
    expect(await listed({ type: "usage", limit: "2" })).toEqual([3, 6, 4]);
    expect(await listed({ type: "usage", limit: "2", offset: "2" })).toEqual([3, 3]);
    // Kinds of one group are merged by time.
    expect(await listed({ type: "refund" })).toEqual([2, 7, 5]);
    expect(await listed({ type: "auto_topup" })).toEqual([0]);
  });

  it("reaches ten thousand rows deep, and says so", async () => {
    const ada = await customer();
    const asked = { user: ada.id, query: { offset: "10001" } };
    expect(await ada.control.refusal(PATHS.creditsHistory, asked)).toMatchObject({
      status: 400,
      code: "invalid_request",
    });
    expect(await ada.control.refusal(PATHS.creditsHistory, { user: ada.id, query: { type: "gifts" } })).toMatchObject({
      code: "invalid_request",
    });
  });

  it("is exported oldest first, page by page to the last row, or between two days", async () => {
    const ada = await customer();
    for (let index = 0; index < 1100; index += 1) {
      await ada.call({ hold: `hold-export-${String(index).padStart(8, "0")}`, cost: 1 });
    }
    const seen: number[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query: Record<string, string> = cursor === "" ? {} : { cursor };
      const page: { entries: { seq: number }[]; cursor: string | null } = await ada.control.ask(
        LedgerExportPage,
        PATHS.creditsExport,
        { user: ada.id, query },
      );
      seen.push(...page.entries.map(({ seq }) => seq));
      cursor = page.cursor;
    }
    expect(seen).toEqual(Array.from({ length: 1101 }, (_, index) => index + 1));
    const today = new Date().toISOString().slice(0, 10);
    const between = async (query: Record<string, string>) =>
      (await ada.control.ask(LedgerExportPage, PATHS.creditsExport, { user: ada.id, query })).entries.length;
    expect(await between({ from: today, to: today })).toBe(500);
    expect(await between({ from: "2020-01-01", to: "2020-12-31" })).toBe(0);
  });
});

describe("administrators", () => {
  const adjust = (ada: Customer, usd: number, key = "ticket-0001", act_id = `act-of-${key}`) => ({
    user: ada.id,
    body: {
      act_id,
      amount_microusd: Math.round(usd * 1_000_000),
      reason: "sorry for the outage",
      actor: "root-user",
      idempotency_key: key,
    },
  });

  it("give and take credits once for each key, with a reason their owner reads and a line in the audit log", async () => {
    const ada = await customer();
    await ada.control.ask(LedgerPosting, PATHS.creditsAdjust, adjust(ada, 2.5));
    const repeated = adjust(ada, 2.5, "ticket-0001", "act-of-a-second-click");
    const again = await ada.control.ask(LedgerPosting, PATHS.creditsAdjust, repeated);
    expect(again).toMatchObject({ kind: "admin_credit", amount_usd: 2.5, replayed: true });
    await ada.control.ask(LedgerPosting, PATHS.creditsAdjust, adjust(ada, -1, "ticket-0002"));
    expect((await ada.account()).posted_microusd).toBe(6_500_000);
    expect(await history(ada, { type: "adjustment" })).toMatchObject({
      total: 2,
      rows: [
        [3, "Debit by the operator · sorry for the outage"],
        [2, "Credit from the operator · sorry for the outage"],
      ],
    });
    const lines = await ada.t.run(async (ctx) => await ctx.db.query("audit_log").collect());
    expect(lines.filter(({ action }) => action === "admin.credits.adjust")).toMatchObject([
      { actor: "root-user", subject_user_id: ada.id, target: "$2.50" },
      { actor: "root-user", subject_user_id: ada.id, target: "-$1.00" },
    ]);
  });

  it("leave one act in its owner's activity, though the Worker told of it before", async () => {
    const ada = await customer();
    const line = {
      act_id: "act-of-ticket-0001",
      actor: "root-user",
      via: "session" as const,
      subject_user_id: ada.id,
      action: "admin.credits.adjust",
      target: "$2.50",
      code: null,
      ip: "203.0.113.9",
      request_id: "request-1",
    };
    await ada.t.mutation(internal.audit.record, { ...line, result: "started" });
    await ada.control.ask(LedgerPosting, PATHS.creditsAdjust, adjust(ada, 2.5));
    await ada.t.mutation(internal.audit.record, { ...line, result: "ok" });
    const { page } = await ada.page.query(api.audit.myEvents, { paginationOpts: { numItems: 10, cursor: null } });
    expect(page.filter(({ act_id }) => act_id === line.act_id)).toMatchObject([
      { result: "ok", target: "$2.50", ip: null },
      { result: "started", target: "$2.50", ip: null },
    ]);
    expect(page.filter(({ action }) => /credits/.test(action))).toHaveLength(2);
  });

  it("cannot take what is not there, adjust by nothing, or open an account by a typing error", async () => {
    const ada = await customer();
    expect(await ada.control.refusal(PATHS.creditsAdjust, adjust(ada, -5.01))).toMatchObject({
      code: "insufficient_credits",
    });
    expect(await ada.control.refusal(PATHS.creditsAdjust, adjust(ada, 0))).toMatchObject({ code: "invalid_request" });
    const nobody = { ...adjust(ada, 1), user: "nobody-at-all" };
    expect(await ada.control.refusal(PATHS.creditsAdjust, nobody)).toMatchObject({ status: 404 });
    expect((await ada.account()).posted_microusd).toBe(5_000_000);
  });

  it("freeze and unfreeze an account, each told once", async () => {
    const ada = await customer();
    const set = async (frozen: boolean) =>
      await ada.control.send(PATHS.creditsFreeze, {
        user: ada.id,
        body: { act_id: `act-of-${frozen}`, frozen, reason: "card was stolen", actor: "root-user" },
      });
    await set(true);
    await set(true);
    expect((await ada.account()).status).toBe("frozen");
    await set(false);
    expect((await ada.account()).status).toBe("active");
    const lines = await ada.t.run(async (ctx) => await ctx.db.query("audit_log").collect());
    expect(
      lines.filter(({ action }) => action.startsWith("admin.credits.")).map(({ action, target }) => [action, target]),
    ).toEqual([
      ["admin.credits.freeze", "card was stolen"],
      ["admin.credits.unfreeze", "card was stolen"],
    ]);
  });
});
