import { randomUUID } from "node:crypto";
import { ApiError, type JobOutcome, type JobReport, type RuntimeJob } from "@oa/contract";

/** Lets the one that works say how far it is, and hear that it should stop. */
export interface JobContext {
  /** Names the next step for people. Throws the reason when the job was cancelled. */
  phase(text: string): void;
  signal: AbortSignal;
}

/** What is remembered of the long work of an instance, also by the next host. */
export interface JobMemory {
  /** Begun and not ended; its phase is as old as its beginning. */
  running: RuntimeJob | null;
  last: JobOutcome | null;
}

export interface JobSlotOptions {
  now: () => number;
  /** What runs, or how far it is, is different now. */
  changed: () => void;
  /** Durable. Written when a piece of work begins and when it ends. */
  memory: { read: () => JobMemory; write: (memory: JobMemory) => void };
  /** Why a piece of work failed, for the instance's owner. */
  sentence: (error: unknown) => string;
}

const INTERRUPTED = "The machine it ran on was restarted before it was done.";

/** The long work of one instance: one piece at a time, visible while it runs, and how the last one ended. */
export class JobSlot {
  readonly #options: JobSlotOptions;
  #running: { job: RuntimeJob; abort: AbortController; ended: Promise<void> } | null = null;

  constructor(options: JobSlotOptions) {
    this.#options = options;
  }

  /** What a former host had begun has ended with it; `result` says how. Before anything is begun. */
  recover(result: JobOutcome["result"]): void {
    const { running } = this.#options.memory.read();
    if (running !== null) this.#remember(running, result === "done" ? null : INTERRUPTED);
  }

  report(): JobReport {
    const running = this.#running === null ? null : { ...this.#running.job };
    return { at: this.#options.now(), running, last: this.#options.memory.read().last };
  }

  /** Starts a piece of work; throws `busy` while there is another one. */
  begin<T>(kind: RuntimeJob["kind"], work: (context: JobContext) => Promise<T>): Promise<T> {
    if (this.#running !== null) throw busy(this.#running.job);
    const { now, changed, memory } = this.#options;
    const job: RuntimeJob = { id: randomUUID(), kind, phase: "starting", startedAt: now() };
    memory.write({ ...memory.read(), running: job });
    const abort = new AbortController();
    const phase = (text: string) => {
      abort.signal.throwIfAborted();
      job.phase = text;
      changed();
    };
    const result = this.#finish(job, work({ phase, signal: abort.signal }));
    this.#running = { job, abort, ended: result.then(ignore, ignore) };
    changed();
    return result;
  }

  /** Stops what runs, and resolves when it has cleaned up after itself. */
  async cancel(reason: ApiError): Promise<void> {
    this.#running?.abort.abort(reason);
    await this.#running?.ended;
  }

  async #finish<T>(job: RuntimeJob, result: Promise<T>): Promise<T> {
    let reason: string | null = null;
    try {
      return await result;
    } catch (error) {
      reason = this.#options.sentence(error);
      throw error;
    } finally {
      this.#end(job, reason);
    }
  }

  #end(job: RuntimeJob, reason: string | null): void {
    this.#running = null;
    this.#remember(job, reason);
    this.#options.changed();
  }

  #remember({ id, kind, startedAt }: RuntimeJob, reason: string | null): void {
    const result = reason === null ? "done" : "failed";
    const last: JobOutcome = { id, kind, startedAt, endedAt: this.#options.now(), result, reason };
    this.#options.memory.write({ running: null, last });
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
