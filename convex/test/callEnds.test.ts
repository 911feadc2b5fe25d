import { afterEach, describe, expect, it, vi } from "vitest";
import { internal } from "../_generated/api.js";
import { type Customer, customer, settle as letJobsRun } from "./credits.testing.ts";
import {
  apply,
  batch,
  books,
  dollarCall,
  DOLLAR_CALL,
  expireAt,
  granted,
  holdId,
  settleOp,
} from "./spending.testing.ts";

const FIVE_DOLLARS = 5_000_000;
const LATER = () => Date.now() + 61_000;

afterEach(() => {
  vi.restoreAllMocks();
});

/** What the roll-up has of a user's days. */
async function days(who: Customer) {
  await who.t.mutation(internal.usageRollup.rollUp, { before: Date.now() + 1000 });
  await letJobsRun(who.t);
  return await who.t.run(async (ctx) => await ctx.db.query("usage_daily").collect());
}

describe("a call that came to its end", () => {
  it("is charged what it used; the rest of its hold is free again", async () => {
    const ada = await customer();
    await granted(ada, dollarCall(1));
    const end = await apply(
      ada,
      settleOp(1, { input: 1000, cache_read: 400, output: 310 }, { upstream_cost_usd: 0.004 }),
    );
    // 600 x $2.50 + 400 x $1.25 + 310 x $10 a million
    expect(end).toEqual({ result: "settled", cost_microusd: 5100, available_microusd: FIVE_DOLLARS - 5100 });
    const { account, ledger, holds, events } = await books(ada);
    expect(account).toMatchObject({
      posted_microusd: FIVE_DOLLARS - 5100,
      held_microusd: 0,
      open_holds: 0,
      lifetime_debit_microusd: 5100,
      rows_by_kind: { signup_grant: 1, usage: 1 },
    });
    expect(ledger[1]).toMatchObject({
      kind: "usage",
      amount_microusd: -5100,
      hold_id: holdId(1),
      idempotency_key: `usage:${holdId(1)}`,
    });
    expect(holds).toMatchObject([{ state: "settled", settled_microusd: 5100 }]);
    expect(events).toMatchObject([
      {
        user_id: ada.id,
        model: "gpt-4o",
        usage: { input: 1000, cache_read: 400, output: 310 },
        usage_source: "upstream",
        outcome: "completed",
        cost_microusd: 5100,
        held_microusd: DOLLAR_CALL,
        upstream_cost_usd: 0.004,
      },
    ]);
  });

  it("told twice is charged once", async () => {
    const ada = await customer();
    await granted(ada, dollarCall(1));
    const once = await apply(ada, settleOp(1, { input: 1000 }));
    expect(await apply(ada, settleOp(1, { input: 1000 }))).toEqual(once);
    const { ledger, events } = await books(ada);
    expect([ledger.length, events.length]).toEqual([2, 1]);
  });

  it("told twice with two costs is charged the first", async () => {
    const ada = await customer();
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    await granted(ada, dollarCall(1));
    await apply(ada, settleOp(1, { input: 1000 }));
    expect(await apply(ada, settleOp(1, { input: 2000 }))).toMatchObject({
      result: "settle_conflict",
      cost_microusd: 2500,
    });
    expect((await ada.account()).posted_microusd).toBe(FIVE_DOLLARS - 2500);
  });

  it("for nothing leaves no ledger row, and is told of in the usage", async () => {
    const ada = await customer();
    await granted(ada, dollarCall(1));
    expect(await apply(ada, settleOp(1, {}))).toMatchObject({ result: "settled", cost_microusd: 0 });
    const { ledger, events, holds } = await books(ada);
    expect([ledger.length, events.length, holds[0]?.state]).toEqual([1, 1, "settled"]);
  });

  it("for more than its hold is charged in full, below zero if need be, and counted as overrun", async () => {
    const ada = await customer();
    await granted(ada, dollarCall(1));
    await apply(ada, settleOp(1, { input: 1000, output: 600_000 }));
    expect(await ada.account()).toMatchObject({
      posted_microusd: FIVE_DOLLARS - 6_002_500,
      held_microusd: 0,
      overrun_microusd: 5_000_000,
    });
  });

  it("that was cut is charged by the price it was let through with, whatever models cost by then", async () => {
    const ada = await customer();
    vi.stubEnv("INFERENCE_PRICES", '{"my-model": {"input_usd_per_million": 1, "output_usd_per_million": 2}}');
    await granted(ada, dollarCall(1, { model: "my-model" }));
    vi.stubEnv("INFERENCE_PRICES", "");
    expect(await apply(ada, settleOp(1, { input: 1000, output: 500 }))).toMatchObject({ cost_microusd: 2000 });
    expect(await apply(ada, dollarCall(2, { model: "my-model" }))).toMatchObject({ code: "model_not_found" });
  });

  it("is charged also when the account was frozen meanwhile", async () => {
    const ada = await customer();
    await granted(ada, dollarCall(1));
    await ada.patchAccount({ status: "frozen" });
    expect(await apply(ada, dollarCall(2))).toMatchObject({ code: "account_frozen", limit_source: "account" });
    expect(await apply(ada, settleOp(1, { input: 1000 }))).toMatchObject({ result: "settled", cost_microusd: 2500 });
  });
});

