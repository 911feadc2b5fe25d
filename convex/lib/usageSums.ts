import type { UsageGroup } from "@oa/contract";

/** Sums of usage, pure: of one call, of a day's row, and of rows taken together. */
export interface Sums {
  requests: number;
  input_tokens: number;
  cached_tokens: number;
  output_tokens: number;
  cost_microusd: number;
}

/** What a row of `usage_daily` is the sum of, and what identifies it. */
export interface UsageLine extends Sums {
  user_id: string;
  /** Empty for calls with a JWT. */
  key_id: string;
  model: string;
  day: string;
}

/** What of a settled call is counted. */
export interface CountedCall {
  user_id: string;
  key_id: string | null;
  model: string;
  day: string;
  usage: { input: number; cache_read: number; output: number };
  cost_microusd: number;
}

export const NO_SUMS: Sums = {
  requests: 0,
  input_tokens: 0,
  cached_tokens: 0,
  output_tokens: 0,
  cost_microusd: 0,
};

export function addSums(a: Sums, b: Sums): Sums {
  return {
    requests: a.requests + b.requests,
    input_tokens: a.input_tokens + b.input_tokens,
    cached_tokens: a.cached_tokens + b.cached_tokens,
    output_tokens: a.output_tokens + b.output_tokens,
    cost_microusd: a.cost_microusd + b.cost_microusd,
  };
}

/** The same with the opposite sign: what a correction takes back. */
export function negated(line: UsageLine): UsageLine {
  return {
    ...line,
    requests: -line.requests,
    input_tokens: -line.input_tokens,
    cached_tokens: -line.cached_tokens,
    output_tokens: -line.output_tokens,
    cost_microusd: -line.cost_microusd,
  };
}

/** One call as a line of its own. */
export function lineOfCall(call: CountedCall): UsageLine {
  return {
    user_id: call.user_id,
    key_id: call.key_id ?? "",
    model: call.model,
    day: call.day,
    requests: 1,
    input_tokens: call.usage.input,
    cached_tokens: call.usage.cache_read,
    output_tokens: call.usage.output,
    cost_microusd: call.cost_microusd,
  };
}

/** Lines of the same user, key, model and day, added up. */
export function foldLines(lines: readonly UsageLine[]): UsageLine[] {
  const folded = new Map<string, UsageLine>();
  for (const line of lines) {
    const name = JSON.stringify([line.user_id, line.key_id, line.model, line.day]);
    const before = folded.get(name);
    folded.set(name, before === undefined ? line : { ...line, ...addSums(before, line) });
  }
  return [...folded.values()];
}

/** Lines by what a summary is asked for, and all of them together. Days in their order, models and keys dearest first. */
export function groupLines(
  lines: readonly Pick<UsageLine, keyof Sums | "day" | "model" | "key_id">[],
  group: UsageGroup,
): { items: { group: string; sums: Sums }[]; total: Sums } {
  const groups = new Map<string, Sums>();
  let total = NO_SUMS;
  for (const line of lines) {
    const name = { day: line.day, model: line.model, key: line.key_id }[group];
    groups.set(name, addSums(groups.get(name) ?? NO_SUMS, line));
    total = addSums(total, line);
  }
  const items = [...groups].map(([name, sums]) => ({ group: name, sums }));
  const sorted = items.toSorted((a, b) =>
    group === "day" || a.sums.cost_microusd === b.sums.cost_microusd
      ? a.group.localeCompare(b.group)
      : b.sums.cost_microusd - a.sums.cost_microusd,
  );
  return { items: sorted, total };
}
