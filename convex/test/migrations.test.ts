import { describe, expect, it } from "vitest";
import { internal } from "../_generated/api.js";
import { type Customer, customer, settle } from "./credits.testing.ts";
import { until } from "./control.testing.ts";

/** An account as the version before holds has left it. */
async function age(ada: Customer): Promise<void> {
  await ada.patchAccount({
    open_holds: undefined,
    status: undefined,
    overrun_microusd: undefined,
    rows_by_kind: undefined,
  });
  await ada.t.run(async (ctx) => {
    for (const row of await ctx.db.query("credit_grants").collect()) await ctx.db.delete("credit_grants", row._id);
  });
}

/** Starts what is not done, and waits until all of it is. */
async function migrate(ada: Customer): Promise<void> {
  await ada.t.mutation(internal.migrations.runAll, {});
  await until("every old row is up to date", async () => {
    await settle(ada.t);
    const { rows_by_kind } = await ada.account();
    const granted = await ada.t.run(async (ctx) => (await ctx.db.query("granted_identities").collect()).length);
    const identities = await ada.t.run(async (ctx) => (await ctx.db.query("identities").collect()).length);
    return rows_by_kind !== undefined && granted === identities ? true : undefined;
  });
}

describe("rows of older versions", () => {
  it("get what holds need, their rows counted, and a row for their welcome credit", async () => {
    const ada = await customer();
    await ada.post("topup", 10);
    await ada.call({ hold: "hold-0000-000000001", cost: 1000 });
    await age(ada);
    await migrate(ada);
    expect(await ada.account()).toMatchObject({
      posted_microusd: 14_999_000,
      open_holds: 0,
      status: "active",
      overrun_microusd: 0,
      rows_by_kind: { signup_grant: 1, topup: 1, usage: 1 },
    });
    const grants = await ada.t.run(async (ctx) => await ctx.db.query("credit_grants").collect());
    expect(grants).toMatchObject([{ user_id: ada.id, kind: "signup_grant", amount_microusd: 5_000_000 }]);
    expect(grants[0]?.expires_at).toBeUndefined();
  });

  it("are counted over any number of ledger rows, with what is posted meanwhile", async () => {
    const ada = await customer();
    await ada.t.run(async (ctx) => {
      for (let seq = 2; seq <= 2300; seq += 1) {
        await ctx.db.insert("credit_ledger", {
          user_id: ada.id,
          kind: "usage",
          amount_usd: 0,
          amount_microusd: -1,
          seq,
          balance_after_microusd: 0,
          idempotency_key: `usage:${seq}`,
          created_at: 0,
        });
      }
    });
    await ada.patchAccount({ seq: 2300 });
    await age(ada);
    await ada.t.mutation(internal.migrations.runAll, {});
    await ada.post("topup", 1);
    await migrate(ada);
    await ada.post("topup", 2);
    expect((await ada.account()).rows_by_kind).toEqual({ signup_grant: 1, usage: 2299, topup: 2 });
  });

  it("are left alone where they are as they should be, however often it runs", async () => {
    const ada = await customer();
    await ada.people.provider("42", "ada@example.com");
    const before = await ada.account();
    for (let round = 0; round < 3; round += 1) await migrate(ada);
    const rows = await ada.t.run(async (ctx) => ({
      grants: await ctx.db.query("credit_grants").collect(),
      identities: await ctx.db.query("granted_identities").collect(),
    }));
    expect(await ada.account()).toEqual(before);
    expect([rows.grants.length, rows.identities.length]).toEqual([1, 1]);
  });

  it("know who had the welcome credit: an identity from before gives none again", async () => {
    const ada = await customer();
    await ada.people.provider("42", "ada@example.com");
    await ada.t.run(async (ctx) => {
      for (const row of await ctx.db.query("granted_identities").collect()) {
        await ctx.db.delete("granted_identities", row._id);
      }
    });
    await migrate(ada);
    const known = await ada.t.run(async (ctx) => await ctx.db.query("granted_identities").collect());
    expect(known).toMatchObject([{ provider: "github", subject: "42", user_id: ada.id }]);
  });
});
