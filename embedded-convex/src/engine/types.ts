/**
 * The seam between the engine (storage, transactions, functions, scheduler) and the server (HTTP, sync,
 * deploy, CLI endpoints) built on it. The engine speaks Convex-encoded JSON text and values; it knows no sockets.
 */

/** JSON as `JSON.parse` returns it. Convex values inside it use Convex's JSON encoding (`$integer`, `$bytes`, `$float`). */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A function's address: component path ("" is the app, children joined with "/") and canonical "module:export". */
export interface FunctionPath {
  component: string;
  udf: string;
}

/** Who calls. `attributes` is the `UserIdentity` object that `ctx.auth.getUserIdentity()` returns. */
export type Identity =
  | { kind: "none" }
  | { kind: "user"; attributes: { [key: string]: Json }; token: string; expiresAtMs: number }
  | { kind: "admin"; actingAs: { [key: string]: Json } | null };

export type UdfKind = "query" | "mutation" | "action" | "httpAction";

/**
 * What running a function gave. `valueJson` is Convex-encoded JSON text, ready to be spliced into a reply.
 * `errorMessage` is "[Request ID: …] Server Error\nUncaught Error: …\n    at …", `errorDataJson` a ConvexError's data.
 */
export type UdfResult =
  | { ok: true; valueJson: string; logLines: string[] }
  | { ok: false; errorMessage: string; errorDataJson?: string; logLines: string[] };

/** A consistent view at one commit. Queries run against it see exactly that timestamp. Must be closed. */
export interface Snapshot {
  /** Commit time in nanoseconds since 1970. */
  readonly ts: bigint;
  close(): void;
}

/** Opaque record of what a query read; only `Engine.touches` looks inside. */
export interface ReadSet {
  readonly intervals: ReadonlyArray<{ index: number; lower: Uint8Array; upper: Uint8Array | null }>;
}

/** Index keys a commit added or removed, by index id. */
export interface WriteSet {
  readonly keys: ReadonlyArray<{ index: number; key: Uint8Array }>;
}

export interface Commit {
  ts: bigint;
  writes: WriteSet;
}

export interface QueryOutcome {
  result: UdfResult;
  ts: bigint;
  reads: ReadSet;
  /** End cursor of the query's `paginate()`, echoed by clients after a reconnect; null without one. */
  journal: string | null;
  /**
   * False when the query looked at neither the clock nor `Math.random`, so that its result may be given to new
   * subscribers for as long as what it read stands. The server takes a missing field for true.
   */
  observedTime?: boolean;
}

/** `ts` is null when the mutation failed: nothing was committed. */
export interface MutationOutcome {
  result: UdfResult;
  ts: bigint | null;
}

/** The client's own name for a mutation: the same pair is applied once, its stored result is returned again. */
export interface SessionRequest {
  sessionId: string;
  requestId: number;
}

export interface Call {
  path: FunctionPath;
  /** The single arguments object, Convex-encoded. */
  args: Json;
  identity: Identity;
  /** True only for callers who proved the admin key: they may call internal functions. */
  allowInternal: boolean;
}

export interface FunctionInfo {
  path: FunctionPath;
  kind: UdfKind;
  visibility: "public" | "internal";
  /** Validator JSON text. */
  args: string;
  returns: string;
}

/** One module of a push, as the official bundler made it. */
export interface PushedModule {
  path: string;
  source: string;
  sourceMap?: string;
  environment: "isolate" | "node";
}

/** One definition of a push: the app (definitionPath "") or a component. */
export interface PushedDefinition {
  definitionPath: string;
  /** Bundled `convex.config.js`, or null where the app has none. */
  definition: PushedModule | null;
  /** Definition paths this one imports. */
  dependencies: string[];
  schema: PushedModule | null;
  modules: PushedModule[];
  udfServerVersion: string;
}

/** What evaluating one definition's modules found; the fields are the wire's own (`/api/deploy2/start_push`). */
export interface DefinitionAnalysis {
  definition: Json;
  schema: Json;
  functions: { [modulePath: string]: Json };
  /** Auth providers, from `auth.config.js`; only the app has any. */
  auth: Json[];
}

/** An evaluated push that has not changed anything yet. */
export interface PreparedPush {
  id: string;
  definitions: ReadonlyMap<string, DefinitionAnalysis>;
  /** The app's component tree in the wire's form. */
  app: Json;
}

/** One call that ended. `error` is its message without the request's id; a failure of the engine itself has the path `_system:engine`. */
export interface LogEvent {
  atMs: number;
  requestId: string;
  kind: UdfKind;
  path: FunctionPath;
  logLines: string[];
  error: string | null;
  executionMs: number;
}

