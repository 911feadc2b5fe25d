import { describe, expect, it } from "vitest";
import { NO_USAGE, costOf, holdFor } from "./pricing.ts";
import type { ModelPrice } from "./pricing.ts";

const price: ModelPrice = {
  model: "m",
  version: "1",
  rates: { input: 1, output: 3, cache_read: 1, cache_write_5m: 1, cache_write_1h: 1, reasoning: null },
  tiers: [],
  per_request_microusd: 0,
  max_input_tokens: null,
  max_output_tokens: null,
};

describe("what a call costs", () => {
  it("is never rounded to nothing", () => {
    expect(costOf(price, { ...NO_USAGE, input: 1 })).toBe(1);
    expect(holdFor(price, 1, 0)).toBe(1);
  });

  it("of parts that say more than their whole is that of the whole, so that the hold covers it", () => {
    const dear = {
      ...price,
      rates: { ...price.rates, input: 1_000_000, cache_read: 500_000, cache_write_5m: 2_000_000 },
    };
    expect(costOf(dear, { ...NO_USAGE, input: 10, cache_read: 500 })).toBe(5);
    expect(costOf(dear, { ...NO_USAGE, input: 10, cache_read: 6, cache_write_5m: 500 })).toBe(3 + 8);
    expect(costOf(dear, { ...NO_USAGE, input: 10, cache_write_5m: 500, cache_write_1h: 500 })).toBeLessThanOrEqual(
      holdFor(dear, 10, 0),
    );
  });
});
