/** One execution of a function, and how code running inside it finds its own. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { FunctionPath, Identity, Json, UdfKind } from "../types.ts";
import type { QueryStream } from "../query/stream.ts";
import type { Transaction } from "../transaction/transaction.ts";
import type { ComponentCode } from "./code.ts";
import { LogBuffer } from "./console.ts";

/** What is known of the request at the root of a call tree. */
export interface RequestInfo {
  requestId: string;
  ip: string | null;
  userAgent: string | null;
  /** Set when the scheduler started it. */
  scheduledFunctionId: string | null;
}

/** The syscalls of `globalThis.Convex`, as `convex/server` calls them; JSON text in and out. */
export interface Syscalls {
  sync(run: Run, op: string, args: string): string;
  async(run: Run, op: string, args: string): Promise<string>;
  js(run: Run, op: string, args: unknown): unknown;
}

export interface RunOptions {
  kind: UdfKind;
  path: FunctionPath;
  component: ComponentCode;
  syscalls: Syscalls;
  identity: Identity;
  request: RequestInfo;
  environment: "isolate" | "node";
  /** `process.env` of the function. */
  env: Readonly<Record<string, string>>;
  tx: Transaction | null;
  /** Milliseconds since 1970 that `Date.now()` shows for the whole of a query or mutation. */
  nowMs: number;
  depth: number;
  log: LogBuffer;
  journal: string | null;
}

export class Run implements RunOptions {
  readonly kind: UdfKind;
  readonly path: FunctionPath;
  readonly component: ComponentCode;
  readonly syscalls: Syscalls;
  readonly identity: Identity;
  readonly request: RequestInfo;
  readonly environment: "isolate" | "node";
  readonly env: Readonly<Record<string, string>>;
  readonly tx: Transaction | null;
  readonly nowMs: number;
  readonly depth: number;
  readonly log: LogBuffer;
  readonly journal: string | null;
  /** Guarded globals as this run sees (or has replaced) them. */
  readonly globals = new Map<string, unknown>();
  readonly streams = new Map<number, QueryStream>();
  /** Cursor at the end of this run's one `paginate()`. */
  endCursor: string | null = null;
  paginated = false;
  /** Set once the function has returned: what it left running must not touch its transaction. */
  closed = false;
  /** A failure of the engine itself, not of the function; it must not be swallowed by a catch in user code. */
  fault: unknown = null;
  private gate: Promise<void> | null = null;
  private started = 0;
  private finished = 0;

  constructor(options: RunOptions) {
    this.kind = options.kind;
    this.path = options.path;
    this.component = options.component;
    this.syscalls = options.syscalls;
    this.identity = options.identity;
    this.request = options.request;
    this.environment = options.environment;
    this.env = options.env;
    this.tx = options.tx;
    this.nowMs = options.nowMs;
    this.depth = options.depth;
    this.log = options.log;
    this.journal = options.journal;
  }

  /** The nested call this run must wait for before its next syscall; null when there is none. */
  get waitingFor(): Promise<void> | null {
    return this.gate;
  }

  /** Runs nested calls one after another, so that a parallel pair cannot write into each other's savepoints. */
  serialized<T>(work: () => Promise<T>): Promise<T> {
    const mine = (this.gate ?? Promise.resolve()).then(work);
    this.started += 1;
    this.gate = this.release(mine);
    return mine;
  }

  private async release(call: Promise<unknown>): Promise<void> {
    await Promise.allSettled([call]);
    this.finished += 1;
    if (this.finished === this.started) this.gate = null;
  }

  /** The arguments of `ctx.auth`: attributes of the calling user, or null. */
  userAttributes(): { [key: string]: Json } | null {
    if (this.identity.kind === "user") return this.identity.attributes;
    return this.identity.kind === "admin" ? this.identity.actingAs : null;
  }
}

/** The evaluation of a module's top level: its `process.env` is the deployment's, its console is the engine's log. */
export interface ImportPhase {
  kind: "import";
  env: Readonly<Record<string, string>>;
}

export const running = new AsyncLocalStorage<Run | ImportPhase>();

/** The function that is running here; null outside of any. */
export function currentRun(): Run | null {
  const run = running.getStore();
  return run instanceof Run ? run : null;
}
