/** One deployment: one process, one SQLite file, one writer. The seam to the server, in the words of `types.ts`. */
import type {
  Call,
  Commit,
  EngineOptions,
  FunctionInfo,
  FunctionPath,
  Identity,
  Json,
  LogEvent,
  MutationOutcome,
  QueryOutcome,
  ReadSet,
  SessionRequest,
  TablePage,
  UdfResult,
  WriteSet,
} from "./types.ts";
import { removeStaleBundles } from "./functions/bundle.ts";
import { EMPTY_CODE } from "./functions/code.ts";
import type { Core } from "./functions/core.ts";
import { installGuards } from "./functions/globals.ts";
import { runHttpAction } from "./functions/http.ts";
import { Runner, type Snapshot } from "./functions/runner.ts";
import type { ModuleFile, PushedDefinition, PushedModule } from "./push/analysis.ts";
import { activate, appModule, appModules, ensureSystemTables, loadPush, preparePush, type Push } from "./push/push.ts";
import { collectDroppedIndexes } from "./push/schema-change.ts";
import { CursorCodec } from "./query/cursor.ts";
import { Scheduler } from "./schedule/scheduler.ts";
import { textOf } from "./storage/connection.ts";
import { countRows, type Order } from "./storage/reader.ts";
import { Storage } from "./storage/storage.ts";
import { readPage } from "./storage/table-page.ts";
import { Writer } from "./transaction/writer.ts";
import { compareKeys } from "./values/keys.ts";
import { TRANSACTION_BUDGET, type Budget } from "./values/limits.ts";

