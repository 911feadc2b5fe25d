/** Queries, mutations and actions as the server, the scheduler and actions start them: snapshots and commits. */
import type { Call, Identity, MutationOutcome, QueryOutcome, SessionRequest, UdfResult } from "../types.ts";
import { Catalog, insertTable, type Table } from "../storage/catalog.ts";
import type { Connection } from "../storage/connection.ts";
import type { StorageSnapshot } from "../storage/storage.ts";
import { tableCreated, Transaction } from "../transaction/transaction.ts";
import { resolveCommitTs, type JsonObject } from "../values/json.ts";
import { CallTree, identityIn } from "./calls.ts";
import { resolveAddress, type Code, type ComponentCode } from "./code.ts";
import { LogBuffer } from "./console.ts";
import type { Core } from "./core.ts";
import { toSyscallError } from "./errors.ts";
import { newRequest, succeeded } from "./invoke.ts";
import { syncJobs } from "./jobs.ts";
import type { RequestInfo, Run } from "./run.ts";
import { findSession, saveSession } from "./sessions.ts";
import { SyscallTable, type Calls } from "./syscalls.ts";

/** A moment queries can be run at, with the code of that moment. */
export interface Moment {
  view: StorageSnapshot;
  catalog: Catalog;
  code: Code;
}

export interface MutationOptions {
  session?: SessionRequest;
  request?: RequestInfo;
  /** Runs in the same transaction before the function; false calls it off. */
  before?: (tx: Transaction) => boolean;
  /** Runs in the same transaction after the function has succeeded. */
  after?: (tx: Transaction) => void;
  /** Rows of the engine's own tables that belong to the same commit. */
  also?: (db: Connection) => void;
}

/** What is committed with a transaction's own changes. */
type Commitment = Pick<MutationOptions, "session" | "also">;
type Success = Extract<UdfResult, { ok: true }>;

export class Runner implements Calls {
  private readonly core: Core;
  private readonly tree: CallTree;

  constructor(core: Core) {
    this.core = core;
    this.tree = new CallTree(core, new SyscallTable(core, this));
  }

  now(): Moment {
    const { storage, code } = this.core;
    return { view: storage.snapshot(), catalog: storage.catalog, code };
  }

  async runQuery(
    call: Call,
    options: { at?: Moment; journal?: string | null; request?: RequestInfo } = {},
  ): Promise<QueryOutcome> {
    const moment = options.at ?? this.now();
    try {
      const { view, catalog, code } = moment;
      const { budget } = this.core;
      const tx = new Transaction({
        reader: view.reader,
        catalog,
        snapshotTs: view.ts,
        beginMs: this.core.now(),
        budget,
        recordReads: true,
        nextCreationTime: null,
      });
      const request = options.request ?? newRequest();
      const journal = options.journal ?? null;
      const { result, endCursor } = await this.tree.call({ kind: "query", call, code, tx, request, journal });
      return { result, ts: view.ts, reads: tx.reads(), journal: endCursor, observedTime: tx.observedTime };
    } finally {
      if (options.at === undefined) moment.view.close();
    }
  }

  async runMutation(call: Call, options: MutationOptions = {}): Promise<MutationOutcome> {
    const { core } = this;
    // Modules are loaded before taking a place in the line, so that nobody waits for the disk.
    const component = core.code.components.get(call.path.component);
    await component?.find(call.path.udf).catch(() => null);
    return core.writer.run(async () => {
      const known = options.session === undefined ? null : findSession(core.storage.writer, options.session);
      if (known !== null) return known;
      const tx = this.writeTransaction();
      if (options.before?.(tx) === false) return { result: succeeded("null", []), ts: null };
      const request = options.request ?? newRequest();
      const { result } = await this.tree.call({ kind: "mutation", call, code: core.code, tx, request });
      if (!result.ok) return { result, ts: null };
      options.after?.(tx);
      return this.commit(tx, result, options);
    });
  }

  async runAction(call: Call, request: RequestInfo = newRequest()): Promise<UdfResult> {
    return (await this.tree.call({ kind: "action", call, code: this.core.code, tx: null, request })).result;
  }

  /** A run for an HTTP action of a component; the caller invokes it. */
  httpRun(component: ComponentCode, identity: Identity, request: RequestInfo, route: string): Run {
    return this.tree.newRun({
      kind: "httpAction",
      path: { component: component.path, udf: route },
      component,
      code: this.core.code,
      identity,
      request,
      environment: "isolate",
      tx: null,
      depth: 0,
      log: new LogBuffer(),
      journal: null,
    });
  }

  /** A change of the engine's own (a job's state, say), or an action's, as a commit by itself. */
  change<T>(body: (tx: Transaction) => T | Promise<T>, also?: (db: Connection) => void): Promise<T> {
    return this.core.writer.run(async () => {
      const tx = this.writeTransaction();
      const value = await body(tx);
      this.commit(tx, succeeded("null", []), also === undefined ? {} : { also });
      return value;
    });
  }

  nested(parent: Run, udfType: string, args: JsonObject): Promise<string> {
    return this.tree.nested(parent, udfType, args);
  }

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

  createTable(tx: Transaction, component: string, name: string): Table {
    const { storage, writer } = this.core;
    writer.apply(storage.nextTs(this.core.now()), (db) => {
      insertTable(db, component, name);
      return tableCreated(component, name);
    });
    storage.catalog = Catalog.load(storage.writer);
    tx.catalog = storage.catalog;
    const table = tx.catalog.table(component, name);
    if (table === null) throw new Error(`table ${name} was not created`);
    return table;
  }

  private writeTransaction(): Transaction {
    const { storage, budget } = this.core;
    return new Transaction({
      reader: storage.writerReader,
      catalog: storage.catalog,
      snapshotTs: storage.appliedTs,
      beginMs: this.core.now(),
      budget,
      recordReads: false,
      nextCreationTime: (nowMs) => storage.nextCreationTime(nowMs),
    });
  }

  private commit(tx: Transaction, result: Success, { session, also }: Commitment): MutationOutcome {
    const { storage, writer } = this.core;
    const changes = tx.changes();
    if (changes.length === 0 && session === undefined && also === undefined) return { result, ts: storage.appliedTs };
    const ts = storage.nextTs(this.core.now());
    const resolved = { ...result, valueJson: resolveCommitTs(result.valueJson, ts) };
    this.core.schemaWatch?.changed(changes);
    let jobsChanged = false;
    writer.apply(ts, (db) => {
      const writes = tx.write(db, ts);
      jobsChanged = syncJobs(db, tx, changes);
      also?.(db);
      if (session !== undefined) saveSession(db, session, resolved, ts, this.core.now());
      return writes;
    });
    if (jobsChanged) this.core.jobsChanged();
    return { result: resolved, ts };
  }
}
