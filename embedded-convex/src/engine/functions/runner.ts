/** Queries, mutations and actions as the server, the scheduler and actions start them: snapshots and commits. */
import type { Call, Identity, MutationOutcome, QueryOutcome, SessionRequest, UdfResult } from "../types.ts";
import type { Engine } from "../engine.ts";
import type { Catalog } from "../storage/catalog.ts";
import type { StorageSnapshot } from "../storage/storage.ts";
import { Transaction } from "../transaction/transaction.ts";
import { resolveCommitTs, type JsonObject } from "../values/json.ts";
import { callFunction, callHttpAction, identityIn } from "./calls.ts";
import { loadFunction, resolveAddress, type Code } from "./code.ts";
import { nestedError } from "./errors.ts";
import { newRequest, type RequestInfo, type Run } from "./run.ts";
import { findSession, saveSession, type Success } from "./sessions.ts";

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

const NOTHING: Success = { ok: true, valueJson: "null", logLines: [] };

export class Runner {
  private readonly engine: Engine;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** The newest moment queries can be run at. Must be closed. */
  snapshot(): Snapshot {
    const { storage, code } = this.engine;
    return { ...storage.snapshot(), catalog: storage.catalog, code };
  }

  /** Runs at `at`, else at a snapshot of its own. With `journal` a `paginate()` reads to that end cursor. */
  async runQuery(
    call: Call,
    options: { at?: Snapshot; journal?: string | null; request?: RequestInfo } = {},
  ): Promise<QueryOutcome> {
    const { request = newRequest(), journal = null } = options;
    const view = options.at ?? this.snapshot();
    const { ts, code } = view;
    const { budget, now } = this.engine;
    try {
      const tx = new Transaction({ ...view, beginMs: now(), budget, writer: null });
      const { result, endCursor } = await callFunction(this.engine, {
        kind: "query",
        call,
        code,
        tx,
        request,
        journal,
      });
      return { result, ts, reads: tx.reads(), journal: endCursor, observedTime: tx.observedTime };
    } finally {
      if (options.at === undefined) view.close();
    }
  }

  /** Serialized with every other mutation; answers only after the commit is on disk. */
  async runMutation(call: Call, options: MutationOptions = {}): Promise<MutationOutcome> {
    const { engine } = this;
    const { session, request = newRequest() } = options;
    // Modules are loaded before taking a place in the line, so that nobody waits for the disk.
    await loadFunction(engine.code, call.path).catch(() => null);
    return engine.writer.run(async () => {
      const known = session === undefined ? null : findSession(engine.storage.writer, session);
      if (known !== null) return known;
      const tx = this.writeTransaction();
      if (options.before?.(tx) === false) return { result: NOTHING, ts: null };
      const { result } = await callFunction(engine, { kind: "mutation", call, code: engine.code, tx, request });
      if (!result.ok) return { result, ts: null };
      options.after?.(tx);
      return this.commit(tx, result, session);
    });
  }

  async runAction(call: Call, request: RequestInfo = newRequest()): Promise<UdfResult> {
    const { code } = this.engine;
    return (await callFunction(this.engine, { kind: "action", call, code, tx: null, request })).result;
  }

  /** Routes by the pushed `http.ts`. Never rejects: a throw in user code is a 500 response, with its cause unless `redacted`. */
  runHttpAction(
    incoming: Request,
    identity: Identity,
    options: { redacted?: boolean; request?: RequestInfo } = {},
  ): Promise<Response> {
    const { redacted = false, request = newRequest({ userAgent: incoming.headers.get("user-agent") }) } = options;
    return callHttpAction(this.engine, { incoming, identity, request, redacted });
  }

  /** A change of the engine's own (a job's state, say), or an action's, as a commit by itself. */
  change<T>(body: (tx: Transaction) => T | Promise<T>): Promise<T> {
    return this.engine.writer.run(async () => {
      const tx = this.writeTransaction();
      const value = await body(tx);
      this.commit(tx, NOTHING);
      return value;
    });
  }

  /** Runs a function that an action calls, in a transaction of its own; throws its failure into the action. */
  async fromAction(parent: Run, kind: "query" | "mutation" | "action", args: JsonObject): Promise<string> {
    const path = resolveAddress(args, parent.component);
    const call: Call = { path, args: args["args"] ?? {}, identity: identityIn(path, parent), allowInternal: true };
    const { request, log } = parent;
    const result =
      kind === "action"
        ? await this.runAction(call, request)
        : (await (kind === "query" ? this.runQuery(call, { request }) : this.runMutation(call, { request }))).result;
    log.append(result.logLines);
    if (result.ok) return result.valueJson;
    const message = result.errorMessage.slice(result.errorMessage.indexOf("\n") + 1);
    throw nestedError({ message, dataJson: result.errorDataJson });
  }

  private writeTransaction(): Transaction {
    const { storage, writer, budget, now } = this.engine;
    const { writer: reader, catalog, appliedTs: ts } = storage;
    return new Transaction({ reader, catalog, ts, beginMs: now(), budget, writer });
  }

  private commit(tx: Transaction, result: Success, session?: SessionRequest): MutationOutcome {
    const { storage, writer, schemaWatch, scheduler, now } = this.engine;
    const changes = tx.changes();
    if (changes.length === 0 && session === undefined && !tx.hasMore) return { result, ts: storage.appliedTs };
    const resolved = { ...result };
    schemaWatch?.changed(changes);
    const ts = writer.apply((db, ts) => {
      resolved.valueJson = resolveCommitTs(result.valueJson, ts);
      const writes = tx.write(db, ts);
      if (session !== undefined) saveSession(db, session, resolved, ts, now());
      return writes;
    });
    // The transaction may have added jobs, or ended some.
    if (tx.hasMore) scheduler.wake();
    return { result: resolved, ts };
  }
}
