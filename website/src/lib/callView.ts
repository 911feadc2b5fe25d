import { type ModelPrice, type PricedTokens, pricedTokens, type TokenUsage } from "@oa/contract/pricing";
import type { UsageEvent } from "@oa/contract/usage";

/** One part of a call's price: so many tokens at such a rate. */
export interface CostLine {
  part: string;
  tokens: number;
  /** Micro-USD for a million tokens. */
  rate: number;
  /** Micro-USD, not rounded: the whole call is rounded up once. */
  amount: number;
}

const PARTS: Readonly<Record<PricedTokens["part"], string>> = {
  input: "Input",
  cache_read: "Input read from the cache",
  cache_write_5m: "Input kept in the cache, 5 minutes",
  cache_write_1h: "Input kept in the cache, 1 hour",
  output: "Output",
  reasoning: "Reasoning",
};

/** The parts `costOf` sums; those without tokens left out. */
export function costLines(price: ModelPrice, usage: TokenUsage): CostLine[] {
  return pricedTokens(price, usage)
    .filter(({ tokens }) => tokens > 0)
    .map(({ part, tokens, rate }) => ({ part: PARTS[part], tokens, rate, amount: (tokens * rate) / 1_000_000 }));
}

/** The same parts without rates, for a call whose price is no longer kept. */
export function tokenParts(usage: TokenUsage): { part: string; tokens: number }[] {
  return [
    { part: "Input", tokens: usage.input },
    { part: "of it, from the cache", tokens: usage.cache_read },
    { part: "of it, kept in the cache", tokens: usage.cache_write_5m + usage.cache_write_1h },
    { part: "Output", tokens: usage.output },
    { part: "of it, reasoning", tokens: usage.reasoning },
  ].filter(({ tokens }) => tokens > 0);
}

/** How a call that is paid for ended. */
export const OUTCOMES: Readonly<Record<UsageEvent["outcome"], { word: string; meaning: string }>> = {
  completed: { word: "Completed", meaning: "The answer came whole." },
  client_abort: {
    word: "Ended by the caller",
    meaning: "The program left before the end; charged is what it had been sent by then.",
  },
  upstream_cut: {
    word: "Cut off",
    meaning: "The model's provider ended the answer early; charged is what had come by then.",
  },
  upstream_error: {
    word: "Failed on the way",
    meaning: "The model's provider reported an error in the middle; charged is what had come by then.",
  },
  expired: {
    word: "Timed out",
    meaning: "Nobody said how the call ended, so what was known of it when its hold ran out is charged.",
  },
};

export const SOURCES: Readonly<Record<UsageEvent["usage_source"], { word: string; meaning: string }>> = {
  upstream: { word: "Counted by the provider", meaning: "The tokens are the ones the model's provider counted." },
  estimated: {
    word: "Estimated",
    meaning: "The provider gave no count, so the tokens are an upper estimate of what was sent.",
  },
};

export const ENDPOINTS: Readonly<Record<UsageEvent["endpoint"], string>> = {
  chat: "Chat",
  responses: "Responses",
  embeddings: "Embeddings",
};

/** Dollars to the last digit that counts, at least two: "$0.000225", "$1.50". Parts of a micro-dollar show up to nine digits. */
export function exactUsd(microusd: number): string {
  return new Intl.NumberFormat("en-US", {
    style: "currency",
    currency: "USD",
    minimumFractionDigits: 2,
    maximumFractionDigits: 9,
  }).format(microusd / 1_000_000);
}
