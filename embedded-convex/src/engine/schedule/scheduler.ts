/**
 * Runs jobs and crons when they are due. A mutation's outcome is part of its own transaction, so it happens exactly
 * once; an action is marked in progress on disk before it starts, so it happens at most once.
 */
import type { Call, FunctionPath, Json, UdfResult } from "../types.ts";
import type { Core } from "../functions/core.ts";
import { newRequest } from "../functions/invoke.ts";
import { dueJobs, finishJob, jobState, type Job, type JobState } from "../functions/jobs.ts";
import type { Runner } from "../functions/runner.ts";
import { forgetOldSessions } from "../functions/sessions.ts";
import { COMPLETED_FIELDS, indexOver, SCHEDULED_FUNCTIONS, type Table } from "../storage/catalog.ts";
import { rowAt, rowsIn } from "../storage/reader.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { encodeTuple } from "../values/keys.ts";
import { asText, parseObject } from "../values/json.ts";
import { advance, dueCrons, isDue, notRunning, type CronJob } from "./crons.ts";

/** Convex runs this many jobs of one deployment at a time. */
const PARALLEL = 8;
const KEEP_FINISHED_MS = 7 * 24 * 60 * 60 * 1000;
const CLEAN_EVERY_MS = 60 * 60 * 1000;
const CLEAN_BATCH = 100;
/** `setTimeout` counts in 32 bits; a later due time is simply looked at again. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** Captured, so that cleaning up keeps real time where a test fakes the clock for the jobs. */
const realSetTimeout = globalThis.setTimeout;
const PAUSE_AFTER_FAULT_MS = 1000;
const STOP_PATIENCE_MS = 2000;
const SUCCESS: UdfResult = { ok: true, valueJson: "null", logLines: [] };
const INTERRUPTED: UdfResult = { ok: false, errorMessage: "Transient error while executing action", logLines: [] };

/** How far a job's run is: not begun, or (an action) begun and marked as such. */
type Stage = "pending" | "inProgress";

/** A job, or one run of a cron. What it writes is part of the transaction that it is given. */
interface Work {
  key: string;
  dueMs: number;
  target: FunctionPath;
  /** The job's id, for `ctx.meta`. */
  scheduledFunctionId: string | null;
  args(): Json;
  /** Whether nobody else (a cancel, an earlier timer) has taken it. */
  isPending(tx: Transaction): boolean;
  /** Notes that an action begins. */
  begin(tx: Transaction): void;
  /** Notes how it ended. */
  end(tx: Transaction, from: Stage, result: UdfResult): void;
}

export class Scheduler {
  private readonly core: Core;
  private readonly runner: Runner;
  private readonly active = new Map<string, Promise<void>>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private cleaner: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;
  /** Set into the future when the engine itself failed (a full disk, say), so that it is not asked all the time. */
  private notBeforeMs = 0;

  constructor(core: Core, runner: Runner) {
    this.core = core;
    this.runner = runner;
  }

  /** Takes up where the last process stopped: actions it left in progress have failed, everything pending is re-armed. */
  async start(): Promise<void> {
    await this.failInterrupted();
    this.wake();
    this.clean();
  }

