/**
 * One deployment: one process, one SQLite file, one writer. It holds what its parts share: the `runner` runs functions,
 * the `scheduler` jobs and crons, `push/` changes the code, `storage` is the file.
 */
import { EventEmitter } from "node:events";
import type { Commit, EngineOptions, FunctionInfo, FunctionPath, LogEvent, ReadSet, WriteSet } from "./types.ts";
import { removeBundles } from "./functions/bundle.ts";
import { EMPTY_CODE, type Code } from "./functions/code.ts";
import { installGuards } from "./functions/globals.ts";
import { Runner } from "./functions/runner.ts";
import { SYSCALLS } from "./functions/syscalls.ts";
import { loadPush } from "./push/push.ts";
import { collectDroppedIndexes, type SchemaChange } from "./push/schema-change.ts";
import { CursorCodec } from "./query/cursor.ts";
import { Scheduler } from "./schedule/scheduler.ts";
import { textOf } from "./storage/connection.ts";
import { Storage } from "./storage/storage.ts";
import { Writer } from "./transaction/writer.ts";
import { compareKeys } from "./values/keys.ts";
import { TRANSACTION_BUDGET, type Budget } from "./values/limits.ts";

/** Throws EngineError when another process has the database open, or when the file is damaged or of another format. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const engine = new Engine(options);
  await engine.start();
  return engine;
}

interface EngineEvents {
  /**
   * After every durable commit, in commit order, in the same turn in which snapshots begin to show it: live queries rely
   * on having heard of every commit a snapshot holds.
   */
  commit: [Commit];
  /** After a push or a change of variables: every cached result is stale. */
  code: [];
  log: [LogEvent];
}

export class Engine {
  readonly options: Readonly<EngineOptions>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly storage: Storage;
  readonly writer: Writer;
  readonly events = new EventEmitter<EngineEvents>();
  readonly cursors: CursorCodec;
  /** Limits of one transaction. */
  readonly budget: Readonly<Budget>;
  readonly runner = new Runner(this);
  readonly scheduler = new Scheduler(this);
  readonly syscalls = SYSCALLS;
  /** The code of the last push. */
  code: Code = EMPTY_CODE;
  /** `process.env` of the app's functions. */
  environment: ReadonlyMap<string, string>;
  /** The schema change that is being checked; told of every commit's changes before they are written. */
  schemaWatch: SchemaChange | null = null;
  private closed: Promise<void> | null = null;

  /** Nothing runs by itself before `start`. */
  constructor(options: EngineOptions, budget: Readonly<Budget> = TRANSACTION_BUDGET) {
    const { now = () => Date.now(), synchronous = "full", locked = false } = options;
    this.options = options;
    this.now = now;
    this.budget = budget;
    this.storage = new Storage(options.file, { synchronous, locked, nowMs: now() });
    this.writer = new Writer(this.storage, now, (commit) => this.events.emit("commit", commit));
    this.cursors = new CursorCodec(Buffer.from(this.storage.meta("cursor_key"), "hex"));
    this.environment = this.allVariables();
  }

  async start(): Promise<void> {
    installGuards();
    const { storage, writer } = this;
    removeBundles(this.options.modulesDir);
    this.code = loadPush(this) ?? EMPTY_CODE;
    await writer.run(() => {
      writer.apply((db) => void db.run("UPDATE indexes SET state = 'dropped' WHERE state = 'building'"));
      storage.reloadCatalog();
    });
    await this.scheduler.start();
    collectDroppedIndexes(this);
  }

  /** Looks a function up; null when there is none (or it is not of this deployment). */
  findFunction({ component, udf }: FunctionPath): FunctionInfo | null {
    return this.code.components.get(component)?.functions.get(udf) ?? null;
  }

  listFunctions(): FunctionInfo[] {
    return [...this.code.components.values()].flatMap(({ functions }) => Array.from(functions.values()));
  }

  /** True when the commit changed anything the query read. */
  touches(reads: ReadSet, writes: WriteSet): boolean {
    return writes.keys.some(({ index, key }) =>
      reads.intervals.some(
        ({ index: read, lower, upper }) =>
          read === index && compareKeys(lower, key) <= 0 && compareKeys(key, upper) < 0,
      ),
    );
  }

  /** After a push or a change of variables. */
  codeChanged(): void {
    this.events.emit("code");
    this.scheduler.wake();
  }

  /** Something failed that no caller waits for. */
  reportFault(error: unknown): void {
    const path = { component: "", udf: "_system:engine" };
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const nothing = { requestId: "", logLines: [], executionMs: 0 };
    this.events.emit("log", { ...nothing, atMs: this.now(), kind: "action", path, error: message });
  }

  /** The variables that were set, without those every deployment has. */
  variables(): Map<string, string> {
    const rows = this.storage.writer.all("SELECT name, value FROM environment");
    return new Map(rows.map((row) => [textOf(row, "name"), textOf(row, "value")]));
  }

  /** Null deletes a variable. */
  async setVariables(changes: { name: string; value: string | null }[]): Promise<void> {
    await this.writer.run(() =>
      this.writer.apply((db) => {
        for (const { name, value } of changes) {
          if (value === null) db.run("DELETE FROM environment WHERE name = ?", name);
          else db.run("INSERT OR REPLACE INTO environment (name, value) VALUES (?, ?)", name, value);
        }
      }),
    );
    this.environment = this.allVariables();
    // Modules may have read variables while loading: give them new instances.
    this.code = loadPush(this) ?? this.code;
    this.codeChanged();
  }

  /** Stops timers and jobs, waits for the writer, closes the file. */
  close(): Promise<void> {
    this.closed ??= this.shutDown();
    return this.closed;
  }

  private async shutDown(): Promise<void> {
    await this.scheduler.stop();
    await this.writer.idle();
    this.storage.close();
  }

  private allVariables(): Map<string, string> {
    const { cloudUrl, siteUrl } = this.options;
    return new Map([["CONVEX_CLOUD_URL", cloudUrl], ["CONVEX_SITE_URL", siteUrl], ...this.variables()]);
  }
}
