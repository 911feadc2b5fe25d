/** Queries, mutations and actions as the server, the scheduler and actions start them: snapshots and commits. */
import type { Call, MutationOutcome, QueryOutcome, SessionRequest, UdfResult } from "../types.ts";
import type { Catalog } from "../storage/catalog.ts";
import type { StorageSnapshot } from "../storage/storage.ts";
import { Transaction } from "../transaction/transaction.ts";
import { resolveCommitTs, type JsonObject } from "../values/json.ts";
import { CallTree, identityIn } from "./calls.ts";
import { resolveAddress, type Code } from "./code.ts";
import type { Core } from "./core.ts";
import { toSyscallError } from "./errors.ts";
import { newRequest, succeeded } from "./invoke.ts";
import { syncJobs } from "./jobs.ts";
import type { RequestInfo, Run } from "./run.ts";
import { findSession, saveSession } from "./sessions.ts";
import { SyscallTable } from "./syscalls.ts";

/** A consistent view at one commit, with the code of that moment. Must be closed. */
export interface Snapshot extends StorageSnapshot {
  readonly catalog: Catalog;
  readonly code: Code;
}

export interface MutationOptions {
  session?: SessionRequest | undefined;
  request?: RequestInfo;
  /** Runs in the same transaction before the function; false calls it off. */
  before?: (tx: Transaction) => boolean;
  /** Runs in the same transaction after the function has succeeded. */
  after?: (tx: Transaction) => void;
}

type Success = Extract<UdfResult, { ok: true }>;

export class Runner {
  readonly tree: CallTree;
  private readonly core: Core;

  constructor(core: Core) {
    this.core = core;
    this.tree = new CallTree(core, new SyscallTable(core, this));
  }

  snapshot(): Snapshot {
    const { storage, code } = this.core;
    return { ...storage.snapshot(), catalog: storage.catalog, code };
  }

  /** Runs at `at`, else at a snapshot of its own. With `journal` a `paginate()` reads to that end cursor. */
  async runQuery(
    call: Call,
    options: { at?: Snapshot; journal?: string | null; request?: RequestInfo } = {},
  ): Promise<QueryOutcome> {
    const { request = newRequest(), journal = null } = options;
    const view = options.at ?? this.snapshot();
    const { ts, code, reader, catalog } = view;
    try {
      const tx = new Transaction({ ...this.common(), reader, catalog, snapshotTs: ts, nextCreationTime: null });
      const { result, endCursor } = await this.tree.call({ kind: "query", call, code, tx, request, journal });
      return { result, ts, reads: tx.reads(), journal: endCursor, observedTime: tx.observedTime };
    } finally {
      if (options.at === undefined) view.close();
    }
  }

  async runMutation(call: Call, options: MutationOptions = {}): Promise<MutationOutcome> {
    const { core } = this;
    const { session, request = newRequest() } = options;
    // Modules are loaded before taking a place in the line, so that nobody waits for the disk.
    const component = core.code.components.get(call.path.component);
    await component?.find(call.path.udf).catch(() => null);
    return core.writer.run(async () => {
      const known = session === undefined ? null : findSession(core.storage.writer, session);
      if (known !== null) return known;
      const tx = this.writeTransaction();
      if (options.before?.(tx) === false) return { result: succeeded("null", []), ts: null };
      const { result } = await this.tree.call({ kind: "mutation", call, code: core.code, tx, request });
      if (!result.ok) return { result, ts: null };
      options.after?.(tx);
      return this.commit(tx, result, session);
    });
  }

  async runAction(call: Call, request: RequestInfo = newRequest()): Promise<UdfResult> {
    return (await this.tree.call({ kind: "action", call, code: this.core.code, tx: null, request })).result;
  }

  /** A change of the engine's own (a job's state, say), or an action's, as a commit by itself. */
  change<T>(body: (tx: Transaction) => T | Promise<T>): Promise<T> {
    return this.core.writer.run(async () => {
      const tx = this.writeTransaction();
      const value = await body(tx);
      this.commit(tx, succeeded("null", []));
      return value;
    });
  }

  /** Runs a function that an action calls, in a transaction of its own; throws its failure into the action. */
  async fromAction(parent: Run, kind: "query" | "mutation" | "action", args: JsonObject): Promise<string> {
    const path = resolveAddress(args, parent.component);
    const call: Call = { path, args: args["args"] ?? {}, identity: identityIn(path, parent), allowInternal: true };
    const { request } = parent;
    const result =
      kind === "action"
        ? await this.runAction(call, request)
        : (await (kind === "query" ? this.runQuery(call, { request }) : this.runMutation(call, { request }))).result;
    parent.log.append(result.logLines);
    if (result.ok) return result.valueJson;
    const message = result.errorMessage.slice(result.errorMessage.indexOf("\n") + 1);
    const { errorDataJson: dataJson } = result;
    throw toSyscallError(dataJson === undefined ? { message } : { message, dataJson });
  }

  private common() {
    return { beginMs: this.core.now(), budget: this.core.budget };
  }

  private writeTransaction(): Transaction {
    const { writer: reader, catalog, appliedTs: snapshotTs } = this.core.storage;
    const nextCreationTime = (nowMs: number) => this.core.storage.nextCreationTime(nowMs);
    return new Transaction({ ...this.common(), reader, catalog, snapshotTs, nextCreationTime });
  }

  private commit(tx: Transaction, result: Success, session?: SessionRequest): MutationOutcome {
    const { storage, writer } = this.core;
    const changes = tx.changes();
    if (changes.length === 0 && session === undefined && !tx.hasMore) return { result, ts: storage.appliedTs };
    const resolved = { ...result };
    let jobsChanged = false;
    this.core.schemaWatch?.changed(changes);
    const ts = writer.apply((db, ts) => {
      resolved.valueJson = resolveCommitTs(result.valueJson, ts);
      const writes = tx.write(db, ts);
      jobsChanged = syncJobs(db, tx, changes);
      if (session !== undefined) saveSession(db, session, resolved, ts, this.core.now());
      return writes;
    });
    if (jobsChanged) this.core.jobsChanged();
    return { result: resolved, ts };
  }
}
