/** Queries, mutations and actions from the outside and from one another. */
import type {
  Call,
  FunctionPath,
  Identity,
  Json,
  MutationOutcome,
  QueryOutcome,
  SessionRequest,
  UdfKind,
  UdfResult,
} from "../types.ts";
import { Catalog, insertTable, type Table } from "../storage/catalog.ts";
import type { Connection } from "../storage/connection.ts";
import type { StorageSnapshot } from "../storage/storage.ts";
import { tableCreated, Transaction } from "../transaction/transaction.ts";
import { METRICS } from "../transaction/usage.ts";
import { isObject, resolveCommitTs, type JsonObject } from "../values/json.ts";
import type { Budget } from "../values/limits.ts";
import { MAX_CALL_DEPTH } from "../values/limits.ts";
import { environmentOf, resolveAddress, type Code, type ComponentCode } from "./code.ts";
import { LogBuffer } from "./console.ts";
import type { Core } from "./core.ts";
import { tableNames } from "./documents.ts";
import { CallError, describeFailure, failed, toSyscallError, type Failure } from "./errors.ts";
import { installGuards } from "./globals.ts";
import { invoke, newRequest, succeeded, type Invocation } from "./invoke.ts";
import { syncJobs } from "./jobs.ts";
import type { LoadedFunction } from "./registered.ts";
import { Run, type RequestInfo, type RunOptions } from "./run.ts";
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

type Success = Extract<UdfResult, { ok: true }>;

interface Target {
  fn: LoadedFunction;
  component: ComponentCode;
  path: FunctionPath;
}

const NO_IDENTITY: Identity = { kind: "none" };

export class Runner implements Calls {
  private readonly core: Core;
  private readonly syscalls: SyscallTable;

