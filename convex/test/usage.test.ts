import { UsageEvent, UsageExportPage, UsageOffsetPage, UsageSummary } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { api, internal } from "../_generated/api.js";
import { correctUsage } from "../model/usageDaily.ts";
import { type Customer, customer, PATHS, settle } from "./credits.testing.ts";

const KEY = "00112233445566aa";
const DAYS = { from: "2026-11-01", to: "2026-11-30" };
const PAGE = { paginationOpts: { numItems: 10, cursor: null } };

/** As the cron runs it, but up to this very moment. */
async function rollUp(ada: Customer): Promise<void> {
  await ada.t.mutation(internal.usageRollup.rollUp, { before: Date.now() + 1000 });
  await settle(ada.t);
}

async function daily(ada: Customer) {
  const rows = await ada.t.run(async (ctx) => await ctx.db.query("usage_daily").collect());
  return rows.map(({ day, key_id, model, requests, cost_microusd }) => [day, key_id, model, requests, cost_microusd]);
}

async function summary(ada: Customer, group: "day" | "model" | "key", range = DAYS) {
  return UsageSummary.strict().parse(await ada.page.query(api.usage.mySummary, { group, ...range }));
}

describe("what was used is added up", () => {
  it("by day, key and model, each call once, however often the job runs", async () => {
    const ada = await customer();
    await ada.call({ hold: "hold-0000-0001", cost: 100, day: "2026-11-20" });
    await ada.call({ hold: "hold-0000-0002", cost: 50, day: "2026-11-20" });
    await ada.call({ hold: "hold-0000-0003", cost: 7, day: "2026-11-20", key: KEY });
    await ada.call({ hold: "hold-0000-0004", cost: 3, day: "2026-11-21", model: "gpt-4o" });
    await rollUp(ada);
    await rollUp(ada);
    expect(await daily(ada)).toEqual([
      ["2026-11-20", "", "gpt-5", 2, 150],
      ["2026-11-20", KEY, "gpt-5", 1, 7],
      ["2026-11-21", "", "gpt-4o", 1, 3],
    ]);
    await ada.call({ hold: "hold-0000-0005", cost: 1, day: "2026-11-20" });
    await rollUp(ada);
    expect((await daily(ada))[0]).toEqual(["2026-11-20", "", "gpt-5", 3, 151]);
  });

  it("a backlog of more than a page, without losing or doubling any", async () => {
    const ada = await customer();
    for (let index = 0; index < 600; index += 1) {
      await ada.call({ hold: `hold-backlog-${index}`, cost: 0, day: "2026-11-20" });
    }
    await rollUp(ada);
    expect(await daily(ada)).toEqual([["2026-11-20", "", "gpt-5", 600, 0]]);
  });

  it("while calls go on being settled, several at once: none is lost, none doubled", async () => {
    const ada = await customer();
    const settling = Array.from({ length: 20 }, async (_, worker) => {
      for (let index = 0; index < 10; index += 1) {
        await ada.call({ hold: `hold-race-${worker}-${index}`, cost: 1, day: "2026-11-20" });
      }
    });
    const adding = Array.from({ length: 20 }, async (_, index) => {
      await new Promise((resolve) => {
        setTimeout(resolve, index * 20);
      });
      await ada.t.mutation(internal.usageRollup.rollUp, { before: Date.now() - 100 });
    });
    await Promise.all([...settling, ...adding]);
    await rollUp(ada);
    expect(await daily(ada)).toEqual([["2026-11-20", "", "gpt-5", 200, 200]]);
    expect((await ada.account()).posted_microusd).toBe(4_999_800);
  });

  it("leaves the last seconds alone: a call that is just being written is not skipped", async () => {
    const ada = await customer();
    await ada.call({ hold: "hold-0000-0001", cost: 100 });
    expect(await ada.t.mutation(internal.usageRollup.rollUp, {})).toEqual({ taken: 0 });
    await rollUp(ada);
    expect(await daily(ada)).toHaveLength(1);
  });

  it.each(["before", "after"])("what is learnt late of a call counts, %s it was added up", async (when) => {
    const ada = await customer();
    await ada.call({ hold: "hold-0000-0001", cost: 100, day: "2026-11-20" });
    if (when === "after") await rollUp(ada);
    await ada.t.run(async (ctx) => {
      const event = await ctx.db.query("usage_events").unique();
      if (event !== null) await correctUsage(ctx, event, { ...event, cost_microusd: 60, outcome: "completed" });
    });
    await rollUp(ada);
    expect(await daily(ada)).toEqual([["2026-11-20", "", "gpt-5", 1, 60]]);
  });
});

