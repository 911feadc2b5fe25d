/** One execution of a function, and how code running inside it finds its own. */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import type { FunctionPath, Identity, Json, UdfKind } from "../types.ts";
import type { Engine } from "../engine.ts";
import type { SeenRow } from "../query/stream.ts";
import type { Transaction } from "../transaction/transaction.ts";
import type { Code, ComponentCode } from "./code.ts";
import type { LogBuffer } from "./console.ts";

/** What is known of the request at the root of a call tree. */
export interface RequestInfo {
  requestId: string;
  ip: string | null;
  userAgent: string | null;
  /** Set when the scheduler started it. */
  scheduledFunctionId: string | null;
}

export function newRequest(known: Partial<RequestInfo> = {}): RequestInfo {
  const requestId = randomBytes(8).toString("hex");
  return { requestId, ip: null, userAgent: null, scheduledFunctionId: null, ...known };
}

export interface Run {
  readonly engine: Engine;
  readonly kind: UdfKind;
  readonly path: FunctionPath;
  readonly component: ComponentCode;
  /** All code of the moment this call tree began. */
  readonly code: Code;
  readonly identity: Identity;
  readonly request: RequestInfo;
  readonly environment: "isolate" | "node";
  /** Null in actions. */
  readonly tx: Transaction | null;
  readonly depth: number;
  readonly log: LogBuffer;
  /** End cursor of this run's `paginate()` when it ran before. */
  readonly journal: string | null;
  readonly state: RunState;
}

/** What changes while a function runs. */
export class RunState {
  /** Guarded globals as this run sees (or has replaced) them. */
  readonly globals = new Map<string, unknown>();
  readonly streams = new Map<number, Iterator<SeenRow, undefined>>();
  nextStream = 1;
  /** Cursor at the end of this run's one `paginate()`. */
  endCursor: string | null = null;
  /** Set once the function has returned: what it left running must not touch its transaction. */
  closed = false;
  /** A failure of the engine itself, not of the function; it must not be swallowed by a catch in user code. */
  fault: unknown = null;
  /** The nested call this run must wait for before its next syscall; null when there is none. */
  waitingFor: Promise<unknown> | null = null;

  /** Runs nested calls one after another, so that a parallel pair cannot write into each other's savepoints. */
  serialized<T>(work: () => Promise<T>): Promise<T> {
    const mine = (this.waitingFor ?? Promise.resolve()).then(work);
    const ended: Promise<unknown> = Promise.allSettled([mine]).finally(() => {
      if (this.waitingFor === ended) this.waitingFor = null;
    });
    this.waitingFor = ended;
    return mine;
  }
}

/** Attributes of the calling user, or null: the answer to `ctx.auth.getUserIdentity()`. */
export function userAttributes(identity: Identity): { [key: string]: Json } | null {
  if (identity.kind === "user") return identity.attributes;
  return identity.kind === "admin" ? identity.actingAs : null;
}

/** The evaluation of a module's top level: its `process.env` is the deployment's. */
export interface ImportPhase {
  readonly kind: "import";
  readonly env: Readonly<Record<string, string>>;
}

export const running = new AsyncLocalStorage<Run | ImportPhase>();

/** The function that is running here; null outside of any. */
export function currentRun(): Run | null {
  const run = running.getStore();
  return run === undefined || run.kind === "import" ? null : run;
}
