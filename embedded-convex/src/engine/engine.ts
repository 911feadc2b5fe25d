/** Opens a database and puts the engine together. The seam to the server is `types.ts`. */
import {
  EngineError,
  type Call,
  type Commit,
  type Engine,
  type EngineOptions,
  type FunctionInfo,
  type FunctionPath,
  type Identity,
  type Json,
  type LogEvent,
  type MutationOutcome,
  type PreparedPush,
  type PushedDefinition,
  type PushedModule,
  type QueryOutcome,
  type ReadSet,
  type SessionRequest,
  type Snapshot,
  type UdfResult,
  type WriteSet,
} from "./types.ts";
import { removeStaleBundles } from "./functions/bundle.ts";
import type { Code, ComponentCode } from "./functions/code.ts";
import type { Core } from "./functions/core.ts";
import { installGuards } from "./functions/globals.ts";
import { runHttpAction } from "./functions/http.ts";
import { Runner, type Moment } from "./functions/runner.ts";
import { NO_SCHEMA } from "./functions/schema.ts";
import {
  appModule,
  appModuleHashes,
  commitPush,
  ensureSystemTables,
  loadPush,
  preparePush,
  Push,
} from "./push/push.ts";
import { collectDroppedIndexes } from "./push/schema-change.ts";
import { CursorCodec } from "./query/cursor.ts";
import { Scheduler } from "./schedule/scheduler.ts";
import { Catalog } from "./storage/catalog.ts";
import { textOf } from "./storage/connection.ts";
import { Storage } from "./storage/storage.ts";
import { readPage } from "./storage/table-page.ts";
import { Writer } from "./transaction/writer.ts";
import { compareKeys } from "./values/keys.ts";
import { TRANSACTION_BUDGET, type Budget } from "./values/limits.ts";

/** Throws EngineError when another process has the database open, or when the file is damaged or of another format. */
export async function openEngine(options: EngineOptions): Promise<LocalEngine> {
  const engine = new LocalEngine(options);
  await engine.start();
  return engine;
}

/** A snapshot together with the code and tables of its moment. */
class EngineSnapshot implements Snapshot {
  readonly moment: Moment;

  constructor(moment: Moment) {
    this.moment = moment;
  }

  get ts(): bigint {
    return this.moment.view.ts;
  }

  close(): void {
    this.moment.view.close();
  }
}

export class LocalEngine implements Engine {
  readonly options: Readonly<EngineOptions>;
  readonly core: Core;
  readonly runner: Runner;
  readonly scheduler: Scheduler;
  private readonly codeListeners = new Set<() => void>();
  private readonly logListeners = new Set<(event: LogEvent) => void>();
  private closed: Promise<void> | null = null;

  /** Nothing runs by itself before `start`. */
  constructor(options: EngineOptions, budget: Readonly<Budget> = TRANSACTION_BUDGET) {
    this.options = options;
    const now = options.now ?? (() => Date.now());
    const storage = Storage.open(options.file, { synchronous: options.synchronous ?? "full", nowMs: now() });
    this.core = {
      options,
      storage,
      now,
      budget,
      writer: new Writer(storage),
      cursors: new CursorCodec(Buffer.from(storage.meta("cursor_key"), "hex")),
      code: EMPTY_CODE,
      environment: new Map(
        storage.writer
          .all("SELECT name, value FROM environment")
          .map((row) => [textOf(row, "name"), textOf(row, "value")]),
      ),
      schemaWatch: null,
      log: (event) => this.logListeners.forEach((listener) => listener(event)),
      jobsChanged: () => this.scheduler.wake(),
      reportFault: (error) => this.reportFault(error),
    };
    this.runner = new Runner(this.core);
    this.scheduler = new Scheduler(this.core, this.runner);
  }

  async start(): Promise<void> {
    installGuards();
    const { core } = this;
    const live = loadPush(core.storage.writer, this.options.modulesDir, this.variables());
    if (live !== null) core.code = live.code;
    removeStaleBundles(this.options.modulesDir, live?.bundles ?? new Set());
    await core.writer.run(() => {
      core.writer.apply(core.storage.nextTs(core.now()), (db) => {
        db.run("UPDATE indexes SET state = 'dropped' WHERE state = 'building'");
        ensureSystemTables(db, core.storage.catalog, core.code);
        return { keys: [] };
      });
      core.storage.catalog = Catalog.load(core.storage.writer);
    });
    core.environment = this.variables();
    await this.scheduler.start();
    void collectDroppedIndexes(core).catch((error: unknown) => this.reportFault(error));
  }

  latestTs(): bigint {
    return this.core.storage.durableTs;
  }

  snapshot(): Snapshot {
    return new EngineSnapshot(this.runner.now());
  }

  runQuery(call: Call, options: { at?: Snapshot; journal?: string | null } = {}): Promise<QueryOutcome> {
    const at = options.at instanceof EngineSnapshot ? { at: options.at.moment } : {};
    return this.runner.runQuery(call, { ...at, journal: options.journal ?? null });
  }

  runMutation(call: Call, session?: SessionRequest): Promise<MutationOutcome> {
    return this.runner.runMutation(call, session === undefined ? {} : { session });
  }

  runAction(call: Call): Promise<UdfResult> {
    return this.runner.runAction(call);
  }

  runHttpAction(request: Request, identity: Identity): Promise<Response> {
    return runHttpAction(this.core, this.runner, request, identity);
  }