  constructor(core: Core) {
    this.core = core;
    this.syscalls = new SyscallTable(core, this);
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
      const tx = new Transaction({
        reader: moment.view.reader,
        catalog: moment.catalog,
        snapshotTs: moment.view.ts,
        beginMs: this.core.now(),
        budget: this.core.budget,
        recordReads: true,
        nextCreationTime: null,
      });
      const request = options.request ?? newRequest();
      const { result, run } = await this.top("query", call, moment.code, tx, request, options.journal ?? null);
      return {
        result,
        ts: moment.view.ts,
        reads: tx.reads(),
        journal: run?.endCursor ?? null,
        observedTime: tx.observedTime,
      };
    } finally {
      if (options.at === undefined) moment.view.close();
    }
  }

  async runMutation(call: Call, options: MutationOptions = {}): Promise<MutationOutcome> {
    const { core } = this;
    // Modules are loaded before taking a place in the line, so that nobody waits for the disk.
    await core.code.components
      .get(call.path.component)
      ?.find(call.path.udf)
      .catch(() => null);
    return core.writer.run(async () => {
      if (options.session !== undefined) {
        const known = findSession(core.storage.writer, options.session);
        if (known !== null) return known;
      }
      const tx = this.writeTransaction();
      if (options.before?.(tx) === false) return { result: succeeded("null", []), ts: null };
      const { result } = await this.top("mutation", call, core.code, tx, options.request ?? newRequest(), null);
      if (!result.ok) return { result, ts: null };
      options.after?.(tx);
      return this.commit(tx, result, options.session ?? null, options.also ?? null);
    });
  }

  async runAction(call: Call, request: RequestInfo = newRequest()): Promise<UdfResult> {
    return (await this.top("action", call, this.core.code, null, request, null)).result;
  }

  /** A run for an HTTP action of a component; the caller invokes it. */
  httpRun(component: ComponentCode, identity: Identity, request: RequestInfo, route: string): Run {
    return this.newRun(
      {
        kind: "httpAction",
        path: { component: component.path, udf: route },
        component,
        identity,
        request,
        environment: "isolate",
        tx: null,
        depth: 0,
        log: new LogBuffer(),
        journal: null,
      },
      this.core.code,
    );
  }

  /** A change of the engine's own (a job's state, say) as a commit of its own. */
  async change(body: (tx: Transaction) => void, also: ((db: Connection) => void) | null = null): Promise<void> {
    await this.core.writer.run(() => {
      const tx = this.writeTransaction();
      body(tx);
      this.commit(tx, succeeded("null", []), null, also);
    });
  }

  async nested(parent: Run, udfType: string, args: JsonObject): Promise<string> {
    return parent.serialized(async () => {
      const { tx } = parent;
      if (tx === null) throw new CallError("Only queries and mutations run nested calls.");
      const kind = udfType === "mutation" ? "mutation" : "query";
      if (kind === "mutation" && parent.kind === "query") throw new CallError("Queries cannot run mutations.");
      if (parent.depth + 1 >= MAX_CALL_DEPTH)
        throw new CallError(`Calls are nested too deeply (maximum depth: ${MAX_CALL_DEPTH}).`);
      const target = await this.find(this.core.code, resolveAddress(args, parent.component), kind, true);
      const savepoint = tx.savepoint();
      const endNesting = tx.usage.nest(limitsOf(args["transactionLimits"]));
      const view = udfType === "snapshotQuery" ? tx.withoutWrites() : tx;
      const outcome = await this.call(target, args["args"] ?? {}, this.childOptions(parent, target, kind, view));
      endNesting(outcome.ok ? "kept" : "rolled back");
      if (view.observedTime) tx.observedTime = true;
      if (outcome.ok) return outcome.valueJson;
      tx.rollback(savepoint);
      throw toSyscallError(outcome.failure);
    });
  }

  async fromAction(parent: Run, kind: "query" | "mutation" | "action", args: JsonObject): Promise<string> {
    const path = resolveAddress(args, parent.component);
    const identity = path.component === parent.path.component ? parent.identity : NO_IDENTITY;
    const call: Call = { path, args: args["args"] ?? {}, identity, allowInternal: true };
    const result = await this.fromActionResult(parent, kind, call);
    for (const line of result.logLines) parent.log.lines.push(line);
    if (result.ok) return result.valueJson;
    const message = result.errorMessage.slice(result.errorMessage.indexOf("\n") + 1);
    throw toSyscallError({
      message,
      ...(result.errorDataJson === undefined ? {} : { dataJson: result.errorDataJson }),
    });
  }

  transact<T>(_parent: Run, body: (tx: Transaction) => T | Promise<T>): Promise<T> {
    return this.core.writer.run(async () => {
      const tx = this.writeTransaction();
      const value = await body(tx);
      this.commit(tx, succeeded("null", []), null, null);
      return value;
    });
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

  private async fromActionResult(parent: Run, kind: "query" | "mutation" | "action", call: Call): Promise<UdfResult> {
    if (kind === "query") return (await this.runQuery(call, { request: parent.request })).result;
    if (kind === "mutation") return (await this.runMutation(call, { request: parent.request })).result;
    return this.runAction(call, parent.request);
  }

  private writeTransaction(): Transaction {
    const { storage } = this.core;
    return new Transaction({
      reader: storage.writerReader,
      catalog: storage.catalog,
      snapshotTs: storage.appliedTs,
      beginMs: this.core.now(),
      budget: this.core.budget,
      recordReads: false,
      nextCreationTime: (nowMs) => storage.nextCreationTime(nowMs),
    });
  }

  private commit(
    tx: Transaction,
    result: Success,
    session: SessionRequest | null,
    also: ((db: Connection) => void) | null,
  ): MutationOutcome {
    const { storage, writer, watchers } = this.core;
    const changes = tx.changes();
    if (changes.length === 0 && session === null && also === null) return { result, ts: storage.appliedTs };
    const ts = storage.nextTs(this.core.now());
    const resolved = { ...result, valueJson: resolveCommitTs(result.valueJson, ts) };
    for (const watch of watchers) watch(changes);
    let jobsChanged = false;
    writer.apply(ts, (db) => {
      const writes = tx.write(db, ts);
      jobsChanged = syncJobs(db, tx, changes);
      also?.(db);
      if (session !== null) saveSession(db, session, resolved, ts, this.core.now());
      return writes;
    });
    if (jobsChanged) this.core.jobsChanged();
    return { result: resolved, ts };
  }

  /** Runs a function nobody else called: finds it, checks who may, tells the log. */
  private async top(
    kind: UdfKind,
    call: Call,
    code: Code,
    tx: Transaction | null,
    request: RequestInfo,
    journal: string | null,
  ): Promise<{ result: UdfResult; run: Run | null }> {
    installGuards();
    const started = performance.now();
    const log = new LogBuffer();
    let run: Run | null = null;
    let outcome: Invocation;
    try {
      const target = await this.find(code, call.path, kind, call.allowInternal);
      const options = {
        kind,
        path: target.path,
        component: target.component,
        identity: call.identity,
        request,
        environment: target.fn.environment,
        tx,
        depth: 0,
        log,
        journal,
      };
      run = this.newRun(options, code);
      outcome = await invoke(run, target.fn, call.args, this.tables(tx, target), code.mapPlace);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      outcome = { ok: false, failure: describeFailure(error, code.mapPlace) };
    }
    const result = outcome.ok
      ? succeeded(outcome.valueJson, log.lines)
      : failed(outcome.failure, request.requestId, log.lines);
    const error: Failure | null = outcome.ok ? null : outcome.failure;
    this.core.log({
      atMs: this.core.now(),
      requestId: request.requestId,
      kind,
      path: call.path,
      logLines: log.lines,
      error: error?.message ?? null,
      executionMs: performance.now() - started,
    });
    return { result, run };
  }

  private call(
    target: Target,
    args: Json,
    options: Omit<RunOptions, "syscalls" | "env" | "nowMs">,
  ): Promise<Invocation> {
    return invoke(
      this.newRun(options, this.core.code),
      target.fn,
      args,
      this.tables(options.tx, target),
      this.core.code.mapPlace,
    );
  }

  private childOptions(
    parent: Run,
    target: Target,
    kind: UdfKind,
    tx: Transaction,
  ): Omit<RunOptions, "syscalls" | "env" | "nowMs"> {
    return {
      kind,
      path: target.path,
      component: target.component,
      environment: target.fn.environment,
      tx,
      journal: null,
      // Who calls is the app's knowledge; a component is told by arguments.
      identity: target.path.component === parent.path.component ? parent.identity : NO_IDENTITY,
      request: parent.request,
      depth: parent.depth + 1,
      log: parent.log,
    };
  }

  private newRun(options: Omit<RunOptions, "syscalls" | "env" | "nowMs">, code: Code): Run {
    const env = environmentOf(options.component, code, this.core.environment);
    return new Run({ ...options, syscalls: this.syscalls, env, nowMs: options.tx?.beginMs ?? this.core.now() });
  }

  private tables(tx: Transaction | null, target: Target): (number: number) => string | null {
    const { component } = target.path;
    return tx === null
      ? (number) => this.core.storage.catalog.tableByNumber(component, number)?.name ?? null
      : tableNames(tx, component);
  }

  private async find(code: Code, path: FunctionPath, kind: UdfKind, allowInternal: boolean): Promise<Target> {
    const component = code.components.get(path.component);
    const fn = await component?.find(path.udf);
    if (
      component === undefined ||
      fn === undefined ||
      fn === null ||
      (fn.visibility === "internal" && !allowInternal)
    ) {
      const where = path.component === "" ? "" : ` in component '${path.component}'`;
      throw new CallError(
        `Could not find ${allowInternal ? "" : "public "}function for '${path.udf}'${where}. Did you forget to run \`npx convex dev\` or \`npx convex deploy\`?`,
      );
    }
    if (fn.kind !== kind) {
      const [module, name] = path.udf.split(":");
      throw new CallError(
        `Trying to execute ${module}.js:${name} as ${capital(kind)}, but it is defined as ${capital(fn.kind)}.`,
      );
    }
    return { fn, component, path };
  }
}

function limitsOf(json: Json | undefined): Partial<Budget> {
  const limits: Partial<Budget> = {};
  if (!isObject(json)) return limits;
  for (const metric of METRICS) {
    const value = json[metric];
    if (typeof value === "number") limits[metric] = value;
  }
  return limits;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
