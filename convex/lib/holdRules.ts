import {
  type AuthorizeOp,
  costOf,
  DEFAULT_OUTPUT_TOKENS,
  formatUsd,
  type Granted,
  holdFor,
  type LimitReset,
  type LimitSource,
  microUsd,
  MIN_OUTPUT_TOKENS,
  type ModelPrice,
  NO_USAGE,
  outputTokensFor,
  type RefusalCode,
  type Refused,
} from "@oa/contract";
import type * as z from "zod";

/**
 * Whether a model call is let through and what is held for it, pure. What is held is the most the call can cost; where no
 * length was named the answer is made as short as the money is, so that a hold is always a bound.
 */

/** Calls under way at once, of an account that was never paid into, and of one that was. */
export const MAX_OPEN_HOLDS = { free: 20, paid: 100 } as const;
/** When a call is tried again that waits for another one to end. */
const INFLIGHT_RETRY_MS = 1000;

/** What an account has for a call. */
export interface Funds {
  /** Posted less held. */
  available: number;
  openHolds: number;
  status: "active" | "frozen" | "closed";
  /** Was ever paid into. */
  paid: boolean;
}

/** The limit of the key a call is made with. */
export interface KeyBudget {
  name: string;
  limit: number;
  reset: LimitReset | null;
  /** Spent and held in the limit's window. */
  used: number;
  resetsAt: number | null;
}

export type Refusal = z.infer<typeof Refused>;
/** What a hold is made of. */
export type HoldPlan = Pick<z.infer<typeof Granted>, "amount_microusd" | "max_output_tokens">;

interface RefusalDetails {
  limit_source?: LimitSource;
  required?: number;
  affordable?: number;
  reset_at?: number | null;
  retry_after_ms?: number;
}

/** A refusal in the contract's form. */
export function refusal(code: RefusalCode, message: string, available: number, details: RefusalDetails = {}): Refusal {
  const { limit_source = null, required, affordable, reset_at = null, retry_after_ms = null } = details;
  return {
    result: "refused",
    code,
    message,
    limit_source,
    available_microusd: microUsd(available),
    required_microusd: required === undefined ? null : microUsd(required),
    affordable_output_tokens: affordable === undefined ? null : Math.max(0, affordable),
    reset_at,
    retry_after_ms,
  };
}

/** Why the account lets no call through, whatever it would cost; null where it does. */
export function accountRefusal({ available, openHolds, status, paid }: Funds): Refusal | null {
  if (status !== "active") {
    const message =
      status === "frozen"
        ? "Spending from this account is stopped. Ask the operator of this installation why."
        : "This account is closed.";
    return refusal("account_frozen", message, available, { limit_source: "account" });
  }
  const most = paid ? MAX_OPEN_HOLDS.paid : MAX_OPEN_HOLDS.free;
  if (openHolds < most) return null;
  const more = paid ? "" : ` An account that has been topped up may have ${MAX_OPEN_HOLDS.paid}.`;
  const message = `${most} calls are under way at once, which is the most there may be. Wait for one to end.${more}`;
  return refusal("rate_limited", message, available, { limit_source: "inflight", retry_after_ms: INFLIGHT_RETRY_MS });
}

/**
 * What is held for a call, or why it is not let through. A length the caller named is held in full or refused; where none was
 * named it is the model's own, the usual one at most, and as much of it as there is money for.
 */
export function planHold(
  op: Pick<AuthorizeOp, "input_tokens" | "max_output_tokens" | "choices">,
  price: ModelPrice,
  available: number,
  budget: KeyBudget | null,
): HoldPlan | Refusal {
  const left = budget === null ? Number.POSITIVE_INFINITY : budget.limit - budget.used;
  const spendable = Math.min(available, left);
  const affordable = Math.floor(outputTokensFor(price, op.input_tokens, spendable) / op.choices);
  const usual = Math.min(price.max_output_tokens ?? DEFAULT_OUTPUT_TOKENS, DEFAULT_OUTPUT_TOKENS);
  const least = op.max_output_tokens ?? Math.min(MIN_OUTPUT_TOKENS, usual);
  const required = holdFor(price, op.input_tokens, least * op.choices);
  if (required > spendable) {
    return left < available && budget !== null
      ? keyRefusal(budget, required, available, affordable)
      : balanceRefusal(required, available, affordable);
  }
  const tokens = op.max_output_tokens ?? Math.min(usual, affordable);
  return { amount_microusd: holdFor(price, op.input_tokens, tokens * op.choices), max_output_tokens: tokens };
}

function balanceRefusal(required: number, available: number, affordable: number): Refusal {
  const shorter = affordable >= MIN_OUTPUT_TOKENS ? `, or ask for at most ${affordable} tokens` : "";
  const message = `This account has insufficient credits: the call could cost ${usd(required)} and ${usd(available)} is available. Top up${shorter}.`;
  return refusal("insufficient_credits", message, available, { limit_source: "balance", required, affordable });
}

const SPANS: { readonly [Reset in LimitReset]: string } = { daily: "daily", weekly: "weekly", monthly: "monthly" };

/** Nothing here may read like an empty account: OpenClaw would then rest the whole provider for ten minutes. */
function keyRefusal(budget: KeyBudget, required: number, available: number, affordable: number): Refusal {
  const { name, limit, used, reset, resetsAt } = budget;
  const reached = reset === null ? "its limit is reached" : `${SPANS[reset]} limit reached`;
  const until = resetsAt === null ? "and does not reset" : `resets ${minuteOf(resetsAt)}`;
  const sums = `${usd(Math.max(0, limit - used))} of ${usd(limit)} is left and the call could cost ${usd(required)}`;
  const message = `Key "${name}": ${reached}, ${until}. ${sums}. Raise the key's limit, or use another key.`;
  return refusal("credit_limit_exceeded", message, available, {
    limit_source: "key",
    required,
    affordable,
    reset_at: resetsAt,
  });
}

/** What a hold that nobody ended is charged: the prompt and what is known to have been delivered, never more than was held. */
export function expiryUsage(hold: { input_tokens: number; progress_tokens: number }) {
  return { ...NO_USAGE, input: hold.input_tokens, output: hold.progress_tokens };
}

/** The cost of `expiryUsage`. */
export function expiryCost(hold: {
  price: ModelPrice;
  input_tokens: number;
  progress_tokens: number;
  amount_microusd: number;
}): number {
  return Math.min(hold.amount_microusd, costOf(hold.price, expiryUsage(hold)));
}

function usd(amount: number): string {
  return formatUsd(microUsd(amount));
}

/** "2026-11-22 00:00 UTC" */
function minuteOf(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