describe("the summary", () => {
  it("counts a call at once, added up or not, and never twice", async () => {
    const ada = await customer();
    const today = new Date().toISOString().slice(0, 10);
    const range = { from: today, to: today };
    await ada.call({ hold: "hold-0000-0001", cost: 100 });
    const before = await summary(ada, "day", range);
    await rollUp(ada);
    expect(await summary(ada, "day", range)).toEqual(before);
    expect(before).toMatchObject({
      items: [{ group: today, label: today, requests: 1, input_tokens: 1204, output_tokens: 310 }],
      total: { requests: 1, cost_microusd: 100 },
    });
    expect(before.as_of).toBeUndefined();
  });

  it("by model and by key, the dearest first, keys by their names", async () => {
    const ada = await customer();
    await ada.key(KEY, null);
    await ada.call({ hold: "hold-0000-0001", cost: 5, day: "2026-11-20", model: "gpt-4o" });
    await ada.call({ hold: "hold-0000-0002", cost: 50, day: "2026-11-20", key: KEY });
    await rollUp(ada);
    expect((await summary(ada, "model")).items.map(({ group }) => group)).toEqual(["gpt-5", "gpt-4o"]);
    expect((await summary(ada, "key")).items.map(({ group, label }) => [group, label])).toEqual([
      [KEY, "key 001"],
      ["", "Editor and browser"],
    ]);
  });

  it("takes in the first and the last day, and nothing beside them", async () => {
    const ada = await customer();
    for (const day of ["2026-10-31", "2026-11-01", "2026-11-30", "2026-12-01"]) {
      await ada.call({ hold: `hold-${day}`, cost: 1, day });
    }
    await rollUp(ada);
    expect((await summary(ada, "day")).items.map(({ group }) => group)).toEqual(["2026-11-01", "2026-11-30"]);
  });

  it.each([
    ["days out of order", { from: "2026-11-02", to: "2026-11-01" }],
    ["more than 92 days", { from: "2026-01-01", to: "2026-12-31" }],
    ["what is no day", { from: "yesterday", to: "2026-11-01" }],
  ])("refuses %s", async (_title, range) => {
    const ada = await customer();
    await expect(summary(ada, "day", range)).rejects.toThrow(/1 to 92 days/);
  });
});

describe("single calls", () => {
  it("are listed newest first, all or of one key, with what they were charged for", async () => {
    const ada = await customer();
    await ada.key(KEY, null);
    await ada.call({ hold: "hold-0000-000000001", cost: 5, at: 1000 });
    await ada.call({ hold: "hold-0000-000000002", cost: 7, key: KEY, at: 2000 });
    const all = await ada.page.query(api.usage.myEvents, { ...PAGE, key: null });
    expect(all.page.map((event) => UsageEvent.strict().parse(event).hold_id)).toEqual([
      "hold-0000-000000002",
      "hold-0000-000000001",
    ]);
    const ofKey = await ada.page.query(api.usage.myEvents, { ...PAGE, key: KEY });
    expect(ofKey.page).toMatchObject([{ key: { hash: KEY, name: "key 001" }, cost_microusd: 7 }]);
  });

  it("are shown to nobody else: not by the list, not by a key, not by their id", async () => {
    const ada = await customer();
    await ada.key(KEY, null);
    await ada.call({ hold: "hold-0000-000000001", cost: 5, key: KEY });
    await ada.hold("hold-0000-000000001", 5);
    const bob = await customer("bob@example.com", ada.t);
    expect((await bob.page.query(api.usage.myEvents, { ...PAGE, key: null })).page).toEqual([]);
    await expect(bob.page.query(api.usage.myEvents, { ...PAGE, key: KEY })).rejects.toThrow(/no key/);
    expect(await bob.page.query(api.usage.myCall, { hold_id: "hold-0000-000000001" })).toBeNull();
    expect(await ada.page.query(api.usage.myCall, { hold_id: "hold-0000-000000001" })).toMatchObject({
      event: { cost_microusd: 5 },
      price: { model: "gpt-5", version: "v1" },
    });
  });

  it("by offset, with how many there are, and by pages of an export, oldest first", async () => {
    const ada = await customer();
    for (let index = 1; index <= 5; index += 1) {
      await ada.call({ hold: `hold-0000-00000000${index}`, cost: index, at: Date.UTC(2026, 10, index) });
      if (index === 3) await rollUp(ada);
    }
    await rollUp(ada);
    const listed = await ada.control.ask(UsageOffsetPage, PATHS.usageEvents, {
      user: ada.id,
      query: { limit: "2", offset: "1" },
    });
    expect([listed.total, listed.events.map(({ cost_microusd }) => cost_microusd)]).toEqual([5, [4, 3]]);
    const exported = await ada.control.ask(UsageExportPage, PATHS.usageEvents, {
      user: ada.id,
      query: { from: "2026-11-02", to: "2026-11-04" },
    });
    expect(exported.events.map(({ cost_microusd }) => cost_microusd)).toEqual([2, 3, 4]);
    expect(exported.cursor).toBeNull();
  });

  it("that are no longer kept are not counted in the list's length, and stay in the sums", async () => {
    const ada = await customer();
    await ada.call({ hold: "hold-0000-000000001", cost: 5, day: "2025-01-02", at: Date.UTC(2025, 0, 2) });
    await ada.call({ hold: "hold-0000-000000002", cost: 7 });
    await rollUp(ada);
    await ada.t.mutation(internal.retention.prune, {});
    const asked = { user: ada.id, query: { limit: "10" } };
    const listed = await ada.control.ask(UsageOffsetPage, PATHS.usageEvents, asked);
    expect([listed.total, listed.events.length]).toEqual([1, 1]);
    expect((await summary(ada, "day", { from: "2025-01-01", to: "2025-01-31" })).total.cost_microusd).toBe(5);
  });
});