/** An error of the request itself (not of user code): becomes a 4xx/5xx `{code, message}`. */
export class EngineError extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = "EngineError";
    this.code = code;
    this.status = status;
  }
}

/** A stored document that a pushed schema does not allow. `detail` names the document and the field. */
export class SchemaValidationError extends EngineError {
  readonly component: string;
  readonly table: string;
  readonly detail: string;
  constructor(component: string, table: string, detail: string) {
    super("SchemaValidationError", `Schema validation failed.\n${detail}`);
    this.component = component;
    this.table = table;
    this.detail = detail;
  }
}

export interface EngineOptions {
  /** SQLite file, or ":memory:". */
  file: string;
  /** Folder for unpacked bundles; made when missing. */
  modulesDir: string;
  /** Value of CONVEX_CLOUD_URL / CONVEX_SITE_URL in functions' `process.env`. */
  cloudUrl: string;
  siteUrl: string;
  /** Deployment name that `instance_name` and metadata show. */
  name: string;
  /** Milliseconds since 1970. Default Date.now. */
  now?: () => number;
  /** "full" fsyncs every commit before the reply; "normal" only for tests and throw-away data. */
  synchronous?: "full" | "normal";
}

/** One deployment: one process, one SQLite file, one writer. `src/engine/engine.ts` exports `openEngine(options): Promise<Engine>`. */
export interface Engine {
  readonly options: Readonly<EngineOptions>;

  latestTs(): bigint;
  snapshot(): Snapshot;
  /** Runs at `at`, else at a snapshot of its own. With `journal` a `paginate()` reads to that end cursor. */
  runQuery(call: Call, options?: { at?: Snapshot; journal?: string | null }): Promise<QueryOutcome>;
  /** Serialized with every other mutation; answers only after the commit is on disk. */
  runMutation(call: Call, session?: SessionRequest): Promise<MutationOutcome>;
  runAction(call: Call): Promise<UdfResult>;
  /** Routes by the pushed `http.ts`. Never rejects: a throw in user code is a 500 response. */
  runHttpAction(request: Request, identity: Identity): Promise<Response>;
  /** Looks a function up; null when there is none (or it is not of this deployment). */
  findFunction(path: FunctionPath): FunctionInfo | null;
  listFunctions(): FunctionInfo[];

  /** True when the commit changed anything the query read. */
  touches(reads: ReadSet, writes: WriteSet): boolean;
  /**
   * Called after every durable commit, in commit order, in the same turn in which snapshots begin to show it: live
   * queries rely on having heard of every commit a snapshot holds. Returns the unsubscribe.
   */
  onCommit(listener: (commit: Commit) => void): () => void;
  /** Called after a push or a change of environment variables: every cached result is stale. */
  onCodeChange(listener: () => void): () => void;
  onLog(listener: (event: LogEvent) => void): () => void;

  /** Evaluates bundles and validates schema and definitions. Throws EngineError with the developer's message. */
  preparePush(definitions: PushedDefinition[], options: { dryRun: boolean }): Promise<PreparedPush>;
  /** Validates existing rows against the new schema, backfills indexes. Throws SchemaValidationError. */
  checkPush(push: PreparedPush): Promise<void>;
  /** One transaction: code, schema, indexes, crons. */
  commitPush(push: PreparedPush): Promise<void>;
  /** Lets go of a push that will not be committed (a dry run, a schema that rows do not fit, a CLI that went away). */
  discardPush(push: PreparedPush): void;
  /** The last pushed modules' hashes of the app, for `get_config_hashes`. */
  moduleHashes(): { path: string; environment: string; hash: string }[];
  /** One of them with its source, for a push that names it by its hash; null when the live push has no such module. */
  pushedModule(path: string, hash: string): PushedModule | null;
  /** Auth providers of the live push. */
  authConfig(): Json[];

  environment(): ReadonlyMap<string, string>;
  setEnvironment(changes: { name: string; value: string | null }[]): Promise<void>;

  /** Table names of a component (user tables), for the CLI. */
  tables(component: string): string[];
  /** Documents of a table in index order of creation, a page; for `convex data` and export. */
  readTable(
    component: string,
    table: string,
    options: { order: "asc" | "desc"; cursor: string | null; limit: number },
  ): { page: Json[]; cursor: string | null; isDone: boolean };

  /** Hot copy of the database to a new file. */
  backup(file: string): Promise<void>;
  /** Stops timers and jobs, waits for the writer, closes the file. */
  close(): Promise<void>;
}
