import { costOf, holdFor, type ModelPrice, NO_USAGE, type TokenUsage } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { cataloguePrice, cataloguePrices } from "./catalogue.ts";

function priceOf(model: string): ModelPrice {
  const price = cataloguePrice(model);
  if (price === null) throw new Error(`no price for ${model}`);
  return price;
}

const cost = (model: string, usage: Partial<TokenUsage>): number => costOf(priceOf(model), { ...NO_USAGE, ...usage });

describe("what calls cost by the committed catalogue, worked out by hand", () => {
  it.each([
    // 10,000 x $1.25 + 90,000 x $0.125 + 2,000 x $10 a million
    ["gpt-5", { input: 100_000, cache_read: 90_000, output: 2000 }, 43_750],
    // 95,000 x $6 + 200,000 x $0.60 + 5,000 x $7.50 + 1,000 x $22.50: the prompt is past 200,000, so all of it is dearer
    ["claude-sonnet-4-5", { input: 300_000, cache_read: 200_000, cache_write_5m: 5000, output: 1000 }, 750_000],
    // 250,000 x $2.50 + 1,000 x $15
    ["gemini-2.5-pro", { input: 250_000, output: 1000 }, 640_000],
    ["gpt-4o", { input: 1000, output: 100_000 }, 1_002_500],
    // 13.5 micro-dollars: a fraction is charged as a whole one
    ["gpt-4o-mini", { input: 10, output: 20 }, 14],
    ["text-embedding-3-small", { input: 1_000_000 }, 20_000],
    ["text-embedding-3-large", { input: 1_000_000 }, 130_000],
  ])("%s %o: %i micro-dollars", (model, usage, expected) => {
    expect(cost(model, usage)).toBe(expected);
  });

  it("at 200,000 prompt tokens the usual rate still holds, one more and the dearer one does", () => {
    expect(cost("gemini-2.5-pro", { input: 200_000 })).toBe(250_000);
    expect(cost("gemini-2.5-pro", { input: 200_001 })).toBe(500_003);
  });

  it("reading a cache whose price nobody names costs as much as reading the prompt", () => {
    expect(cost("gpt-4", { input: 1000, cache_read: 1000 })).toBe(cost("gpt-4", { input: 1000 }));
  });

  it("an hour's cache is dearer to write than five minutes'", () => {
    expect(cost("claude-sonnet-4-5", { input: 1000, cache_write_1h: 1000 })).toBe(6000);
    expect(cost("claude-sonnet-4-5", { input: 1000, cache_write_5m: 1000 })).toBe(3750);
  });
});

describe("which ids have a price", () => {
  it.each(["gpt-4o-2024-08-06", "claude-sonnet-4-5-20250929", "claude-sonnet-4-20250514", "openai/gpt-5"])(
    "%s, as vendors and aggregators write it, under its own id",
    (model) => {
      expect(priceOf(model).model).toBe(model);
    },
  );

  it("a release that costs something else has its own price: gpt-4o of May 2024", () => {
    expect(priceOf("gpt-4o-2024-05-13").rates).toMatchObject({ input: 5_000_000, output: 15_000_000 });
  });

  it.each([
    "a model nobody knows",
    "",
    "gpt-4o-my-own",
    "gpt-4o-20240101",
    "gpt-realtime",
    "gpt-4o-audio-preview",
    "perplexity/sonar-pro",
    "llama-3.1-sonar-large-128k-online",
    "constructor",
  ])("not %j", (model) => {
    expect(cataloguePrice(model)).toBeNull();
  });

  it("a model that searches costs its search besides its tokens", () => {
    expect(cost("sonar-pro", { input: 1000, output: 100 })).toBe(3000 + 1500 + 14_000);
    expect(holdFor(priceOf("sonar-pro"), 0, 0)).toBe(14_000);
  });

  it("every price is of whole micro-dollars, costs something, and its hold covers its call", () => {
    const prices = cataloguePrices();
    expect(prices.length).toBeGreaterThan(900);
    const usage = {
      input: 300_000,
      cache_read: 1000,
      cache_write_5m: 1000,
      cache_write_1h: 1000,
      output: 9000,
      reasoning: 900,
    };
    const free = prices.filter(({ rates }) => rates.input === 0);
    const short = prices.filter((price) => holdFor(price, usage.input, usage.output) < costOf(price, usage));
    expect([free, short]).toEqual([[], []]);
  });
});
