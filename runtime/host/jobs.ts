import { ApiError, type RuntimeJob } from "@oa/contract";

/** Lets the one that works say how far it is, and hear that it should stop. */
export interface JobContext {
  /** Names the next step for people. Throws the reason when the job was cancelled. */
  phase(text: string): void;
  signal: AbortSignal;
}

/** The long work of one instance: one piece at a time, visible while it runs. */
export class JobSlot {
  readonly #now: () => number;
  readonly #changed: () => void;
  #running: { job: RuntimeJob; abort: AbortController; ended: Promise<void> } | null = null;

  constructor(now: () => number, changed: () => void) {
    this.#now = now;
    this.#changed = changed;
  }

  current(): RuntimeJob | null {
    return this.#running?.job ?? null;
  }

  /** Starts a piece of work; throws `busy` while there is another one. */
  begin<T>(kind: RuntimeJob["kind"], work: (context: JobContext) => Promise<T>): Promise<T> {
    if (this.#running !== null) throw busy(this.#running.job);
    const job: RuntimeJob = { kind, phase: "starting", startedAt: this.#now() };
    const abort = new AbortController();
    const phase = (text: string) => {
      abort.signal.throwIfAborted();
      job.phase = text;
      this.#changed();
    };
    const result = this.#finish(work({ phase, signal: abort.signal }));
    this.#running = { job, abort, ended: result.then(ignore, ignore) };
    this.#changed();
    return result;
  }

  /** Stops what runs, and resolves when it has cleaned up after itself. */
  async cancel(reason: ApiError): Promise<void> {
    this.#running?.abort.abort(reason);
    await this.#running?.ended;
  }

  async #finish<T>(result: Promise<T>): Promise<T> {
    try {
      return await result;
    } finally {
      this.#running = null;
      this.#changed();
    }
  }
}

/**
 * One kind of job. The same wish again joins the one that runs, so that a caller whose connection broke asks again and gets
 * the answer; a wish for something else is told to wait.
 */
export class Job<T> {
  readonly #slot: JobSlot;
  readonly #kind: RuntimeJob["kind"];
  #flight: { subject: string; result: Promise<T> } | null = null;

  constructor(slot: JobSlot, kind: RuntimeJob["kind"]) {
    this.#slot = slot;
    this.#kind = kind;
  }

  /** `subject` tells wishes of this kind apart: restores of two different backups do not join. */
  async run(subject: string, work: (context: JobContext) => Promise<T>): Promise<T> {
    if (this.#flight?.subject === subject) return this.#flight.result;
    const result = this.#slot.begin(this.#kind, work);
    const flight = { subject, result };
    this.#flight = flight;
    try {
      return await result;
    } finally {
      if (this.#flight === flight) this.#flight = null;
    }
  }
}

function ignore(): void {
  // The one that asked for the work gets its error.
}

function busy(job: RuntimeJob): ApiError {
  return new ApiError("busy", `A ${job.kind} is running (${job.phase}). Wait until it is done.`, { kind: job.kind });
}
