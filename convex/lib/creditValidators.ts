import { AlertKind, CallOutcome, InferenceEndpoint, LimitReset, UsageSource } from "@oa/contract";
import { v } from "convex/values";

/** Convex validators of the contract's shapes of money; made from its zod lists. */

export const inferenceEndpoint = v.union(...InferenceEndpoint.options.map((name) => v.literal(name)));
export const usageSource = v.union(...UsageSource.options.map((name) => v.literal(name)));
export const callOutcome = v.union(...CallOutcome.options.map((name) => v.literal(name)));
export const limitReset = v.union(...LimitReset.options.map((name) => v.literal(name)));
export const alertKind = v.union(...AlertKind.options.map((name) => v.literal(name)));
export const alertMailState = v.union(v.literal("sent"), v.literal("none"), v.literal("failed"));
export const accountStatus = v.union(v.literal("active"), v.literal("frozen"), v.literal("closed"));
export const holdState = v.union(v.literal("open"), v.literal("settled"), v.literal("voided"), v.literal("expired"));

const tokenRates = v.object({
  input: v.number(),
  output: v.number(),
  cache_read: v.number(),
  cache_write_5m: v.number(),
  cache_write_1h: v.number(),
  reasoning: v.union(v.number(), v.null()),
});

/** `ModelPrice` of the contract. */
export const modelPrice = v.object({
  model: v.string(),
  version: v.string(),
  rates: tokenRates,
  tiers: v.array(v.object({ above_input_tokens: v.number(), rates: tokenRates })),
  per_request_microusd: v.number(),
  max_input_tokens: v.union(v.number(), v.null()),
  max_output_tokens: v.union(v.number(), v.null()),
});

/** `TokenUsage` of the contract. */
export const tokenUsage = v.object({
  input: v.number(),
  cache_read: v.number(),
  cache_write_5m: v.number(),
  cache_write_1h: v.number(),
  output: v.number(),
  reasoning: v.number(),
});

const holdId = v.string();

/** `CreditOp` of the contract. */
export const creditOp = v.union(
  v.object({
    op: v.literal("authorize"),
    hold_id: holdId,
    key_id: v.union(v.string(), v.null()),
    secret_hash: v.union(v.string(), v.null()),
    endpoint: inferenceEndpoint,
    model: v.string(),
    input_tokens: v.number(),
    max_output_tokens: v.union(v.number(), v.null()),
    choices: v.number(),
    ttl_ms: v.number(),
  }),
  v.object({
    op: v.literal("settle"),
    hold_id: holdId,
    usage: tokenUsage,
    usage_source: usageSource,
    outcome: v.union(
      v.literal("completed"),
      v.literal("client_abort"),
      v.literal("upstream_cut"),
      v.literal("upstream_error"),
    ),
    latency_ms: v.number(),
    first_byte_ms: v.union(v.number(), v.null()),
    upstream_cost_usd: v.union(v.number(), v.null()),
  }),
  v.object({ op: v.literal("void"), hold_id: holdId, reason: v.string() }),
  v.object({ op: v.literal("progress"), hold_id: holdId, output_tokens: v.number() }),
);
