import { calculateRateLimit, RateLimiter } from "@convex-dev/rate-limiter";
import type { LimitCheck, LimitName, LimitsResult } from "@oa/contract";
import type * as z from "zod";
import { components } from "../_generated/api.js";
import type { MutationCtx } from "../_generated/server.js";
import { LIMITS } from "../lib/limits.ts";

const limiter = new RateLimiter(components.rateLimiter, LIMITS);

/**
 * Attempts that one mutation counts: each limit is read once and written once, however many attempts there are. `closeMeter`
 * writes them down; what was taken before that is lost if the mutation fails, as it should be.
 */
export interface AttemptMeter {
  now: number;
  counters: Map<string, { name: LimitName; key: string; left: number; taken: number }>;
}

export function openMeter(now: number): AttemptMeter {
  return { now, counters: new Map() };
}

/**
 * Takes one attempt from each limit. Where one is used up nothing is taken, and the longest wait is told: looked at first and taken
 * after, in one transaction, so that attempts at once cannot pass together.
 */
export async function takeAttempt(
  ctx: MutationCtx,
  meter: AttemptMeter,
  checks: readonly LimitCheck[],
): Promise<z.infer<typeof LimitsResult>> {
  let wait = 0;
  const counters = [];
  for (const check of checks) {
    const counter = await counterOf(ctx, meter, check);
    const missing = 1 - counter.left;
    const { period, rate } = LIMITS[check.name];
    if (missing > 0) wait = Math.max(wait, Math.ceil((missing * period) / rate));
    counters.push(counter);
  }
  if (wait > 0) return { allowed: false, retry_after_ms: wait };
  for (const counter of counters) {
    counter.left -= 1;
    counter.taken += 1;
  }
  return { allowed: true };
}

/** Writes down what was taken. */
export async function closeMeter(ctx: MutationCtx, meter: AttemptMeter): Promise<void> {
  for (const { name, key, taken } of meter.counters.values()) {
    if (taken > 0) await limiter.limit(ctx, name, { key, count: taken });
  }
}

/** Counts one attempt against each limit; `takeAttempt` for a mutation that counts no other. */
export async function takeLimits(
  ctx: MutationCtx,
  checks: readonly LimitCheck[],
): Promise<z.infer<typeof LimitsResult>> {
  const meter = openMeter(Date.now());
  const result = await takeAttempt(ctx, meter, checks);
  await closeMeter(ctx, meter);
  return result;
}

async function counterOf(ctx: MutationCtx, meter: AttemptMeter, { name, key }: LimitCheck) {
  const id = `${name} ${key}`;
  const known = meter.counters.get(id);
  if (known !== undefined) return known;
  const { value, ts } = await limiter.getValue(ctx, name, { key });
  const left = calculateRateLimit({ value, ts }, LIMITS[name], meter.now).value;
  const counter = { name, key, left, taken: 0 };
  meter.counters.set(id, counter);
  return counter;
}