describe("a call that delivered nothing", () => {
  it("costs nothing, and its hold is free again", async () => {
    const ada = await customer();
    await granted(ada, dollarCall(1));
    const voided = { op: "void", hold_id: holdId(1), reason: "upstream answered 503" } as const;
    const none = { result: "voided", cost_microusd: 0, available_microusd: FIVE_DOLLARS };
    expect(await apply(ada, voided)).toEqual(none);
    expect(await apply(ada, voided)).toEqual(none);
    const { ledger, events, holds } = await books(ada);
    expect([ledger.length, events.length]).toEqual([1, 0]);
    expect(holds).toMatchObject([{ state: "voided", reason: "upstream answered 503" }]);
  });

  it("is not given back once it was charged", async () => {
    const ada = await customer();
    await granted(ada, dollarCall(1));
    await apply(ada, settleOp(1, { input: 1000 }));
    expect(await apply(ada, { op: "void", hold_id: holdId(1), reason: "late" })).toMatchObject({
      result: "settled",
      cost_microusd: 2500,
    });
    expect((await ada.account()).posted_microusd).toBe(FIVE_DOLLARS - 2500);
  });

  it("is charged the truth when it turns out to have delivered", async () => {
    const ada = await customer();
    await granted(ada, dollarCall(1));
    await apply(ada, { op: "void", hold_id: holdId(1), reason: "nobody was there" });
    expect(await apply(ada, settleOp(1, { input: 1000 }))).toMatchObject({ result: "settled", cost_microusd: 2500 });
    const { ledger, events } = await books(ada);
    expect(ledger[1]).toMatchObject({ kind: "usage_correction", amount_microusd: -2500, hold_id: holdId(1) });
    expect(events).toHaveLength(1);
  });
});

