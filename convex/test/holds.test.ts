import { afterEach, describe, expect, it, vi } from "vitest";
import { internal } from "../_generated/api.js";
import { customer } from "./credits.testing.ts";
import {
  apply,
  batch,
  books,
  dollarCall,
  DOLLAR_CALL,
  granted,
  holdId,
  refused,
  settleOp,
} from "./spending.testing.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("fifty calls of $1.0025 at once on $5.00", () => {
  it("in one batch: exactly four pass, and what they hold is all there is to hold", async () => {
    const ada = await customer();
    const results = await batch(
      ada,
      Array.from({ length: 50 }, (_, number) => dollarCall(number)),
    );
    expect(results.filter(({ result }) => result === "granted")).toHaveLength(4);
    expect(results.slice(4).every((result) => "code" in result && result.code === "insufficient_credits")).toBe(true);
    expect(await ada.account()).toMatchObject({ held_microusd: 4 * DOLLAR_CALL, open_holds: 4, posted_microusd: 5e6 });
  });

  it("each on its own: exactly four pass, and when all are paid nothing is held and nothing is owed", async () => {
    const ada = await customer();
    const results = await Promise.all(
      Array.from({ length: 50 }, async (_, number) => await apply(ada, dollarCall(number))),
    );
    const passed = results.flatMap((result, number) => (result.result === "granted" ? [number] : []));
    expect(passed).toHaveLength(4);
    await Promise.all(
      passed.map(async (number) => await apply(ada, settleOp(number, { input: 1000, output: 100_000 }))),
    );
    expect(await ada.account()).toMatchObject({
      posted_microusd: 5_000_000 - 4 * DOLLAR_CALL,
      held_microusd: 0,
      open_holds: 0,
      overrun_microusd: 0,
    });
  });
});

describe("everything at once", () => {
  it("of settlements, voids, expiries, credits and new calls that race for the same holds each hold ends once, and nothing is lost", async () => {
    const ada = await customer();
    await ada.post("topup", 100);
    const calls = Array.from({ length: 30 }, (_, number) => number);
    await batch(
      ada,
      calls.map((number) => dollarCall(number, { max_output_tokens: 1000 })),
    );
    await Promise.all([
      ...calls.flatMap((number) => [
        apply(ada, settleOp(number, { input: 1000, output: 100 })),
        apply(ada, { op: "void", hold_id: holdId(number), reason: "the other half says" }),
        apply(ada, { op: "progress", hold_id: holdId(number), output_tokens: 50 }),
        apply(ada, dollarCall(100 + number, { max_output_tokens: 1000, ttl_ms: 600_000 })),
      ]),
      ada.t.mutation(internal.holds.expireOf, { user_id: ada.id, now: Date.now() + 61_000 }),
      ada.post("promo_grant", 1),
    ]);
    const { account, ledger, holds, events } = await books(ada);
    const posted = ledger.reduce((sum, { amount_microusd }) => sum + amount_microusd, 0);
    expect(account).toMatchObject({ posted_microusd: posted, held_microusd: 30 * 12_500, open_holds: 30 });
    const ended = holds.filter(({ state }) => state !== "open");
    expect(ended).toHaveLength(30);
    const charged = ended.reduce((sum, { settled_microusd = 0 }) => sum + settled_microusd, 0);
    expect(posted).toBe(106_000_000 - charged);
    expect(events.reduce((sum, { cost_microusd }) => sum + cost_microusd, 0)).toBe(charged);
    // A settlement says what was delivered: it is charged, whoever was there before it.
    expect(ended.every(({ settled_microusd }) => settled_microusd === 3500 || settled_microusd === 0)).toBe(true);
  });
});

describe("a call that is let through", () => {
  it("is told its hold, its length, the price it is charged by, and what is left", async () => {
    const ada = await customer();
    const before = Date.now();
    const grant = await granted(ada, dollarCall(1, { max_output_tokens: null }));
    expect(grant).toMatchObject({
      hold_id: holdId(1),
      amount_microusd: 2500 + 163_840,
      max_output_tokens: 16_384,
      price: { model: "gpt-4o", rates: { input: 2_500_000, output: 10_000_000 } },
      available_microusd: 5_000_000 - 166_340,
    });
    expect(grant.expires_at).toBeGreaterThanOrEqual(before + 60_000);
  });

  it("asked again is the same call: the same hold, taken once", async () => {
    const ada = await customer();
    const first = await granted(ada, dollarCall(1));
    expect(await granted(ada, dollarCall(1))).toEqual(first);
    expect(await ada.account()).toMatchObject({ held_microusd: DOLLAR_CALL, open_holds: 1 });
  });

  it("cannot share its hold with another call, or another person's", async () => {
    const ada = await customer();
    const bob = await customer("bob@example.com", ada.t);
    await granted(ada, dollarCall(1));
    expect(await refused(ada, dollarCall(1, { model: "gpt-4o-mini" }))).toMatchObject({ code: "conflict" });
    expect(await refused(bob, dollarCall(1))).toMatchObject({ code: "conflict" });
    await apply(ada, { op: "void", hold_id: holdId(1), reason: "no upstream" });
    expect(await refused(ada, dollarCall(1))).toMatchObject({ code: "conflict" });
    expect(await bob.account()).toMatchObject({ held_microusd: 0 });
  });

  it("belongs to whoever took it: nobody else can end it, or learns of it", async () => {
    const ada = await customer();
    const bob = await customer("bob@example.com", ada.t);
    await granted(ada, dollarCall(1));
    expect(await apply(bob, settleOp(1, { input: 1000 }))).toMatchObject({ result: "unknown_hold", cost_microusd: 0 });
    expect(await apply(bob, { op: "void", hold_id: holdId(1), reason: "mischief" })).toMatchObject({
      result: "unknown_hold",
    });
    expect(await ada.account()).toMatchObject({ open_holds: 1 });
  });
});

describe("a call that is refused", () => {
  it("has written nothing to anybody's money", async () => {
    const ada = await customer();
    const before = await books(ada);
    await refused(ada, dollarCall(1, { max_output_tokens: 1_000_000 }));
    await refused(ada, dollarCall(2, { model: "nobody-knows-it" }));
    await refused(ada, dollarCall(3, { key_id: "00112233445566aa" }));
    expect(await books(ada)).toEqual(before);
  });

  it("for money is told what is missing, and what there is money for", async () => {
    const ada = await customer();
    expect(await refused(ada, dollarCall(1, { max_output_tokens: 1_000_000 }))).toMatchObject({
      code: "insufficient_credits",
      limit_source: "balance",
      required_microusd: 10_002_500,
      available_microusd: 5_000_000,
      affordable_output_tokens: 499_750,
    });
  });

  it("of a model nobody has a price for is not made", async () => {
    const ada = await customer();
    const { code, message } = await refused(ada, dollarCall(1, { model: "nobody-knows-it" }));
    expect(code).toBe("model_not_found");
    expect(message).toContain("nobody-knows-it");
  });
});
