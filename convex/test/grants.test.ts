import { describe, expect, it, vi } from "vitest";
import { internal } from "../_generated/api.js";
import { PATHS, type Customer, customer, settle } from "./credits.testing.ts";
import { People } from "./people.testing.ts";
import { setupTest } from "./setup.testing.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

async function ledger(ada: Customer) {
  const rows = await ada.t.run(
    async (ctx) =>
      await ctx.db
        .query("credit_ledger")
        .withIndex("by_user_id_seq", (q) => q.eq("user_id", ada.id))
        .collect(),
  );
  return rows.map(({ kind, amount_microusd }) => [kind, amount_microusd / 1_000_000]);
}

async function grants(ada: Customer) {
  return await ada.t.run(async (ctx) => await ctx.db.query("credit_grants").collect());
}

/** Grants a month through the front door. */
async function grantMonth(ada: Customer, usd: number, period: string): Promise<void> {
  const { status } = await ada.control.send(PATHS.creditsGrantMonthly, {
    user: ada.id,
    body: { amount_usd: usd, period },
  });
  expect(status).toBe(200);
}

/** Lets what lapses lapse, as if its time were over. */
async function lapseAll(ada: Customer): Promise<void> {
  await ada.t.run(async (ctx) => {
    for (const row of await ctx.db.query("credit_grants").collect()) {
      if (row.expires_at !== undefined) await ctx.db.patch("credit_grants", row._id, { expires_at: 1 });
    }
  });
  await ada.t.mutation(internal.grants.lapseDue, {});
  await settle(ada.t);
}

const thisMonth = () => new Date().toISOString().slice(0, 7);

describe("the welcome credit", () => {
  it("never lapses, unless the operator says after how many days", async () => {
    const ada = await customer();
    expect(await grants(ada)).toMatchObject([{ kind: "signup_grant", amount_microusd: 5_000_000 }]);
    expect((await grants(ada))[0]?.expires_at).toBeUndefined();
    vi.stubEnv("SIGNUP_GRANT_DAYS", "30");
    await customer("bob@example.com", ada.t);
    const lapsesIn = ((await grants(ada))[1]?.expires_at ?? 0) - Date.now();
    expect(Math.round(lapsesIn / DAY_MS)).toBe(30);
  });

  it("is given once to a person: signing in with a provider of the same address gives none", async () => {
    const ada = await customer();
    await ada.people.provider("42", "ada@example.com");
    expect(await ledger(ada)).toEqual([["signup_grant", 5]]);
    expect(await ada.t.run(async (ctx) => (await ctx.db.query("users").collect()).length)).toBe(1);
  });

  it("is not given again to who unlinks an account and comes back with it under another address", async () => {
    const t = setupTest();
    const people = new People(t);
    await people.provider("42", "ada@example.com");
    await t.run(async (ctx) => {
      for (const row of await ctx.db.query("identities").collect()) await ctx.db.delete("identities", row._id);
    });
    expect(await people.provider("42", "ada.again@example.com")).toMatchObject({ outcome: "signed_in", created: true });
    expect(await t.run(async (ctx) => (await ctx.db.query("credit_ledger").collect()).length)).toBe(1);
    // Someone else is someone else.
    await people.provider("43", "bob@example.com");
    expect(await t.run(async (ctx) => (await ctx.db.query("credit_ledger").collect()).length)).toBe(2);
  });

  it("of an account that is claimed stays with it, spent or not", async () => {
    const ada = await customer();
    await ada.call({ hold: "hold-0000-000000001", cost: 4_000_000 });
    await ada.people.provider("42", "ada@example.com");
    expect((await ada.account()).posted_microusd).toBe(1_000_000);
    expect(await ledger(ada)).toHaveLength(2);
  });
});

describe("a month's credit", () => {
  it("is given by the clock to everyone who was there when the month began, once", async () => {
    vi.stubEnv("MONTHLY_GRANT_USD", "2");
    const ada = await customer();
    await ada.t.mutation(internal.grants.grantMonthly, {});
    await settle(ada.t);
    // Ada signed up this month: her welcome credit is this month's.
    expect(await ledger(ada)).toEqual([["signup_grant", 5]]);
    const next = new Date();
    next.setUTCMonth(next.getUTCMonth() + 1, 15);
    vi.useFakeTimers({ now: next, toFake: ["Date"] });
    try {
      for (let day = 0; day < 3; day += 1) {
        await ada.t.mutation(internal.grants.grantMonthly, {});
        await settle(ada.t);
      }
    } finally {
      vi.useRealTimers();
    }
    expect(await ledger(ada)).toEqual([
      ["signup_grant", 5],
      ["monthly_grant", 2],
    ]);
  });

  it("is given to nobody where the operator has not said how much", async () => {
    const ada = await customer();
    expect(await ada.t.mutation(internal.grants.grantMonthly, {})).toEqual({ users: 0 });
    vi.stubEnv("MONTHLY_GRANT_USD", "lots");
    expect(await ada.t.mutation(internal.grants.grantMonthly, {})).toEqual({ users: 0 });
  });

  it("lapses when the next month begins; of a month that is over, with the present one", async () => {
    const ada = await customer();
    await grantMonth(ada, 1, thisMonth());
    await grantMonth(ada, 1, "2020-02");
    const [, present, past] = await grants(ada);
    const end = new Date();
    expect(present?.expires_at).toBe(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() + 1, 1));
    expect(past?.expires_at).toBe(present?.expires_at);
  });
});

