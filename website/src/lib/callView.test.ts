import { costOf, type ModelPrice, NO_USAGE, type TokenUsage } from "@oa/contract/pricing";
import { describe, expect, it } from "vitest";
import { costLines, exactUsd, tokenParts } from "./callView.ts";

const RATES = {
  input: 3_000_000,
  output: 15_000_000,
  cache_read: 300_000,
  cache_write_5m: 3_750_000,
  cache_write_1h: 6_000_000,
};
const PRICE: ModelPrice = {
  model: "claude-sonnet-4-5",
  version: "v",
  rates: { ...RATES, reasoning: null },
  tiers: [{ above_input_tokens: 200_000, rates: { ...RATES, input: 6_000_000, reasoning: 20_000_000 } }],
  per_request_microusd: 7,
  max_input_tokens: null,
  max_output_tokens: null,
};

describe("why a call was charged", () => {
  it.each<Partial<TokenUsage>>([
    { input: 1, output: 1 },
    { input: 12_040, cache_read: 8000, cache_write_5m: 1000, cache_write_1h: 40, output: 310, reasoning: 100 },
    { input: 200_001, output: 99, reasoning: 33 },
    { input: 10, cache_read: 20, output: 0 },
    { input: 500_000, output: 10, reasoning: 20 },
    {},
  ])("the parts add up to what is charged: %j", (tokens) => {
    const usage = { ...NO_USAGE, ...tokens };
    const sum = costLines(PRICE, usage).reduce((total, { amount }) => total + amount, 0);
    // Parts are divided one by one; the cost is divided once.
    expect(Math.ceil(Number((PRICE.per_request_microusd + sum).toFixed(6)))).toBe(costOf(PRICE, usage));
  });

  it("the whole call is at the rates of a long prompt, and reasoning at its own where it has one", () => {
    expect(costLines(PRICE, { ...NO_USAGE, input: 200_001, output: 100, reasoning: 40 })).toEqual([
      { part: "Input", tokens: 200_001, rate: 6_000_000, amount: 1_200_006 },
      { part: "Output", tokens: 60, rate: 15_000_000, amount: 900 },
      { part: "Reasoning", tokens: 40, rate: 20_000_000, amount: 800 },
    ]);
  });

  it("without its price, the tokens are still told apart", () => {
    expect(tokenParts({ ...NO_USAGE, input: 10, cache_read: 4, output: 2 })).toEqual([
      { part: "Input", tokens: 10 },
      { part: "of it, from the cache", tokens: 4 },
      { part: "Output", tokens: 2 },
    ]);
  });

  it("amounts are shown to the last digit that counts", () => {
    expect([exactUsd(1_392), exactUsd(1_500_000), exactUsd(0.075), exactUsd(0)]).toEqual([
      "$0.001392",
      "$1.50",
      "$0.000000075",
      "$0.00",
    ]);
  });
});
