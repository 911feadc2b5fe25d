import { type ModelPrice, NO_USAGE, costOf } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { accountRefusal, expiryCost, expiryUsage, type KeyBudget, planHold } from "./holdRules.ts";
import { cataloguePrice } from "./prices/catalogue.ts";

const found = cataloguePrice("gpt-4o");
if (found === null) throw new Error("gpt-4o has a price");
/** $2.50 and $10 a million. */
const GPT_4O: ModelPrice = found;
const FIVE_DOLLARS = 5_000_000;

const call = (max_output_tokens: number | null, input_tokens = 1000, choices = 1) => ({
  input_tokens,
  max_output_tokens,
  choices,
});
const budget = (limit: number, used: number): KeyBudget => ({
  name: "my-app",
  limit,
  used,
  reset: "daily",
  resetsAt: Date.parse("2026-11-22T00:00:00Z"),
});

describe("a call that names its length", () => {
  it("is held in full: 1,000 tokens in and 100,000 out of gpt-4o are $1.0025", () => {
    expect(planHold(call(100_000), GPT_4O, FIVE_DOLLARS, null)).toEqual({
      amount_microusd: 1_002_500,
      max_output_tokens: 100_000,
    });
  });

  it("is held for each of its answers", () => {
    expect(planHold(call(100, 1000, 3), GPT_4O, FIVE_DOLLARS, null)).toEqual({
      amount_microusd: 2500 + 3000,
      max_output_tokens: 100,
    });
  });

  it("passes with exactly what it could cost, and not with a micro-dollar less", () => {
    expect(planHold(call(100), GPT_4O, 3500, null)).toMatchObject({ amount_microusd: 3500 });
    expect(planHold(call(100), GPT_4O, 3499, null)).toMatchObject({
      result: "refused",
      code: "insufficient_credits",
      limit_source: "balance",
      required_microusd: 3500,
      available_microusd: 3499,
      affordable_output_tokens: 99,
      reset_at: null,
    });
  });

  it("is never cut short: the caller is told what there is money for instead", () => {
    expect(planHold(call(1_000_000), GPT_4O, FIVE_DOLLARS, null)).toMatchObject({
      code: "insufficient_credits",
      affordable_output_tokens: 499_750,
      message:
        "This account has insufficient credits: the call could cost $10.00 and $5.00 is available. Top up, or ask for at most 499750 tokens.",
    });
  });

  it("of an embedding has no answer to pay for", () => {
    expect(planHold(call(0), GPT_4O, 2500, null)).toEqual({ amount_microusd: 2500, max_output_tokens: 0 });
  });
});

describe("a call that names no length", () => {
  it("gets the usual 16,384 tokens where there is money for them", () => {
    expect(planHold(call(null), GPT_4O, FIVE_DOLLARS, null)).toEqual({
      amount_microusd: 166_340,
      max_output_tokens: 16_384,
    });
  });

  it("gets no more than the model can answer", () => {
    const short = { ...GPT_4O, max_output_tokens: 4096 };
    expect(planHold(call(null), short, FIVE_DOLLARS, null)).toMatchObject({ max_output_tokens: 4096 });
  });

  it("gets as much as there is money for, never more than that", () => {
    const plan = planHold(call(null), GPT_4O, 12_505, null);
    expect(plan).toEqual({ amount_microusd: 12_500, max_output_tokens: 1000 });
  });

  it("gets 256 tokens at least, or is refused", () => {
    expect(planHold(call(null), GPT_4O, 2500 + 2560, null)).toMatchObject({ max_output_tokens: 256 });
    expect(planHold(call(null), GPT_4O, 2500 + 2559, null)).toMatchObject({
      code: "insufficient_credits",
      required_microusd: 5060,
      affordable_output_tokens: 255,
    });
  });

  it("shares what there is between its answers", () => {
    expect(planHold(call(null, 1000, 4), GPT_4O, 2500 + 4 * 3000, null)).toEqual({
      amount_microusd: 14_500,
      max_output_tokens: 300,
    });
  });
});

describe("a key's own limit", () => {
  it("bounds a call the balance would pay for, and says when it resets", () => {
    expect(planHold(call(100_000), GPT_4O, FIVE_DOLLARS, budget(1_000_000, 980_000))).toEqual({
      result: "refused",
      code: "credit_limit_exceeded",
      message:
        'Key "my-app": daily limit reached, resets 2026-11-22 00:00 UTC. $0.02 of $1.00 is left and the call could cost $1.00. Raise the key\'s limit, or use another key.',
      limit_source: "key",
      available_microusd: FIVE_DOLLARS,
      required_microusd: 1_002_500,
      affordable_output_tokens: 1750,
      reset_at: Date.parse("2026-11-22T00:00:00Z"),
      retry_after_ms: null,
    });
  });

  it("never reads like an empty account", () => {
    const answer = planHold(call(100), GPT_4O, FIVE_DOLLARS, budget(0, 0));
    expect(JSON.stringify(answer)).not.toMatch(/insufficient|credits|billing|top up/i);
  });

  it("shortens an answer nobody named the length of", () => {
    expect(planHold(call(null), GPT_4O, FIVE_DOLLARS, budget(1_000_000, 990_000))).toMatchObject({
      max_output_tokens: 750,
    });
  });

  it("is not what stops a call the balance does not pay for either", () => {
    expect(planHold(call(100), GPT_4O, 100, budget(1_000_000, 0))).toMatchObject({ limit_source: "balance" });
  });

  it("of nothing lets nothing through", () => {
    expect(planHold(call(null), GPT_4O, FIVE_DOLLARS, budget(0, 0))).toMatchObject({ code: "credit_limit_exceeded" });
  });

  it("that was lowered below what is spent lets nothing through", () => {
    expect(planHold(call(null), GPT_4O, FIVE_DOLLARS, budget(100, 500))).toMatchObject({
      code: "credit_limit_exceeded",
      affordable_output_tokens: 0,
    });
  });
});

describe("an account", () => {
  const funds = { available: FIVE_DOLLARS, openHolds: 0, status: "active", paid: false } as const;

  it("lets calls through up to twenty at once, and a hundred once it was paid into", () => {
    expect(accountRefusal({ ...funds, openHolds: 19 })).toBeNull();
    expect(accountRefusal({ ...funds, openHolds: 20 })).toMatchObject({
      code: "rate_limited",
      limit_source: "inflight",
      retry_after_ms: 1000,
    });
    expect(accountRefusal({ ...funds, paid: true, openHolds: 99 })).toBeNull();
    expect(accountRefusal({ ...funds, paid: true, openHolds: 100 })).toMatchObject({ limit_source: "inflight" });
  });

  it.each(["frozen", "closed"] as const)("that is %s lets nothing through", (status) => {
    expect(accountRefusal({ ...funds, status })).toMatchObject({ code: "account_frozen", limit_source: "account" });
  });
});

describe("a call nobody ended", () => {
  const hold = { price: GPT_4O, input_tokens: 1000, progress_tokens: 0, amount_microusd: 3500 };

  it("costs its prompt, and what it is known to have answered", () => {
    expect(expiryCost(hold)).toBe(2500);
    expect(expiryCost({ ...hold, progress_tokens: 60 })).toBe(3100);
    expect(costOf(GPT_4O, expiryUsage({ ...hold, progress_tokens: 60 }))).toBe(3100);
    expect(expiryUsage(hold)).toEqual({ ...NO_USAGE, input: 1000 });
  });

  it("never costs more than was held for it", () => {
    expect(expiryCost({ ...hold, progress_tokens: 10_000 })).toBe(3500);
  });
});