describe("what lapses", () => {
  it("is what was not spent of it, once, and its owner is told", async () => {
    const ada = await customer();
    await grantMonth(ada, 3, thisMonth());
    await ada.call({ hold: "hold-0000-000000001", cost: 1_000_000 });
    await lapseAll(ada);
    await lapseAll(ada);
    expect((await ledger(ada)).slice(2)).toEqual([
      ["usage", -1],
      ["grant_expiry", -2],
    ]);
    expect((await ada.account()).posted_microusd).toBe(5_000_000);
    const alerts = await ada.alerts();
    expect(alerts.map(({ kind }) => kind)).toEqual(["grant_expiry"]);
    expect(alerts[0]?.message).toContain("$2.00");
  });

  it("is nothing where it was spent", async () => {
    const ada = await customer();
    await grantMonth(ada, 3, thisMonth());
    await ada.call({ hold: "hold-0000-000000001", cost: 3_500_000 });
    await lapseAll(ada);
    expect((await ledger(ada)).at(-1)).toEqual(["usage", -3.5]);
    expect((await ada.account()).posted_microusd).toBe(4_500_000);
  });

  it("is never what is held for a call under way, and never more than there is", async () => {
    const ada = await customer();
    await grantMonth(ada, 3, thisMonth());
    await ada.patchAccount({ held_microusd: 7_500_000 });
    await lapseAll(ada);
    expect((await ada.account()).posted_microusd).toBe(7_500_000);
    await grantMonth(ada, 3, "2026-01");
    await ada.post("refund", 10.5);
    await ada.patchAccount({ held_microusd: 0 });
    await lapseAll(ada);
    expect((await ada.account()).posted_microusd).toBe(0);
  });

  it("is not kept by who only holds it at midnight: what a call did not use lapses within the hour", async () => {
    const ada = await customer();
    await grantMonth(ada, 3, thisMonth());
    // Everything is held when the month ends, and given back right after.
    await ada.patchAccount({ held_microusd: 8_000_000 });
    await lapseAll(ada);
    expect((await ada.account()).posted_microusd).toBe(8_000_000);
    await ada.patchAccount({ held_microusd: 0 });
    await ada.call({ hold: "hold-0000-000000001", cost: 1_000_000 });
    const [, , rest] = await grants(ada);
    expect(rest?.amount_microusd).toBe(3_000_000);
    expect((rest?.expires_at ?? 0) - Date.now()).toBeLessThanOrEqual(60 * 60_000);
    await lapseAll(ada);
    await lapseAll(ada);
    expect((await ledger(ada)).slice(2)).toEqual([
      ["usage", -1],
      ["grant_expiry", -2],
    ]);
    expect((await ada.account()).posted_microusd).toBe(5_000_000);
  });

  it("in two parts, because a call was under way, is never more than was given", async () => {
    const ada = await customer();
    await grantMonth(ada, 3, thisMonth());
    await ada.patchAccount({ held_microusd: 7_000_000 });
    await lapseAll(ada);
    expect((await ledger(ada)).slice(2)).toEqual([["grant_expiry", -1]]);
    await ada.patchAccount({ held_microusd: 0 });
    await lapseAll(ada);
    await lapseAll(ada);
    expect((await ledger(ada)).slice(2)).toEqual([
      ["grant_expiry", -1],
      ["grant_expiry", -2],
    ]);
    expect((await ada.account()).posted_microusd).toBe(5_000_000);
  });

  it("of one month does not count as spending of the next", async () => {
    const ada = await customer();
    await grantMonth(ada, 3, thisMonth());
    await lapseAll(ada);
    await grantMonth(ada, 3, "2026-01");
    await lapseAll(ada);
    expect((await ledger(ada)).filter(([kind]) => kind === "grant_expiry")).toEqual([
      ["grant_expiry", -3],
      ["grant_expiry", -3],
    ]);
  });

  it("is found for any number of people", async () => {
    const ada = await customer();
    await ada.t.run(async (ctx) => {
      for (let index = 0; index < 250; index += 1) {
        await ctx.db.insert("credit_grants", {
          user_id: `user-${index}`,
          kind: "monthly_grant",
          amount_microusd: 1,
          debit_baseline_microusd: 0,
          priority: 10,
          expires_at: 1 + index,
          created_at: 0,
        });
      }
    });
    await ada.t.mutation(internal.grants.lapseDue, {});
    await settle(ada.t);
    const open = (await grants(ada)).filter(
      ({ expires_at, expired_at }) => expires_at !== undefined && expired_at === undefined,
    );
    expect(open).toEqual([]);
  });
});
