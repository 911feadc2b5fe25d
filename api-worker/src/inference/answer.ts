import type { CallOutcome, Granted, MicroUsd, TokenUsage, UsageSource } from "@oa/contract";
import { BALANCE_HEADER, COST_HEADER, HOLD_HEADER, costOf, microUsd, usdOfMicro } from "@oa/contract";
import type * as z from "zod";
import type { Settlement } from "./hold.ts";
import { estimatedUsage } from "./meter.ts";
import type { ToldUsage } from "./usage.ts";

type Grant = z.infer<typeof Granted>;

/** How reading an upstream's answer came to its end. */
export type Ending = "whole" | "cut" | "failed" | "left";

/** What is known of a call when its answer has ended. */
export interface CallEnd {
  ending: Ending;
  /** Whether the answer came to its own end, whoever was still there for it. */
  isWhole: boolean;
  told: ToldUsage | null;
  /** Upper estimate of the output tokens that were passed on. */
  deliveredTokens: number;
  inputTokens: number;
  /** Output tokens the hold covers, of all answers together. */
  heldOutputTokens: number;
  startedAt: number;
  firstByteAt: number | null;
  endedAt: number;
}

const OUTCOMES: Readonly<Record<Ending, Exclude<CallOutcome, "expired">>> = {
  whole: "completed",
  cut: "upstream_cut",
  failed: "upstream_error",
  left: "client_abort",
};

/**
 * What is charged for a call: the usage the upstream told; where it told none, the prompt and what was delivered, by our upper
 * estimate. Null: nothing, because the upstream broke off before anything was delivered, whatever it says it has used. Who leaves after the call was sent pays
 * for the prompt: the upstream has read it.
 */
export function settlementOf(end: CallEnd): Settlement | null {
  const { ending, told, deliveredTokens, inputTokens, heldOutputTokens } = end;
  if (deliveredTokens === 0 && (ending === "cut" || ending === "failed")) return null;
  const { usage, source } = usageCharged(end, estimatedUsage(inputTokens, deliveredTokens, heldOutputTokens));
  return {
    usage,
    usage_source: source,
    outcome: OUTCOMES[ending],
    latency_ms: Math.max(0, end.endedAt - end.startedAt),
    first_byte_ms: end.firstByteAt === null ? null : Math.max(0, end.firstByteAt - end.startedAt),
    upstream_cost_usd: told?.costUsd ?? null,
  };
}

function usageCharged({ isWhole, told }: CallEnd, estimate: TokenUsage): { usage: TokenUsage; source: UsageSource } {
  if (told === null) return { usage: estimate, source: "estimated" };
  if (isWhole) return { usage: told.usage, source: "upstream" };
  // Some vendors tell a usage at the beginning, some keep counting from zero: of an answer that broke off it is not the last word.
  const { input, output } = told.usage;
  if (input > 0 && output >= estimate.output) return { usage: told.usage, source: "upstream" };
  return {
    usage: { ...(input > 0 ? told.usage : estimate), output: Math.max(output, estimate.output) },
    source: "estimated",
  };
}

/** Money of one call, for its headers and its usage. */
export interface CallMoney {
  cost: MicroUsd;
  /** Left to spend after it. */
  available: MicroUsd;
}

export function moneyOf(grant: Grant, usage: TokenUsage): CallMoney {
  const cost = costOf(grant.price, usage);
  return { cost, available: microUsd(grant.available_microusd + grant.amount_microusd - cost) };
}

/** The headers of an answer; `money` is null while it is not known. */
export function moneyHeaders(grant: Grant, money: CallMoney | null): Record<string, string> {
  return {
    [HOLD_HEADER]: dollars(grant.amount_microusd),
    [COST_HEADER]: dollars(money?.cost ?? microUsd(0)),
    [BALANCE_HEADER]: dollars(money?.available ?? grant.available_microusd),
  };
}

/** Six decimals at most, without an exponent. */
export function dollars(amount: MicroUsd): string {
  return usdOfMicro(amount)
    .toFixed(6)
    .replace(/\.?0+$/, "");
}