  findFunction(path: FunctionPath): FunctionInfo | null {
    const functions = this.core.code.components.get(path.component)?.functions() ?? [];
    return functions.find((info) => info.path.udf === path.udf) ?? null;
  }

  listFunctions(): FunctionInfo[] {
    return [...this.core.code.components.values()].flatMap((component) => component.functions());
  }

  touches(reads: ReadSet, writes: WriteSet): boolean {
    return writes.keys.some(({ index, key }) =>
      reads.intervals.some(
        (read) =>
          read.index === index &&
          compareKeys(read.lower, key) <= 0 &&
          (read.upper === null || compareKeys(key, read.upper) < 0),
      ),
    );
  }

  onCommit(listener: (commit: Commit) => void): () => void {
    return this.core.writer.onCommit(listener);
  }

  onCodeChange(listener: () => void): () => void {
    this.codeListeners.add(listener);
    return () => this.codeListeners.delete(listener);
  }

  onLog(listener: (event: LogEvent) => void): () => void {
    this.logListeners.add(listener);
    return () => this.logListeners.delete(listener);
  }

  preparePush(definitions: PushedDefinition[], _options: { dryRun: boolean }): Promise<PreparedPush> {
    return preparePush(this.core, this.options.modulesDir, definitions);
  }

  checkPush(push: PreparedPush): Promise<void> {
    return ownPush(push).change.check();
  }

  async commitPush(push: PreparedPush): Promise<void> {
    await commitPush(this.core, ownPush(push));
    this.codeChanged();
    void collectDroppedIndexes(this.core).catch((error: unknown) => this.reportFault(error));
  }

  discardPush(push: PreparedPush): void {
    ownPush(push).change.end();
  }

  moduleHashes(): { path: string; environment: string; hash: string }[] {
    return appModuleHashes(this.core.storage.writer);
  }

  pushedModule(path: string, hash: string): PushedModule | null {
    return appModule(this.core.storage.writer, path, hash);
  }

  authConfig(): Json[] {
    return this.core.code.auth;
  }

  environment(): ReadonlyMap<string, string> {
    return new Map([...this.core.environment].filter(([name]) => !(name in this.builtIn())));
  }

  async setEnvironment(changes: { name: string; value: string | null }[]): Promise<void> {
    const { core } = this;
    await core.writer.run(() => {
      core.writer.apply(core.storage.nextTs(core.now()), (db) => {
        for (const { name, value } of changes) {
          if (value === null) db.run("DELETE FROM environment WHERE name = ?", name);
          else db.run("INSERT OR REPLACE INTO environment (name, value) VALUES (?, ?)", name, value);
        }
        return { keys: [] };
      });
      core.environment = this.variables();
      // Modules may have read variables while loading: give them new instances.
      core.code = loadPush(core.storage.writer, this.options.modulesDir, core.environment)?.code ?? core.code;
    });
    this.codeChanged();
  }

  tables(component: string): string[] {
    return this.core.storage.catalog
      .tables(component)
      .map(({ name }) => name)
      .filter((name) => !name.startsWith("_"));
  }

  readTable(
    component: string,
    table: string,
    options: { order: "asc" | "desc"; cursor: string | null; limit: number },
  ): { page: Json[]; cursor: string | null; isDone: boolean } {
    const found = this.core.storage.catalog.table(component, table);
    return found === null
      ? { page: [], cursor: null, isDone: true }
      : readPage(this.core.storage, this.core.cursors, found, options);
  }

  async backup(file: string): Promise<void> {
    await this.core.writer.idle();
    this.core.storage.backup(file);
  }

  close(): Promise<void> {
    this.closed ??= this.shutDown();
    return this.closed;
  }

  private async shutDown(): Promise<void> {
    await this.scheduler.stop();
    await this.core.writer.idle();
    this.core.storage.close();
  }

  private codeChanged(): void {
    for (const listener of this.codeListeners) listener();
    this.scheduler.wake();
  }

  private variables(): ReadonlyMap<string, string> {
    const rows = this.core.storage.writer.all("SELECT name, value FROM environment");
    return new Map([
      ...Object.entries(this.builtIn()),
      ...rows.map((row): [string, string] => [textOf(row, "name"), textOf(row, "value")]),
    ]);
  }

  private builtIn(): Record<string, string> {
    return { CONVEX_CLOUD_URL: this.options.cloudUrl, CONVEX_SITE_URL: this.options.siteUrl };
  }

  /** Something failed that no caller waits for. */
  private reportFault(error: unknown): void {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.core.log({
      atMs: this.core.now(),
      requestId: "",
      kind: "action",
      path: { component: "", udf: "_system:engine" },
      logLines: [],
      error: message,
      executionMs: 0,
    });
  }
}

function ownPush(push: PreparedPush): Push {
  if (push instanceof Push) return push;
  throw new EngineError("UnknownPush", "This push was prepared by another engine.");
}

/** A deployment nothing was pushed to: it has an app, with nothing in it. */
const EMPTY_APP: ComponentCode = {
  path: "",
  definitionPath: "",
  schema: NO_SCHEMA,
  children: new Map(),
  env: null,
  httpPrefix: "/",
  httpMounts: new Map(),
  functions: () => [],
  find: () => Promise.resolve(null),
  router: () => Promise.resolve(null),
};
const EMPTY_CODE: Code = { components: new Map([["", EMPTY_APP]]), auth: [], mapPlace: () => null };
