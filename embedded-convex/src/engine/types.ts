/**
 * The words in which the engine (storage, transactions, functions, scheduler) and the server (HTTP, sync, deploy, CLI
 * endpoints) built on it speak: Convex-encoded JSON text and values. What can be asked is `Engine` of `engine.ts`.
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

/** [lower, upper) of one index. */
export interface KeyRange {
  index: number;
  lower: Uint8Array;
  upper: Uint8Array;
}

/** Opaque record of what a query read; only `Engine.touches` looks inside. */
export interface ReadSet {
  readonly intervals: readonly KeyRange[];
}

export interface IndexKey {
  index: number;
  key: Uint8Array;
}

/** Index keys a commit added or removed. */
export interface WriteSet {
  readonly keys: readonly IndexKey[];
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

/** The sentence of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
  /** True for a caller who holds `lockDatabase(file)` until after the engine is closed. */
  locked?: boolean;
}
