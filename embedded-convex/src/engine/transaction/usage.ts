/** What a transaction has used of Convex's limits; nested calls may be given less, never more. */
import type { JsonObject } from "../values/json.ts";
import { METRICS, TRANSACTION_BUDGET, type Budget } from "../values/limits.ts";

const HINT =
  "Consider using smaller limits in your queries, paginating your queries, or using indexed queries with a selective index range expressions.";

const TOO_MUCH: Record<keyof Budget, (limit: number) => string> = {
  bytesRead: (limit) => `Too many bytes read in a single function execution (limit: ${limit} bytes). ${HINT}`,
  documentsRead: (limit) => `Too many documents read in a single function execution (limit: ${limit}). ${HINT}`,
  databaseQueries: (limit) => `Too many reads in a single function execution (limit: ${limit}). ${HINT}`,
  bytesWritten: (limit) => `Too many bytes written in a single function execution (limit: ${limit} bytes).`,
  documentsWritten: (limit) => `Too many writes in a single function execution (limit: ${limit}).`,
  functionsScheduled: (limit) => `Too many functions scheduled by this mutation (limit: ${limit}).`,
  scheduledFunctionArgsBytes: (limit) =>
    `Too large total size of the arguments of scheduled functions from this mutation (limit: ${limit} bytes).`,
};

/** A rolled-back call's writes are undone and no longer count; its reads happened. */
const READS: ReadonlySet<keyof Budget> = new Set(["bytesRead", "databaseQueries", "documentsRead"]);

export class Usage {
  private readonly used: Budget = { ...TRANSACTION_BUDGET };
  private limits: Readonly<Budget>;

  constructor(limits: Readonly<Budget>) {
    this.limits = limits;
    for (const metric of METRICS) this.used[metric] = 0;
  }

  /** Throws the developer's sentence when the limit is passed. */
  add(metric: keyof Budget, amount: number): void {
    this.used[metric] += amount;
    if (this.used[metric] > this.limits[metric]) throw new RangeError(TOO_MUCH[metric](this.limits[metric]));
  }

  /** Share of the read limits that is used, 0 to 1; decides when a page should be split. */
  readShare(): number {
    return Math.max(this.used.documentsRead / this.limits.documentsRead, this.used.bytesRead / this.limits.bytesRead);
  }

  /** Starts a nested call with at most `extra` more than is used now; returns what ends it. */
  nest(extra: Partial<Budget>): (kept: boolean) => void {
    const before = { ...this.used };
    const outer = this.limits;
    const inner = { ...outer };
    for (const metric of METRICS) inner[metric] = Math.min(outer[metric], before[metric] + (extra[metric] ?? Infinity));
    this.limits = inner;
    return (kept) => {
      this.limits = outer;
      if (kept) return;
      for (const metric of METRICS) if (!READS.has(metric)) this.used[metric] = before[metric];
    };
  }

  /** The answer to `ctx.meta.getTransactionMetrics()`. */
  metrics(): JsonObject {
    const remaining = (metric: keyof Budget) => Math.max(0, this.limits[metric] - this.used[metric]);
    const entry = (metric: keyof Budget) =>
      [metric, { used: this.used[metric], remaining: remaining(metric) }] as const;
    return Object.fromEntries(METRICS.map(entry));
  }
}
