import type { UsageSummary } from "@oa/contract/usage";
import { usdOfMicro } from "@oa/contract/money";
import { daysOf } from "./usageRange.ts";

/** What the chart shows. */
export const MEASURES = ["cost", "calls", "tokens"] as const;
export type Measure = (typeof MEASURES)[number];
export const MEASURE_WORDS: Readonly<Record<Measure, string>> = { cost: "Cost", calls: "Calls", tokens: "Tokens" };

/** One day of the chart. */
export interface DayOfUse {
  /** `YYYY-MM-DD`. */
  day: string;
  /** Dollars. */
  cost: number;
  calls: number;
  /** Input and output. */
  tokens: number;
}

/** A summary by day with the days on which nothing was used, in the order of time. */
export function daysOfUse(summary: UsageSummary): DayOfUse[] {
  const byDay = new Map(summary.items.map((item) => [item.group, item]));
  return daysOf(summary.from, summary.to).map((day) => {
    const item = byDay.get(day);
    if (item === undefined) return { day, cost: 0, calls: 0, tokens: 0 };
    return {
      day,
      cost: usdOfMicro(item.cost_microusd),
      calls: item.requests,
      tokens: item.input_tokens + item.output_tokens,
    };
  });
}

/** "1,204,332". */
export function formatCount(count: number): string {
  return new Intl.NumberFormat("en-US").format(count);
}
