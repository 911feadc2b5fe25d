import * as z from "zod";
import { Millis } from "./ids.ts";
import { MicroUsd } from "./money.ts";
import { ModelPrice, TokenUsage } from "./pricing.ts";
import { KeyHash, SecretHash } from "./keys.ts";

/**
 * The two phases of a model call. `authorize` takes a hold before the upstream is called; `settle` or `void` ends it, always;
 * a hold nobody ends expires by itself. Every operation is idempotent by its hold id, so a lost answer is asked again.
 * `POST /control/credits/batch` takes several of one user at once: one mutation, results in order, and what one of them is
 * refused touches no other.
 */

/** Random, made by the Worker. Never the request id: callers choose those, and two calls must not share a hold. */
export const HoldId = z.string().regex(/^[A-Za-z0-9_-]{16,64}$/);
export const InferenceEndpoint = z.enum(["chat", "responses", "embeddings"]);
export type InferenceEndpoint = z.infer<typeof InferenceEndpoint>;

/** A hold ends at the latest this long after it was taken: an upstream call's deadline and two minutes. */
export const MAX_HOLD_TTL_MS = 20 * 60 * 1000;
/** Where a caller names no length and has too little for the usual one, an answer is still worth having from here on. */
export const MIN_OUTPUT_TOKENS = 256;
/** Length of an answer where neither caller nor catalogue says: the usual bound of the field. */
export const DEFAULT_OUTPUT_TOKENS = 16_384;

export const AuthorizeOp = z.object({
  op: z.literal("authorize"),
  hold_id: HoldId,
  /** Null for a JWT: only the balance bounds it. */
  key_id: KeyHash.nullable(),
  /**
   * Of the secret the call came with: one that a rotation has ended takes no hold, whatever the Worker still believes of it. Null: it
   * came with none, or with a Worker of before.
   */
  secret_hash: SecretHash.nullable().default(null),
  endpoint: InferenceEndpoint,
  model: z.string().min(1).max(200),
  /** Upper estimate of the prompt. */
  input_tokens: z.int().min(0).max(100_000_000),
  /**
   * What the caller named: held in full or refused. Null: it named none, and gets what the model gives by default, or as much
   * as the funds pay for. Of embeddings 0.
   */
  max_output_tokens: z.int().min(0).max(100_000_000).nullable(),
  /** Answers asked for (`n`). */
  choices: z.int().min(1).max(128),
  ttl_ms: z.int().min(1000).max(MAX_HOLD_TTL_MS),
});
export type AuthorizeOp = z.infer<typeof AuthorizeOp>;

/** Where the tokens of a settlement come from: the upstream's own count, or our upper estimate of what was delivered. */
export const UsageSource = z.enum(["upstream", "estimated"]);
export type UsageSource = z.infer<typeof UsageSource>;
/** How a call ended that is paid for. `expired`: nobody said, the hold's time was over. */
export const CallOutcome = z.enum(["completed", "client_abort", "upstream_cut", "upstream_error", "expired"]);
export type CallOutcome = z.infer<typeof CallOutcome>;

export const SettleOp = z.object({
  op: z.literal("settle"),
  hold_id: HoldId,
  usage: TokenUsage,
  usage_source: UsageSource,
  outcome: CallOutcome.exclude(["expired"]),
  /** Milliseconds from the upstream call to its end, and to its first byte. */
  latency_ms: z.int().nonnegative(),
  first_byte_ms: z.int().nonnegative().nullable(),
  /** What the upstream says it charged; kept for reconciliation, never charged. */
  upstream_cost_usd: z.number().nonnegative().nullable(),
});
export type SettleOp = z.infer<typeof SettleOp>;

/** Nothing was delivered: an upstream error before the first token, a client that left before the call. */
export const VoidOp = z.object({ op: z.literal("void"), hold_id: HoldId, reason: z.string().min(1).max(200) });
export type VoidOp = z.infer<typeof VoidOp>;

/** What a long stream has delivered so far: what is charged if its Worker dies. Only ever grows. */
export const ProgressOp = z.object({
  op: z.literal("progress"),
  hold_id: HoldId,
  output_tokens: z.int().nonnegative(),
});

export const CreditOp = z.discriminatedUnion("op", [AuthorizeOp, SettleOp, VoidOp, ProgressOp]);
export type CreditOp = z.infer<typeof CreditOp>;

/** Why a call is not let through. Statuses: `ERROR_STATUS`. */
export const RefusalCode = z.enum([
  "insufficient_credits",
  "credit_limit_exceeded",
  "key_revoked",
  "key_disabled",
  "key_expired",
  "account_frozen",
  "model_not_found",
  "rate_limited",
  /** The hold id was used for something else, or is over. */
  "conflict",
]);
export type RefusalCode = z.infer<typeof RefusalCode>;
export const LimitSource = z.enum(["balance", "key", "inflight", "rate", "account"]);
export type LimitSource = z.infer<typeof LimitSource>;

export const Granted = z.object({
  result: z.literal("granted"),
  hold_id: HoldId,
  amount_microusd: MicroUsd,
  /** To be written into the upstream request: what makes the hold a bound. For each choice. */
  max_output_tokens: z.int().nonnegative(),
  price: ModelPrice,
  /** What is left to spend after this hold. */
  available_microusd: MicroUsd,
  expires_at: Millis,
});
export const Refused = z.object({
  result: z.literal("refused"),
  code: RefusalCode,
  /** For people; says what to do. */
  message: z.string(),
  limit_source: LimitSource.nullable(),
  available_microusd: MicroUsd,
  /** What the call could cost; null where that is not why. */
  required_microusd: MicroUsd.nullable(),
  /** The longest answer there is money for; null where that is not why. */
  affordable_output_tokens: z.int().nonnegative().nullable(),
  /** When the key's window begins anew. */
  reset_at: Millis.nullable(),
  retry_after_ms: z.int().positive().nullable(),
});
export const AuthorizeResult = z.discriminatedUnion("result", [Granted, Refused]);
export type AuthorizeResult = z.infer<typeof AuthorizeResult>;

/** How a hold ended. A settlement of a hold that had ended posts the difference as `usage_correction`. */
export const Closed = z.object({
  result: z.enum(["settled", "voided", "noted", "unknown_hold", "settle_conflict"]),
  /** What the call has cost in all. */
  cost_microusd: MicroUsd,
  available_microusd: MicroUsd,
});
export type Closed = z.infer<typeof Closed>;

export const CreditOpResult = z.discriminatedUnion("result", [Granted, Refused, Closed]);
export type CreditOpResult = z.infer<typeof CreditOpResult>;

/** Operations of one user that one mutation takes. */
export const MAX_BATCH_OPS = 100;
export const BatchRequest = z.object({ ops: z.array(CreditOp).min(1).max(MAX_BATCH_OPS) });
export const BatchResult = z.object({ results: z.array(CreditOpResult) });
