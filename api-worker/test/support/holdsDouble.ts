import { BatchRequest, CREDIT_CONTROL_PATHS, costOf, holdFor, microUsd } from "@oa/contract";
import type { AuthorizeOp, CreditOp, CreditOpResult, ModelPrice, Refused, SettleOp } from "@oa/contract";
import type * as z from "zod";
import type { Asked } from "./convexDouble.ts";

/** One hold, and how it ended. */
export interface Hold {
  asked: AuthorizeOp;
  amount: number;
  state: "open" | "settled" | "voided";
  cost: number;
  settlement: SettleOp | null;
  reason: string | null;
  /** Operations that wanted to end it. */
  ends: number;
  progress: number;
}

/** What the double of holds remembers: one account for everybody. */
export interface HoldsState {
  posted: number;
  held: number;
  holds: Record<string, Hold>;
  /** Sizes of the batches that came. */
  batches: number[];
  /** What the next authorizes are answered; null: what the funds say. */
  refusal: z.infer<typeof Refused> | null;
}

export function emptyHolds(): HoldsState {
  return { posted: 5_000_000, held: 0, holds: {}, batches: [], refusal: null };
}

/** Dollars for a million tokens. */
function price(model: string, input: number, output: number): ModelPrice {
  const million = 1_000_000;
  const read = Math.round((input * million) / 2);
  return {
    model,
    version: "test-1",
    rates: {
      input: input * million,
      output: output * million,
      cache_read: read,
      cache_write_5m: input * million,
      cache_write_1h: input * million,
      reasoning: null,
    },
    tiers: [],
    per_request_microusd: 0,
    max_input_tokens: 128_000,
    max_output_tokens: 16_384,
  };
}

const PRICES = [price("gpt-4o", 2.5, 10), price("gpt-4o-mini", 0.15, 0.6), price("text-embedding-3-small", 0.02, 0)];

/** Enough of the batch and of the price list: the contract's own arithmetic, without keys, windows and expiry. */
export const HOLD_HANDLERS: Record<string, (state: HoldsState, asked: Asked) => unknown> = {
  [`POST ${CREDIT_CONTROL_PATHS.creditsBatch}`]: (state, asked) => {
    const { ops } = BatchRequest.parse(asked.body);
    state.batches.push(ops.length);
    return { results: ops.map((op) => applied(state, op)) };
  },
  [`GET ${CREDIT_CONTROL_PATHS.inferenceModels}`]: () => ({ models: PRICES }),
};

function applied(state: HoldsState, op: CreditOp): CreditOpResult {
  if (op.op === "authorize") return authorized(state, op);
  const hold = state.holds[op.hold_id];
  const closed = (result: "settled" | "voided" | "noted" | "unknown_hold") => ({
    result,
    cost_microusd: microUsd(hold?.cost ?? 0),
    available_microusd: available(state),
  });
  if (hold === undefined) return closed("unknown_hold");
  if (op.op === "progress") {
    hold.progress = Math.max(hold.progress, op.output_tokens);
    return closed("noted");
  }
  hold.ends += 1;
  if (hold.state !== "open") return closed(hold.state);
  state.held -= hold.amount;
  if (op.op === "void") {
    Object.assign(hold, { state: "voided", reason: op.reason });
    return closed("voided");
  }
  const cost = costOf(priceOf(hold.asked.model), op.usage);
  state.posted -= cost;
  Object.assign(hold, { state: "settled", settlement: op, cost });
  return closed("settled");
}

function authorized(state: HoldsState, op: AuthorizeOp): CreditOpResult {
  const known = PRICES.find(({ model }) => model === op.model);
  const refused = { result: "refused", limit_source: null, available_microusd: available(state) } as const;
  const noMore = {
    required_microusd: null,
    affordable_output_tokens: null,
    reset_at: null,
    retry_after_ms: null,
  };
  if (known === undefined)
    return { ...refused, ...noMore, code: "model_not_found", message: `no price for ${op.model}` };
  if (state.refusal !== null) return state.refusal;
  const output = op.max_output_tokens ?? 16_384;
  const amount = holdFor(known, op.input_tokens, output * op.choices);
  const replayed = state.holds[op.hold_id];
  if (replayed === undefined && amount > available(state)) {
    const message = "insufficient credits for this call";
    const why = { limit_source: "balance", required_microusd: amount, affordable_output_tokens: 0 } as const;
    return { ...refused, ...noMore, ...why, code: "insufficient_credits", message };
  }
  if (replayed === undefined) {
    state.held += amount;
    const open = { state: "open", cost: 0, settlement: null, reason: null, ends: 0, progress: 0 } as const;
    state.holds[op.hold_id] = { asked: op, amount, ...open };
  }
  return {
    result: "granted",
    hold_id: op.hold_id,
    amount_microusd: amount,
    max_output_tokens: output,
    price: known,
    available_microusd: available(state),
    expires_at: Date.now() + op.ttl_ms,
  };
}

function available(state: HoldsState) {
  return microUsd(state.posted - state.held);
}

function priceOf(model: string): ModelPrice {
  return PRICES.find((price) => price.model === model) ?? price(model, 0, 0);
}
