import { issuesOf, MICRO_USD_PER_USD, type ModelPrice } from "@oa/contract";
import * as z from "zod";
import { apiError } from "../errors.ts";

/**
 * The operator's own prices, variable `INFERENCE_PRICES` of the deployment: JSON, a model id with dollars for a million tokens
 * each. They stand before the catalogue's.
 */
const Usd = z.number().nonnegative().max(100_000);
const OperatorPrice = z.strictObject({
  input_usd_per_million: Usd,
  output_usd_per_million: Usd,
  /** Missing: as input. */
  cache_read_usd_per_million: Usd.optional(),
  cache_write_usd_per_million: Usd.optional(),
  /** Missing: as a five minutes' cache. */
  cache_write_1h_usd_per_million: Usd.optional(),
  max_input_tokens: z.int().positive().optional(),
  max_output_tokens: z.int().positive().optional(),
});
const OperatorPrices = z.record(z.string().min(1).max(200), OperatorPrice);

const VERSION = "operator";

/** The last text that was read: the variable changes seldom, and is asked for with every call. */
let parsed: { text: string; prices: ReadonlyMap<string, ModelPrice> } = { text: "", prices: new Map() };

/** Prices by model id. Refuses with `not_configured`, which names the variable and what is wrong with it. */
export function operatorPrices(text = ""): ReadonlyMap<string, ModelPrice> {
  if (parsed.text !== text) parsed = { text, prices: parse(text) };
  return parsed.prices;
}

function parse(text: string): ReadonlyMap<string, ModelPrice> {
  if (text === "") return new Map();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw malformed("it is not JSON");
  }
  const prices = OperatorPrices.safeParse(json);
  if (!prices.success) {
    const issue = issuesOf(prices.error)[0];
    throw malformed(issue === undefined ? "it does not fit" : `${issue.path}: ${issue.message}`);
  }
  return new Map(Object.entries(prices.data).map(([model, price]) => [model, priceOf(model, price)]));
}

function priceOf(model: string, price: z.infer<typeof OperatorPrice>): ModelPrice {
  const input = micro(price.input_usd_per_million);
  const write = micro(price.cache_write_usd_per_million ?? price.input_usd_per_million);
  const longWrite = price.cache_write_1h_usd_per_million;
  return {
    model,
    version: VERSION,
    rates: {
      input,
      output: micro(price.output_usd_per_million),
      cache_read: micro(price.cache_read_usd_per_million ?? price.input_usd_per_million),
      cache_write_5m: write,
      cache_write_1h: longWrite === undefined ? write : micro(longWrite),
      reasoning: null,
    },
    tiers: [],
    per_request_microusd: 0,
    max_input_tokens: price.max_input_tokens ?? null,
    max_output_tokens: price.max_output_tokens ?? null,
  };
}

function micro(usd: number): number {
  return Math.round(usd * MICRO_USD_PER_USD);
}

function malformed(why: string) {
  return apiError("not_configured", `INFERENCE_PRICES of the Convex deployment cannot be read: ${why}.`, {
    variables: ["INFERENCE_PRICES"],
  });
}