/** Throws EngineError when another process has the database open, or when the file is damaged or of another format. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const engine = new Engine(options);
  await engine.start();
  return engine;
}

export class Engine {
  readonly options: Readonly<EngineOptions>;
  /** The parts, for the engine's own tests and `src/test/`. */
  readonly core: Core;
  readonly runner: Runner;
  readonly scheduler: Scheduler;
  private readonly codeListeners = new Set<() => void>();
  private readonly logListeners = new Set<(event: LogEvent) => void>();
  private closed: Promise<void> | null = null;

  /** Nothing runs by itself before `start`. */
  constructor(options: EngineOptions, budget: Readonly<Budget> = TRANSACTION_BUDGET) {
    this.options = options;
    const { now = () => Date.now(), synchronous = "full", locked = false } = options;
    const storage = new Storage(options.file, { synchronous, locked, nowMs: now() });
    this.core = {
      options,
      storage,
      now,
      budget,
      writer: new Writer(storage, now),
      cursors: new CursorCodec(Buffer.from(storage.meta("cursor_key"), "hex")),
      code: EMPTY_CODE,
      environment: new Map(),
      schemaWatch: null,
      log: (event) => this.logListeners.forEach((listener) => listener(event)),
      jobsChanged: () => this.scheduler.wake(),
      reportFault: (error) => this.reportFault(error),
    };
    this.core.environment = this.variables();
    this.runner = new Runner(this.core);
    this.scheduler = new Scheduler(this.core, this.runner);
  }

  async start(): Promise<void> {
    installGuards();
    const { core } = this;
    const live = loadPush(core, core.environment);
    if (live !== null) core.code = live.code;
    removeStaleBundles(this.options.modulesDir, live?.bundles ?? new Set());
    await core.writer.run(() => {
      core.writer.apply((db) => {
        db.run("UPDATE indexes SET state = 'dropped' WHERE state = 'building'");
        ensureSystemTables(db, core.storage.catalog, core.code);
      });
      core.storage.reloadCatalog();
    });
    await this.scheduler.start();
    this.collectDropped();
  }

  /** Newest commit that is on disk, in nanoseconds since 1970. */
  latestTs(): bigint {
    return this.core.storage.durableTs;
  }

  /** The newest moment queries can be run at. Must be closed. */
  snapshot(): Snapshot {
    return this.runner.snapshot();
  }

  /** Runs at `at`, else at a snapshot of its own. With `journal` a `paginate()` reads to that end cursor. */
  runQuery(call: Call, options: { at?: Snapshot; journal?: string | null } = {}): Promise<QueryOutcome> {
    return this.runner.runQuery(call, options);
  }

  /** Serialized with every other mutation; answers only after the commit is on disk. */
  runMutation(call: Call, session?: SessionRequest): Promise<MutationOutcome> {
    return this.runner.runMutation(call, { session });
  }

  runAction(call: Call): Promise<UdfResult> {
    return this.runner.runAction(call);
  }

  /** Routes by the pushed `http.ts`. Never rejects: a throw in user code is a 500 response, with its cause unless `redacted`. */
  runHttpAction(request: Request, identity: Identity, redacted = false): Promise<Response> {
    return runHttpAction(this.runner.tree, this.core.code, request, identity, redacted);
  }

  /** Looks a function up; null when there is none (or it is not of this deployment). */
  findFunction({ component, udf }: FunctionPath): FunctionInfo | null {
    return this.core.code.components.get(component)?.functions.get(udf) ?? null;
  }

  listFunctions(): FunctionInfo[] {
    return [...this.core.code.components.values()].flatMap(({ functions }) => Array.from(functions.values()));
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

  /**
   * Called after every durable commit, in commit order, in the same turn in which snapshots begin to show it: live
   * queries rely on having heard of every commit a snapshot holds. Returns the unsubscribe.
   */
  onCommit(listener: (commit: Commit) => void): () => void {
    return this.core.writer.onCommit(listener);
  }

  /** Called after a push or a change of environment variables: every cached result is stale. */
  onCodeChange(listener: () => void): () => void {
    this.codeListeners.add(listener);
    return () => this.codeListeners.delete(listener);
  }

  onLog(listener: (event: LogEvent) => void): () => void {
    this.logListeners.add(listener);
    return () => this.logListeners.delete(listener);
  }

  /** Evaluates bundles and validates schema and definitions. Throws EngineError with the developer's message. */
  preparePush(definitions: PushedDefinition[]): Promise<Push> {
    return preparePush(this.core, definitions);
  }

  /** Validates existing rows against the new schema, backfills indexes. Throws SchemaValidationError. */
  checkPush(push: Push): Promise<void> {
    return push.change.check();
  }

  /** One transaction: code, schema, indexes, crons. */
  async commitPush(push: Push): Promise<void> {
    await activate(this.core, push.code, push.change, (db) => push.save(db, this.core.now()));
    this.codeChanged();
    this.collectDropped();
  }

  /** Lets go of a push that will not be committed (a dry run, a schema that rows do not fit, a CLI that went away). */
  discardPush(push: Push): void {
    push.change.end();
  }

  /** The last pushed modules' hashes of the app, for `get_config_hashes`. */
  moduleHashes(): ModuleFile[] {
    return appModules(this.core.storage.writer);
  }

  /** One of them with its source, for a push that names it by its hash; null when the live push has no such module. */
  pushedModule(path: string, hash: string): PushedModule | null {
    return appModule(this.core.storage.writer, path, hash);
  }

  /** Auth providers of the live push. */
  authConfig(): Json[] {
    return this.core.code.auth;
  }

  environment(): ReadonlyMap<string, string> {
    return new Map([...this.core.environment].filter(([name]) => !(name in this.builtIn())));
  }

  async setEnvironment(changes: { name: string; value: string | null }[]): Promise<void> {
    const { core } = this;
    await core.writer.run(() => {
      core.writer.apply((db) => {
        for (const { name, value } of changes) {
          if (value === null) db.run("DELETE FROM environment WHERE name = ?", name);
          else db.run("INSERT OR REPLACE INTO environment (name, value) VALUES (?, ?)", name, value);
        }
      });
      core.environment = this.variables();
      // Modules may have read variables while loading: give them new instances.
      core.code = loadPush(core, core.environment)?.code ?? core.code;
    });
    this.codeChanged();
  }

  /** Table names of a component (user tables), for the CLI. */
  tables(component: string): string[] {
    const names = this.core.storage.catalog.tables(component).map(({ name }) => name);
    return names.filter((name) => !name.startsWith("_"));
  }

  /** Documents of a table in index order of creation, a page; for `convex data`. */
  readTable(
    component: string,
    table: string,
    options: { order: Order; cursor: string | null; limit: number },
  ): TablePage {
    const { catalog } = this.core.storage;
    const found = catalog.table(component, table);
    if (found === null) return { page: [], cursor: null, isDone: true };
    return readPage(this.core.storage, this.core.cursors, found, options);
  }

  countTable(component: string, table: string): number {
    const found = this.core.storage.catalog.table(component, table);
    return found === null ? 0 : countRows(this.core.storage.writer, found);
  }

  /** Stops timers and jobs, waits for the writer, closes the file. */
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

  private collectDropped(): void {
    void collectDroppedIndexes(this.core).catch((error: unknown) => this.reportFault(error));
  }

  private variables(): ReadonlyMap<string, string> {
    const rows = this.core.storage.writer.all("SELECT name, value FROM environment");
    const stored = rows.map((row): [string, string] => [textOf(row, "name"), textOf(row, "value")]);
    return new Map([...Object.entries(this.builtIn()), ...stored]);
  }

  private builtIn(): Record<string, string> {
    return { CONVEX_CLOUD_URL: this.options.cloudUrl, CONVEX_SITE_URL: this.options.siteUrl };
  }

  /** Something failed that no caller waits for. */
  private reportFault(error: unknown): void {
    const path = { component: "", udf: "_system:engine" };
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const nothing = { requestId: "", logLines: [], executionMs: 0 };
    this.core.log({ ...nothing, atMs: this.core.now(), kind: "action", path, error: message });
  }
}
