/**
 * Runs jobs and crons when they are due. A mutation's outcome is part of its own transaction, so it happens exactly
 * once; an action is marked in progress on disk before it starts, so it happens at most once.
 */
import type { Call, FunctionPath, Json, UdfResult } from "../types.ts";
import type { Engine } from "../engine.ts";
import { loadFunction } from "../functions/code.ts";
import { newRequest, type RequestInfo } from "../functions/run.ts";
import { forgetOldSessions } from "../functions/sessions.ts";
import { COMPLETED_FIELDS, indexOver, SCHEDULED_FUNCTIONS } from "../storage/catalog.ts";
import { rowAt, rowsIn } from "../storage/reader.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { encodeTuple } from "../values/keys.ts";
import { asText, listOf, parseObject } from "../values/json.ts";
import { advance, dueCrons, isDue, type CronRun } from "./crons.ts";
import { dueJobs, moveJob, type Job, type JobState, type Unfinished } from "./jobs.ts";

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
const INTERRUPTED: JobState = { kind: "failed", error: "Transient error while executing action" };

/** A job, or one run of a cron. */
interface Work {
  key: string;
  dueMs: number;
  target: FunctionPath;
  /** The job's id, for `ctx.meta`. */
  scheduledFunctionId: string | null;
  args(): Json;
  /** Whether it is at this stage still; then, unless `to` is null, notes what it comes to as part of the transaction. */
  move(tx: Transaction, from: Unfinished, to: JobState | null): boolean;
}

export class Scheduler {
  private readonly engine: Engine;
  private readonly active = new Map<string, Promise<void>>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private cleaner: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;
  /** Set into the future when the engine itself failed (a full disk, say), so that it is not asked all the time. */
  private notBeforeMs = 0;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** Takes up where the last process stopped: actions it left in progress have failed, everything pending is re-armed. */
  async start(): Promise<void> {
    await this.engine.runner.change((tx) => {
      for (const work of this.due(Infinity, -1)) work.move(tx, "inProgress", INTERRUPTED);
    });
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
    const patience = Promise.withResolvers<void>();
    const timer = realSetTimeout(patience.resolve, STOP_PATIENCE_MS);
    await Promise.race([this.settle(), patience.promise]);
    clearTimeout(timer);
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
    this.timer = undefined;
    if (this.active.size >= PARALLEL) return;
    const waiting = this.due(Infinity, this.active.size + 1).filter(({ key }) => !this.active.has(key));
    if (waiting.length === 0) return;
    const dueMs = Math.max(this.notBeforeMs, Math.min(...waiting.map((work) => work.dueMs)));
    const delay = Math.min(MAX_TIMER_MS, Math.max(0, dueMs - this.engine.now()));
    this.timer = setTimeout(() => this.startDue(), delay);
  }

  private startDue(): void {
    for (const work of this.due(this.engine.now(), PARALLEL + this.active.size)) this.begin(work);
    this.wake();
  }

  /** Crons and at most `jobs` jobs (-1: all) that are due by then, the earliest of each first. */
  private due(untilMs: number, jobs: number): Work[] {
    const db = this.engine.storage.writer;
    return [
      ...dueCrons(db, untilMs).map((run) => this.cronWork(run)),
      ...dueJobs(db, untilMs, jobs).map((job) => this.jobWork(job)),
    ];
  }

  private begin(work: Work): void {
    if (this.active.has(work.key) || this.active.size >= PARALLEL) return;
    const running = this.run(work)
      .catch((error: unknown) => {
        this.notBeforeMs = this.engine.now() + PAUSE_AFTER_FAULT_MS;
        this.report(error);
      })
      .finally(() => {
        this.active.delete(work.key);
        this.wake();
      });
    this.active.set(work.key, running);
  }

  private async run(work: Work): Promise<void> {
    const { runner, code } = this.engine;
    const { target: path, scheduledFunctionId } = work;
    const found = await loadFunction(code, path).catch(() => null);
    const call: Call = { path, args: work.args(), identity: { kind: "none" }, allowInternal: true };
    const request = newRequest({ scheduledFunctionId });
    const isTaken = await (found?.kind === "action"
      ? this.runAction(work, call, request)
      : this.runMutation(work, call, request));
    // Not pending: it was canceled, or it is in progress because the disk refused to note how it ended.
    if (!isTaken) await runner.change((tx) => work.move(tx, "inProgress", INTERRUPTED));
  }

  /** At most once. False when it is not pending any more. */
  private async runAction(work: Work, call: Call, request: RequestInfo): Promise<boolean> {
    const { runner } = this.engine;
    if (!(await runner.change((tx) => work.move(tx, "pending", { kind: "inProgress" })))) return false;
    const end = endState(await runner.runAction(call, request));
    await runner.change((tx) => work.move(tx, "inProgress", end));
    return true;
  }

  /** Exactly once: a failed run is not tried again; a cron goes on at its next time. False when it is not pending any more. */
  private async runMutation(work: Work, call: Call, request: RequestInfo): Promise<boolean> {
    const { runner } = this.engine;
    let isTaken = false;
    const { result } = await runner.runMutation(call, {
      request,
      before: (tx) => (isTaken = work.move(tx, "pending", null)),
      after: (tx) => work.move(tx, "pending", { kind: "success" }),
    });
    if (isTaken && !result.ok) await runner.change((tx) => work.move(tx, "pending", endState(result)));
    return isTaken;
  }

  private cronWork(run: CronRun): Work {
    const { component, name, target, dueMs, args } = run;
    return {
      key: `cron ${component} ${name}`,
      dueMs,
      target,
      scheduledFunctionId: null,
      args: () => args,
      move: (tx, from, to) => {
        const isHere = from === "pending" && isDue(this.engine.storage.writer, run);
        if (isHere && to !== null) tx.also((db) => advance(db, run, this.engine.now()));
        return isHere;
      },
    };
  }

  private jobWork({ id, tableId, target, dueMs }: Job): Work {
    const { storage } = this.engine;
    const table = storage.catalog.all().find((one) => one.id === tableId);
    return {
      key: `job ${id}`,
      dueMs,
      target,
      scheduledFunctionId: id,
      args: () => {
        const row = table === undefined ? null : rowAt(storage.writer, table.byId.id, encodeTuple([id]));
        return listOf(row === null ? null : parseObject(row.text)["args"])[0] ?? {};
      },
      move: (tx, from, to) => table !== undefined && moveJob(tx, table, id, from, to),
    };
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
    const { storage, runner, now } = this.engine;
    const upper = encodeTuple([now() - KEEP_FINISHED_MS]);
    for (const table of storage.catalog.all().filter(({ name }) => name === SCHEDULED_FUNCTIONS)) {
      const index = indexOver(table, COMPLETED_FIELDS);
      if (index === null) continue;
      for (let deleted = CLEAN_BATCH; deleted === CLEAN_BATCH && !this.stopped;) {
        const old = rowsIn(storage.writer, { index: index.id, lower: encodeTuple([0]), upper }, "asc", CLEAN_BATCH);
        deleted = old.length;
        await runner.change((tx) => {
          for (const row of old) tx.put(table, asText(parseObject(row.text)["_id"]), null);
        });
      }
    }
    await runner.change((tx) => tx.also((db) => forgetOldSessions(db, now())));
  }

  private report(error: unknown): void {
    if (!this.stopped) this.engine.reportFault(error);
  }
}

function endState(result: UdfResult): JobState {
  if (result.ok) return { kind: "success" };
  return { kind: "failed", error: result.errorMessage.slice(result.errorMessage.indexOf("\n") + 1) };
}