describe("a call nobody ended", () => {
  it("is ended when its time is over: charged its prompt, marked as estimated", async () => {
    const ada = await customer();
    await granted(ada, dollarCall(1));
    await expireAt(ada, Date.now());
    expect((await ada.account()).open_holds).toBe(1);
    await expireAt(ada, LATER());
    const { account, holds, events } = await books(ada);
    expect(account).toMatchObject({ posted_microusd: FIVE_DOLLARS - 2500, held_microusd: 0, open_holds: 0 });
    expect(holds).toMatchObject([{ state: "expired", settled_microusd: 2500 }]);
    expect(events).toMatchObject([{ usage_source: "estimated", outcome: "expired", latency_ms: null }]);
  });

  it("is charged what it told of on the way, which only ever grows", async () => {
    const ada = await customer();
    await granted(ada, dollarCall(1));
    for (const output_tokens of [100, 900, 300]) {
      expect(await apply(ada, { op: "progress", hold_id: holdId(1), output_tokens })).toMatchObject({
        result: "noted",
      });
    }
    await expireAt(ada, LATER());
    expect((await ada.account()).posted_microusd).toBe(FIVE_DOLLARS - 2500 - 9000);
  });

  it("is never charged more than was held for it", async () => {
    const ada = await customer();
    await granted(ada, dollarCall(1));
    await apply(ada, { op: "progress", hold_id: holdId(1), output_tokens: 100_000_000 });
    await expireAt(ada, LATER());
    expect((await ada.account()).posted_microusd).toBe(FIVE_DOLLARS - DOLLAR_CALL);
  });

  it.each([
    ["more", { input: 1000, output: 500 }, -5000],
    ["less", { input: 600 }, 1000],
  ])(
    "and turns out to have cost %s: the difference is posted, the call's record put right",
    async (_name, usage, more) => {
      const ada = await customer();
      await granted(ada, dollarCall(1));
      await expireAt(ada, LATER());
      expect(await days(ada)).toMatchObject([
        { requests: 1, input_tokens: 1000, output_tokens: 0, cost_microusd: 2500 },
      ]);
      expect(await apply(ada, settleOp(1, usage))).toMatchObject({ result: "settled", cost_microusd: 2500 - more });
      expect(await apply(ada, settleOp(1, usage))).toMatchObject({ result: "settled", cost_microusd: 2500 - more });
      const { account, ledger, events, holds } = await books(ada);
      expect(ledger.slice(1)).toMatchObject([
        { kind: "usage", amount_microusd: -2500 },
        { kind: "usage_correction", amount_microusd: more },
      ]);
      expect(account?.posted_microusd).toBe(FIVE_DOLLARS - 2500 + more);
      expect(events).toMatchObject([
        { usage, usage_source: "upstream", outcome: "completed", cost_microusd: 2500 - more },
      ]);
      expect(holds).toMatchObject([{ state: "expired", settled_microusd: 2500 - more }]);
      expect(await days(ada)).toMatchObject([{ requests: 1, input_tokens: usage.input, cost_microusd: 2500 - more }]);
    },
  );

  it("and turns out to have delivered nothing: it is given back", async () => {
    const ada = await customer();
    await granted(ada, dollarCall(1));
    await expireAt(ada, LATER());
    const voided = { op: "void", hold_id: holdId(1), reason: "upstream answered 503" } as const;
    expect(await apply(ada, voided)).toMatchObject({ cost_microusd: 0, available_microusd: FIVE_DOLLARS });
    expect(await apply(ada, voided)).toMatchObject({ cost_microusd: 0, available_microusd: FIVE_DOLLARS });
    expect((await books(ada)).ledger).toHaveLength(3);
  });

  it("a hundred and fifty of them, of two people, are all ended", async () => {
    const ada = await customer();
    const bob = await customer("bob@example.com", ada.t);
    await ada.post("topup", 100);
    await bob.post("topup", 100);
    const calls = (from: number) =>
      Array.from({ length: 75 }, (_, number) => dollarCall(from + number, { max_output_tokens: 10 }));
    await batch(ada, calls(0));
    await batch(bob, calls(100));
    expect([(await ada.account()).open_holds, (await bob.account()).open_holds]).toEqual([75, 75]);
    await expireAt(ada, LATER());
    for (const who of [ada, bob]) {
      expect(await who.account()).toMatchObject({
        open_holds: 0,
        held_microusd: 0,
        posted_microusd: 105_000_000 - 75 * 2500,
      });
    }
  });

  it("one whose books are broken does not keep the others from being ended", async () => {
    const ada = await customer();
    const bob = await customer("bob@example.com", ada.t);
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    await granted(ada, dollarCall(1));
    await granted(bob, dollarCall(2));
    await ada.t.run(async (ctx) => {
      const account = await ctx.db
        .query("credit_accounts")
        .withIndex("by_user_id", (q) => q.eq("user_id", ada.id))
        .unique();
      if (account === null) return;
      const { _id, _creationTime, ...fields } = account;
      await ctx.db.insert("credit_accounts", fields);
    });
    await expireAt(bob, LATER());
    expect((await bob.account()).open_holds).toBe(0);
  });
});

