import { ApiError, MAX_BATCH_OPS } from "@oa/contract";
import type { CreditOp, CreditOpResult } from "@oa/contract";
import { controlUnreachable } from "../control/transport.ts";

/** Sends operations of one user together; gives their results in order. Rejects with an ApiError. */
export type SendBatch = (ops: readonly CreditOp[]) => Promise<readonly CreditOpResult[]>;

export interface CombinerLimits {
  /** Operations of one batch. */
  maxOps: number;
  /** Operations that may wait; one more is refused. */
  maxQueued: number;
  /** How long what nobody waits for may stay to ride along with an `authorize`, in ms. */
  rideMs: number;
  /** Pauses before a batch that brought no answer is sent again, in ms. */
  retryDelaysMs: readonly number[];
}

export const COMBINER_LIMITS: CombinerLimits = {
  maxOps: MAX_BATCH_OPS,
  maxQueued: 1000,
  rideMs: 250,
  retryDelaysMs: [200],
};

interface Waiting {
  op: CreditOp;
  resolve(result: CreditOpResult): void;
  reject(error: unknown): void;
}

/**
 * One user's operations, at most one batch of them under way: what arrives meanwhile leaves together, so that a user with many
 * calls does not fight with themselves over one account document. An `authorize` leaves at once, because a call waits for it;
 * the rest may wait a moment for company. Nothing is kept: whoever submits waits for the result, and asks again by the hold's id
 * where none comes.
 */
export class Combiner {
  readonly #send: SendBatch;
  readonly #limits: CombinerLimits;
  #queue: Waiting[] = [];
  #isSending = false;
  #ride: ReturnType<typeof setTimeout> | undefined;

  constructor(send: SendBatch, limits: CombinerLimits = COMBINER_LIMITS) {
    this.#send = send;
    this.#limits = limits;
  }

  /** @throws ApiError `rate_limited` where too many wait already; `control_unreachable` where no answer comes. */
  submit(op: CreditOp): Promise<CreditOpResult> {
    if (this.#queue.length >= this.#limits.maxQueued) {
      return Promise.reject(
        new ApiError("rate_limited", "Too many calls of this account are under way. Try again in a second.", {
          retry_after_ms: 1000,
        }),
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<CreditOpResult>();
    this.#queue.push({ op, resolve, reject });
    this.#next();
    return promise;
  }

  #next(): void {
    if (this.#isSending || this.#queue.length === 0) return;
    const isUrgent = this.#queue.length >= this.#limits.maxOps || this.#queue.some(({ op }) => op.op === "authorize");
    if (isUrgent) void this.#flush();
    else this.#ride ??= setTimeout(() => void this.#flush(), this.#limits.rideMs);
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#ride);
    this.#ride = undefined;
    this.#isSending = true;
    await this.#deliver(this.#queue.splice(0, this.#limits.maxOps));
    this.#isSending = false;
    this.#next();
  }

  async #deliver(batch: readonly Waiting[]): Promise<void> {
    try {
      const results = await this.#ask(batch.map(({ op }) => op));
      for (const [index, waiting] of batch.entries()) {
        const result = results[index];
        if (result === undefined) waiting.reject(controlUnreachable());
        else waiting.resolve(result);
      }
    } catch (error) {
      if (batch.length > 1 && !isAway(error)) {
        // One that is not understood must not take the others with it.
        for (const waiting of batch) await this.#deliver([waiting]);
        return;
      }
      for (const waiting of batch) waiting.reject(error);
    }
  }

  /** Every operation is idempotent by its hold, so a batch whose answer was lost is sent as it was. */
  async #ask(ops: readonly CreditOp[]): Promise<readonly CreditOpResult[]> {
    for (const delay of this.#limits.retryDelaysMs) {
      try {
        return await this.#send(ops);
      } catch (error) {
        if (!isAway(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, delay));
      }
    }
    return await this.#send(ops);
  }
}

function isAway(error: unknown): boolean {
  return !(error instanceof ApiError) || error.code === "control_unreachable";
}
