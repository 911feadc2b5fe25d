import { describe, expect, it } from "vitest";
import { errorBodyOf } from "../errors.ts";
import { operatorPrices } from "./operatorPrices.ts";

function complaint(text: string) {
  try {
    operatorPrices(text);
  } catch (error) {
    return errorBodyOf(error);
  }
  return null;
}

describe("an operator's own prices", () => {
  it("none are set", () => {
    expect(operatorPrices(undefined).size).toBe(0);
    expect(operatorPrices("").size).toBe(0);
  });

  it("dollars for a million tokens become whole micro-dollars; caches cost as input unless they are named", () => {
    const prices = operatorPrices(
      '{"my-model": {"input_usd_per_million": 0.1, "output_usd_per_million": 2, "max_output_tokens": 4096}}',
    );
    expect(prices.get("my-model")).toEqual({
      model: "my-model",
      version: "operator",
      rates: {
        input: 100_000,
        output: 2_000_000,
        cache_read: 100_000,
        cache_write_5m: 100_000,
        cache_write_1h: 100_000,
        reasoning: null,
      },
      tiers: [],
      per_request_microusd: 0,
      max_input_tokens: null,
      max_output_tokens: 4096,
    });
  });

  it.each([
    ["not JSON", "{my-model: 1}", /not JSON/],
    ["a list", "[]", /INFERENCE_PRICES/],
    ["a price without its output", '{"m": {"input_usd_per_million": 1}}', /m\.output_usd_per_million/],
    [
      "a negative price",
      '{"m": {"input_usd_per_million": -1, "output_usd_per_million": 1}}',
      /m\.input_usd_per_million/,
    ],
    ["a name we do not know", '{"m": {"input_usd_per_million": 1, "output_usd_per_million": 1, "inptu": 1}}', /inptu/],
  ])("%s is refused, and the variable is named", (_name, text, sentence) => {
    const error = complaint(text);
    expect(error).toMatchObject({ code: "not_configured", details: { variables: ["INFERENCE_PRICES"] } });
    expect(error?.message).toMatch(sentence);
  });

  it("a mended variable is read anew", () => {
    expect(complaint("{")).not.toBeNull();
    const mended = operatorPrices('{"m": {"input_usd_per_million": 1, "output_usd_per_million": 1}}');
    expect([...mended.keys()]).toEqual(["m"]);
    expect(operatorPrices("").size).toBe(0);
  });
});
