/**
 * Runs jobs and crons when they are due. A mutation's outcome is part of its own transaction, so it happens exactly
 * once; an action is marked in progress on disk before it starts, so it happens at most once.
 */
import type { Call, UdfResult } from "../types.ts";
import type { Core } from "../functions/core.ts";
import { newRequest } from "../functions/invoke.ts";
import { dueJobs, finishJob, jobState, type Job, type JobState } from "../functions/jobs.ts";
import type { Runner } from "../functions/runner.ts";
import { forgetOldSessions } from "../functions/sessions.ts";
import { SCHEDULED_FUNCTIONS, COMPLETED_FIELDS, indexOver, type Table } from "../storage/catalog.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { encodeTuple } from "../values/keys.ts";
import { asText, parseObject, type JsonObject } from "../values/json.ts";
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
const INTERRUPTED = "Transient error while executing action";

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
    const now = this.core.now();
    const db = this.core.storage.writer;
    for (const cron of dueCrons(db, now)) this.begin(cronKey(cron), () => this.runCron(cron));
    for (const job of dueJobs(db, now, PARALLEL + this.active.size)) this.begin(jobKey(job), () => this.runJob(job));
    this.wake();
  }

  /** When something is next to be started; null while nothing can be. */
  private nextMs(): number | null {
    if (this.active.size >= PARALLEL) return null;
    const db = this.core.storage.writer;
    const jobs = dueJobs(db, Infinity, this.active.size + 1).map((job) => ({ key: jobKey(job), dueMs: job.dueMs }));
    const crons = dueCrons(db, Infinity).map((cron) => ({ key: cronKey(cron), dueMs: cron.nextMs }));
    const times = [...jobs, ...crons].filter(({ key }) => !this.active.has(key)).map(({ dueMs }) => dueMs);
    return times.length === 0 ? null : Math.min(...times);
  }

  private begin(key: string, work: () => Promise<void>): void {
    if (this.active.has(key) || this.active.size >= PARALLEL) return;
    const running = work()
      .catch((error: unknown) => {
        this.notBeforeMs = this.core.now() + PAUSE_AFTER_FAULT_MS;
        this.report(error);
      })
      .finally(() => {
        this.active.delete(key);
        this.wake();
      });
    this.active.set(key, running);
  }

  private async runJob(job: Job): Promise<void> {
    const found = await this.core.code.components
      .get(job.target.component)
      ?.find(job.target.udf)
      .catch(() => null);
    const run = found?.kind === "action" ? this.runActionJob(job) : this.runMutationJob(job);
    await run;
  }

  private async runMutationJob(job: Job): Promise<void> {
    let taken = false;
    const { result } = await this.runner.runMutation(this.callOf(job), {
      request: newRequest({ scheduledFunctionId: job.id }),
      before: (tx) => {
        taken = this.stateOf(tx, job) === "pending";
        return taken;
      },
      after: (tx) => this.move(tx, job, "pending", { kind: "success" }),
    });
    if (taken && !result.ok) await this.runner.change((tx) => this.move(tx, job, "pending", failedState(result)));
  }

  private async runActionJob(job: Job): Promise<void> {
    let taken = false;
    await this.runner.change((tx) => {
      taken = this.stateOf(tx, job) === "pending";
      if (taken) this.move(tx, job, "pending", { kind: "inProgress" });
    });
    if (!taken) return;
    const result = await this.runner.runAction(this.callOf(job), newRequest({ scheduledFunctionId: job.id }));
    await this.runner.change((tx) =>
      this.move(tx, job, "inProgress", result.ok ? { kind: "success" } : failedState(result)),
    );
  }

  private async runCron(cron: CronJob): Promise<void> {
    const path = { component: cron.component, udf: cron.udf };
    const call: Call = { path, args: cron.args, identity: { kind: "none" }, allowInternal: true };
    const db = this.core.storage.writer;
    const found = await this.core.code.components
      .get(cron.component)
      ?.find(cron.udf)
      .catch(() => null);
    if (found?.kind !== "action") {
      const { result } = await this.runner.runMutation(call, {
        before: () => isDue(db, cron),
        also: (write) => advance(write, cron, this.core.now(), false),
      });
      // A failed run is not tried again before its next time.
      if (!result.ok)
        await this.runner.change(
          () => undefined,
          (write) => advance(write, cron, this.core.now(), false),
        );
      return;
    }
    await this.runner.change(
      () => undefined,
      (write) => advance(write, cron, this.core.now(), true),
    );
    try {
      await this.runner.runAction(call);
    } finally {
      await this.runner.change(
        () => undefined,
        (write) => notRunning(write, cron),
      );
    }
  }

  private callOf(job: Job): Call {
    const document = this.tableOf(job) === null ? null : this.document(job);
    const args = document?.["args"];
    return {
      path: job.target,
      args: (Array.isArray(args) ? args[0] : null) ?? {},
      identity: { kind: "none" },
      allowInternal: true,
    };
  }

  private document(job: Job): JsonObject | null {
    const table = this.tableOf(job);
    const row = table === null ? null : this.core.storage.writerReader.get(table.byId.id, encodeTuple([job.id]));
    return row === null ? null : parseObject(row.text);
  }

  private stateOf(tx: Transaction, job: Job): string {
    const table = this.tableOf(job);
    const document = table === null ? null : tx.peek(table, job.id);
    return document === null ? "" : jobState(document.json);
  }

  /** Leaves a job alone that someone (a cancel) has moved on meanwhile. */
  private move(tx: Transaction, job: Job, from: string, state: JobState): void {
    const table = this.tableOf(job);
    const document = table === null ? null : tx.peek(table, job.id);
    if (table !== null && document !== null && jobState(document.json) === from)
      finishJob(tx, table, document.json, state);
  }

  private tableOf(job: Job): Table | null {
    return this.core.storage.catalog.all().find((table) => table.id === job.tableId) ?? null;
  }

  private async failInterrupted(): Promise<void> {
    await this.runner.change(
      (tx) => {
        for (const job of dueJobs(this.core.storage.writer, Infinity, -1))
          this.move(tx, job, "inProgress", { kind: "failed", error: INTERRUPTED });
      },
      (db) => db.run("UPDATE crons SET running = 0"),
    );
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
        const old = this.core.storage.writerReader.scan(range, "asc", CLEAN_BATCH);
        deleted = old.length;
        await this.runner.change((tx) => {
          for (const row of old) tx.put(table, asText(parseObject(row.text)["_id"]), null, 0);
        });
      }
    }
    await this.runner.change(
      () => undefined,
      (db) => forgetOldSessions(db, this.core.now()),
    );
  }

  private report(error: unknown): void {
    if (!this.stopped) this.core.reportFault(error);
  }
}

function jobKey(job: Job): string {
  return `job ${job.id}`;
}

function cronKey(cron: CronJob): string {
  return `cron ${cron.component} ${cron.name}`;
}

function failedState(result: UdfResult): JobState {
  return { kind: "failed", error: result.ok ? "" : result.errorMessage.slice(result.errorMessage.indexOf("\n") + 1) };
}