describe("a call that was given up before its hold was taken", () => {
  const voided = (number: number) => ({ op: "void", hold_id: holdId(number), reason: "no answer" }) as const;

  it("takes none when its lost authorize arrives after all: nobody would end it, and its prompt would be charged", async () => {
    const ada = await customer();
    expect(await apply(ada, voided(1))).toMatchObject({ result: "unknown_hold" });
    expect(await apply(ada, voided(1))).toMatchObject({ result: "unknown_hold" });
    expect(await apply(ada, dollarCall(1))).toMatchObject({ result: "refused", code: "conflict" });
    await expireAt(ada, LATER());
    expect(await ada.account()).toMatchObject({ posted_microusd: FIVE_DOLLARS, held_microusd: 0, open_holds: 0 });
    expect((await books(ada)).holds).toEqual([]);
  });

  it("leaves other calls alone, those of others too, whose hold it names", async () => {
    const ada = await customer();
    const bob = await customer("bob@example.com", ada.t);
    await granted(bob, dollarCall(1));
    expect(await apply(ada, voided(1))).toMatchObject({ result: "unknown_hold" });
    expect(await apply(bob, settleOp(1, { input: 1000 }))).toMatchObject({ result: "settled", cost_microusd: 2500 });
    await granted(ada, dollarCall(2));
  });
});

describe("operations in one batch", () => {
  it("are done in their order: what a call gives back is there for the next", async () => {
    const ada = await customer();
    const all = dollarCall(1, { max_output_tokens: 499_000 });
    await granted(ada, all);
    const results = await batch(ada, [
      dollarCall(2),
      settleOp(1, { input: 1000 }),
      dollarCall(3),
      { op: "progress", hold_id: holdId(3), output_tokens: 5 },
      { op: "void", hold_id: holdId(3), reason: "gone" },
    ]);
    expect(results.map(({ result }) => result)).toEqual(["refused", "settled", "granted", "noted", "voided"]);
  });

  it("that are odd or refused touch no other", async () => {
    const ada = await customer();
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    await granted(ada, dollarCall(1));
    const results = await batch(ada, [
      settleOp(9, { input: 5 }),
      dollarCall(2, { model: "nobody-knows-it" }),
      dollarCall(3, { input_tokens: 100_000_000 }),
      { op: "void", hold_id: holdId(8), reason: "never was" },
      settleOp(1, { input: 10, cache_read: 500, reasoning: 900, output: 3 }),
      settleOp(1, { input: 100_000_000, output: 100_000_000 }),
      dollarCall(4),
    ]);
    expect(results.map(({ result }) => result)).toEqual([
      "unknown_hold",
      "refused",
      "refused",
      "unknown_hold",
      "settled",
      "settle_conflict",
      "granted",
    ]);
  });

  it("go on being settled while the operator's own prices cannot be read; new calls wait", async () => {
    const ada = await customer();
    await granted(ada, dollarCall(1));
    vi.stubEnv("INFERENCE_PRICES", "{");
    const [settled, refused] = await batch(ada, [settleOp(1, { input: 1000 }), dollarCall(2)]);
    expect(settled).toMatchObject({ result: "settled", cost_microusd: 2500 });
    expect(refused).toMatchObject({ code: "model_not_found" });
    expect(JSON.stringify(refused)).toContain("INFERENCE_PRICES");
  });
});