  /**
   * Starts nothing more and gives what runs a moment to end. An action that goes on is left to the end of the
   * process; the next start finds it interrupted.
   */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    clearTimeout(this.cleaner);
    let patience: ReturnType<typeof setTimeout> | undefined;
    const lost = new Promise<void>((resolve) => (patience = realSetTimeout(resolve, STOP_PATIENCE_MS)));
    await Promise.race([this.settle(), lost]);
    clearTimeout(patience);
  }

  /** Waits for the jobs that are running now. */
  async settle(): Promise<void> {
    while (this.active.size > 0) await Promise.allSettled(this.active.values());
  }

  get isRunning(): boolean {
    return this.active.size > 0;
  }

  /** True while something is waiting for its time. */
  get isArmed(): boolean {
    return this.timer !== undefined;
  }

  /** Sets the timer for what is due next. Jobs start from a timer only, never inside the commit that made them. */
  wake(): void {
    if (this.stopped) return;
    clearTimeout(this.timer);
    const next = this.nextMs();
    const dueMs = next === null ? null : Math.max(next, this.notBeforeMs);
    const delay = dueMs === null ? null : Math.min(MAX_TIMER_MS, Math.max(0, dueMs - this.core.now()));
    this.timer = delay === null ? undefined : setTimeout(() => this.startDue(), delay);
  }

  private startDue(): void {
    this.timer = undefined;
    if (this.stopped) return;
    for (const work of this.due(this.core.now(), PARALLEL + this.active.size)) this.begin(work);
    this.wake();
  }

  /** When something is next to be started; null while nothing can be. */
  private nextMs(): number | null {
    if (this.active.size >= PARALLEL) return null;
    const waiting = this.due(Infinity, this.active.size + 1).filter(({ key }) => !this.active.has(key));
    return waiting.length === 0 ? null : Math.min(...waiting.map(({ dueMs }) => dueMs));
  }

  /** Crons and at most `jobs` jobs that are due by then, the earliest of each first. */
  private due(untilMs: number, jobs: number): Work[] {
    const db = this.core.storage.writer;
    return [
      ...dueCrons(db, untilMs).map((cron) => this.cronWork(cron)),
      ...dueJobs(db, untilMs, jobs).map((job) => this.jobWork(job)),
    ];
  }

  private begin(work: Work): void {
    if (this.active.has(work.key) || this.active.size >= PARALLEL) return;
    const running = this.run(work)
      .catch((error: unknown) => {
        this.notBeforeMs = this.core.now() + PAUSE_AFTER_FAULT_MS;
        this.report(error);
      })
      .finally(() => {
        this.active.delete(work.key);
        this.wake();
      });
    this.active.set(work.key, running);
  }

  private async run(work: Work): Promise<void> {
    const { runner } = this;
    const { target: path, scheduledFunctionId } = work;
    const found = await this.core.code.components
      .get(path.component)
      ?.find(path.udf)
      .catch(() => null);
    const call: Call = { path, args: work.args(), identity: { kind: "none" }, allowInternal: true };
    const request = newRequest({ scheduledFunctionId });
    let taken = false;
    if (found?.kind !== "action") {
      const { result } = await runner.runMutation(call, {
        request,
        before: (tx) => (taken = work.isPending(tx)),
        after: (tx) => work.end(tx, "pending", SUCCESS),
      });
      // A failed run is not tried again; a cron goes on at its next time.
      if (taken && !result.ok) await runner.change((tx) => work.end(tx, "pending", result));
      return;
    }
    await runner.change((tx) => {
      taken = work.isPending(tx);
      if (taken) work.begin(tx);
    });
    if (!taken) return;
    let result = INTERRUPTED;
    try {
      result = await runner.runAction(call, request);
    } finally {
      await runner.change((tx) => work.end(tx, "inProgress", result));
    }
  }

  private cronWork(cron: CronJob): Work {
    const { target, dueMs, args } = cron;
    return {
      key: `cron ${cron.component} ${cron.name}`,
      dueMs,
      target,
      scheduledFunctionId: null,
      args: () => args,
      isPending: () => isDue(this.core.storage.writer, cron),
      begin: (tx) => tx.also((db) => advance(db, cron, this.core.now(), 1)),
      end: (tx, from) =>
        tx.also((db) => (from === "pending" ? advance(db, cron, this.core.now(), 0) : notRunning(db, cron))),
    };
  }

  private jobWork(job: Job): Work {
    const { id, target, dueMs } = job;
    return {
      key: `job ${id}`,
      dueMs,
      target,
      scheduledFunctionId: id,
      args: () => this.argsOf(job),
      isPending: (tx) => this.move(tx, job, "pending", null),
      begin: (tx) => this.move(tx, job, "pending", { kind: "inProgress" }),
      end: (tx, from, result) => this.move(tx, job, from, endState(result)),
    };
  }

  private argsOf(job: Job): Json {
    const table = this.tableOf(job);
    const row = table === null ? null : rowAt(this.core.storage.writer, table.byId.id, encodeTuple([job.id]));
    const args = row === null ? null : parseObject(row.text)["args"];
    return (Array.isArray(args) ? args[0] : null) ?? {};
  }

  /** Whether a job is in a state still (someone may have moved it on meanwhile: a cancel); then moves it to the next. */
  private move(tx: Transaction, job: Job, from: Stage, to: JobState | null): boolean {
    const table = this.tableOf(job);
    const document = table === null ? null : tx.peek(table, job.id);
    if (table === null || document === null || jobState(document.json) !== from) return false;
    if (to !== null) finishJob(tx, table, document.json, to);
    return true;
  }

  private tableOf(job: Job): Table | null {
    return this.core.storage.catalog.all().find((table) => table.id === job.tableId) ?? null;
  }

  private async failInterrupted(): Promise<void> {
    await this.runner.change((tx) => {
      for (const job of dueJobs(this.core.storage.writer, Infinity, -1))
        this.move(tx, job, "inProgress", endState(INTERRUPTED));
      tx.also((db) => db.run("UPDATE crons SET running = 0"));
    });
  }

  /** Deletes finished jobs and answered session requests when their time is over. */
  private clean(): void {
    if (this.stopped) return;
    void this.cleanOnce()
      .catch((error: unknown) => this.report(error))
      .finally(() => {
        if (!this.stopped) this.cleaner = realSetTimeout(() => this.clean(), CLEAN_EVERY_MS).unref();
      });
  }

  private async cleanOnce(): Promise<void> {
    const before = this.core.now() - KEEP_FINISHED_MS;
    for (const table of this.core.storage.catalog.all().filter(({ name }) => name === SCHEDULED_FUNCTIONS)) {
      const index = indexOver(table, COMPLETED_FIELDS);
      if (index === null) continue;
      const range = { index: index.id, lower: encodeTuple([0]), upper: encodeTuple([before]) };
      for (let deleted = CLEAN_BATCH; deleted === CLEAN_BATCH && !this.stopped;) {
        const old = rowsIn(this.core.storage.writer, range, "asc", CLEAN_BATCH);
        deleted = old.length;
        await this.runner.change((tx) => {
          for (const row of old) tx.put(table, asText(parseObject(row.text)["_id"]), null, 0);
        });
      }
    }
    await this.runner.change((tx) => tx.also((db) => forgetOldSessions(db, this.core.now())));
  }

  private report(error: unknown): void {
    if (!this.stopped) this.core.reportFault(error);
  }
}

function endState(result: UdfResult): JobState {
  if (result.ok) return { kind: "success" };
  return { kind: "failed", error: result.errorMessage.slice(result.errorMessage.indexOf("\n") + 1) };
}
