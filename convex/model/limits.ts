import { RateLimiter } from "@convex-dev/rate-limiter";
import type { LimitCheck, LimitsResult } from "@oa/contract";
import type * as z from "zod";
import { components } from "../_generated/api.js";
import type { MutationCtx } from "../_generated/server.js";
import { LIMITS } from "../lib/limits.ts";

const limiter = new RateLimiter(components.rateLimiter, LIMITS);

/**
 * Counts one attempt against each limit. Where one is used up nothing is counted, and the longest wait is told: checked
 * first and taken after, in one transaction, so that attempts at once cannot pass together.
 */
export async function takeLimits(
  ctx: MutationCtx,
  checks: readonly LimitCheck[],
): Promise<z.infer<typeof LimitsResult>> {
  let wait = 0;
  for (const { name, key } of checks) {
    const status = await limiter.check(ctx, name, { key });
    if (!status.ok) wait = Math.max(wait, Math.ceil(status.retryAfter), 1);
  }
  if (wait > 0) return { allowed: false, retry_after_ms: wait };
  for (const { name, key } of checks) await limiter.limit(ctx, name, { key });
  return { allowed: true };
}
