import * as z from "zod";
import { microUsd } from "./money.ts";
import type { MicroUsd } from "./money.ts";

/**
 * What a call costs. Rates are integers, micro-USD for each million tokens ($2.50 is 2,500,000), so that tokens x rate is exact
 * and one rounding up, to the micro-dollar, ends a call. The one formula: Convex charges by it, the Worker shows by it.
 */
const Rate = z.int().nonnegative();

export const TokenRates = z.object({
  input: Rate,
  output: Rate,
  cache_read: Rate,
  cache_write_5m: Rate,
  cache_write_1h: Rate,
  /** Null: reasoning is charged as output. */
  reasoning: Rate.nullable(),
});
export type TokenRates = z.infer<typeof TokenRates>;

export const ModelPrice = z.object({
  model: z.string().min(1).max(200),
  /** Of the catalogue the price stands in. */
  version: z.string().min(1).max(64),
  rates: TokenRates,
  /** Rates for a whole call whose prompt has more tokens than this; ascending. */
  tiers: z.array(z.object({ above_input_tokens: z.int().positive(), rates: TokenRates })).max(8),
  per_request_microusd: Rate,
  /** Tokens a prompt may have; null where nobody says. */
  max_input_tokens: z.int().positive().nullable(),
  /** Tokens an answer may have; null where nobody says. */
  max_output_tokens: z.int().positive().nullable(),
});
export type ModelPrice = z.infer<typeof ModelPrice>;

const Tokens = z.int().min(0).max(100_000_000);

/** Tokens of one call. The caches are parts of `input`, reasoning is a part of `output`. */
export const TokenUsage = z.object({
  input: Tokens,
  cache_read: Tokens,
  cache_write_5m: Tokens,
  cache_write_1h: Tokens,
  output: Tokens,
  reasoning: Tokens,
});
export type TokenUsage = z.infer<typeof TokenUsage>;

export const NO_USAGE: TokenUsage = {
  input: 0,
  cache_read: 0,
  cache_write_5m: 0,
  cache_write_1h: 0,
  output: 0,
  reasoning: 0,
};

/** The rates of a call by the size of its prompt. */
function ratesFor(price: ModelPrice, inputTokens: number): TokenRates {
  return price.tiers.findLast((tier) => inputTokens > tier.above_input_tokens)?.rates ?? price.rates;
}

const TOKENS_PER_RATE = 1_000_000;

/** Tokens of a call that have one rate. */
export interface PricedTokens {
  part: keyof TokenRates;
  tokens: number;
  /** Micro-USD for a million tokens. */
  rate: number;
}

/** What a call is charged for, part by part. Parts that say more than their whole are cut to it. */
export function pricedTokens(price: ModelPrice, usage: TokenUsage): PricedTokens[] {
  const rates = ratesFor(price, usage.input);
  const read = Math.min(usage.cache_read, usage.input);
  const written = Math.min(usage.cache_write_5m, usage.input - read);
  const writtenLong = Math.min(usage.cache_write_1h, usage.input - read - written);
  const reasoning = rates.reasoning === null ? 0 : Math.min(usage.reasoning, usage.output);
  return [
    { part: "input", tokens: usage.input - read - written - writtenLong, rate: rates.input },
    { part: "cache_read", tokens: read, rate: rates.cache_read },
    { part: "cache_write_5m", tokens: written, rate: rates.cache_write_5m },
    { part: "cache_write_1h", tokens: writtenLong, rate: rates.cache_write_1h },
    { part: "output", tokens: usage.output - reasoning, rate: rates.output },
    { part: "reasoning", tokens: reasoning, rate: rates.reasoning ?? 0 },
  ];
}

/** What the tokens of one call cost, rounded up once. */
export function costOf(price: ModelPrice, usage: TokenUsage): MicroUsd {
  const sum = pricedTokens(price, usage).reduce((total, { tokens, rate }) => total + tokens * rate, 0);
  return microUsd(price.per_request_microusd + Math.ceil(sum / TOKENS_PER_RATE));
}

/** The most a call can cost: every prompt token at the dearest input rate, every answer at its full length. */
export function holdFor(price: ModelPrice, inputTokens: number, outputTokens: number): MicroUsd {
  const rates = ratesFor(price, inputTokens);
  const input = Math.max(rates.input, rates.cache_read, rates.cache_write_5m, rates.cache_write_1h);
  const output = Math.max(rates.output, rates.reasoning ?? 0);
  return microUsd(
    price.per_request_microusd + Math.ceil((inputTokens * input + outputTokens * output) / TOKENS_PER_RATE),
  );
}

/** How many output tokens `microusd` pays for beside a prompt; negative where it does not even pay for the prompt. */
export function outputTokensFor(price: ModelPrice, inputTokens: number, amount: number): number {
  const rates = ratesFor(price, inputTokens);
  const left = amount - holdFor(price, inputTokens, 0);
  const output = Math.max(rates.output, rates.reasoning ?? 0);
  if (left < 0) return -1;
  return output === 0 ? Number.MAX_SAFE_INTEGER : Math.floor((left * TOKENS_PER_RATE) / output);
}
