/**
 * The operations `convex/server` asks of its host, by name. Database operations are synchronous underneath; they
 * only wait for a nested call of the same function that is still running.
 */
import { EngineError, type FunctionPath, type UdfKind } from "../types.ts";
import { paginate } from "../query/paginate.ts";
import { planQuery, queryShape } from "../query/plan.ts";
import { QueryStream } from "../query/stream.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { int64, parseObject, type JsonObject } from "../values/json.ts";
import { NOT_HERE } from "../unsupported.ts";
import { functionHandle, resolveAddress } from "./code.ts";
import type { Core } from "./core.ts";
import {
  deleteDocument,
  getDocument,
  insertDocument,
  normalizeId,
  patchDocument,
  replaceDocument,
  type Scope,
} from "./documents.ts";
import { CallError, SyscallError } from "./errors.ts";
import { cancelJob, scheduleJob } from "./jobs.ts";
import { userAttributes, type Run } from "./run.ts";
import type { Runner } from "./runner.ts";
import { numberArg, optionalNumber, optionalText, textArg } from "./syscall-args.ts";

/** Operations that take their own place in the line of nested calls. */
const SERIALIZED = new Set(["1.0/runUdf", "1.0/schedule"]);

type Handler = (run: Run, args: JsonObject) => string | Promise<string>;

export class SyscallTable {
  private readonly core: Core;
  private readonly runner: Runner;
  private nextQueryId = 1;

  constructor(core: Core, runner: Runner) {
    this.core = core;
    this.runner = runner;
  }

  sync(run: Run, op: string, text: string): string {
    assertOpen(run);
    const args = parseObject(text);
    switch (op) {
      case "1.0/queryStream":
        return this.openStream(run, args);
      case "1.0/queryCleanup":
        run.state.streams.delete(numberArg(args, "queryId"));
        return "null";
      case "1.0/db/normalizeId":
        return JSON.stringify({ id: normalizeId(this.scope(run), textArg(args, "table"), textArg(args, "idString")) });
      case "1.0/getSnapshotTs": {
        const tx = transactionOf(run);
        tx.observedTime = true;
        return JSON.stringify(int64(tx.snapshotTs));
      }
      default:
        throw new SyscallError(`Unknown operation ${op}`);
    }
  }

  async(run: Run, op: string, text: string): Promise<string> {
    const gate = run.state.waitingFor;
    if (gate !== null && !SERIALIZED.has(op)) return gate.then(() => this.async(run, op, text));
    try {
      assertOpen(run);
      const handler = this.handlers[op];
      if (handler === undefined) throw new SyscallError(notHere(op) ?? `Unknown async operation ${op}`);
      const answer = handler(run, parseObject(text));
      // Most answers are there at once; one promise for each row of a query is enough.
      return typeof answer === "string"
        ? Promise.resolve(answer)
        : answer.catch((error: unknown) => this.refuse(run, error));
    } catch (error) {
      return Promise.reject(this.asSyscallError(run, error));
    }
  }

  js(op: string): never {
    throw new SyscallError(op.startsWith("storage/") ? NOT_HERE.fileStorage : `Unknown operation ${op}`);
  }

  private readonly handlers: Record<string, Handler | undefined> = {
    "1.0/get": (run, args) =>
      getDocument(this.scope(run), textArg(args, "id"), optionalText(args, "table"), args["isSystem"] === true),
    "1.0/insert": (run, args) =>
      JSON.stringify({ _id: insertDocument(this.writeScope(run), textArg(args, "table"), args["value"] ?? null) }),
    "1.0/shallowMerge": (run, args) =>
      patchDocument(this.writeScope(run), textArg(args, "id"), optionalText(args, "table"), args["value"] ?? null),
    "1.0/replace": (run, args) =>
      replaceDocument(this.writeScope(run), textArg(args, "id"), optionalText(args, "table"), args["value"] ?? null),
    "1.0/remove": (run, args) => deleteDocument(this.writeScope(run), textArg(args, "id"), optionalText(args, "table")),
    "1.0/queryStreamNext": (run, args) => this.streamNext(run, args),
    "1.0/queryPage": (run, args) => this.page(run, args),
    "1.0/count": (run, args) => {
      const table = transactionOf(run).catalog.table(run.component.path, textArg(args, "table"));
      return String(table === null ? 0 : transactionOf(run).count(table));
    },
    "1.0/runUdf": (run, args) => this.runner.tree.nested(run, textArg(args, "udfType"), args),
    // Waits like a nested call, so that a job nobody awaited still is part of its mutation.
    "1.0/schedule": (run, args) => run.state.serialized(() => this.schedule(run, writableTransaction(run), args)),
    "1.0/actions/schedule": async (run, args) => this.runner.change((tx) => this.schedule(run, tx, args)),
    "1.0/cancel_job": (run, args) => this.cancel(run, writableTransaction(run), args),
    "1.0/actions/cancel_job": (run, args) => this.runner.change((tx) => this.cancel(run, tx, args)),
    "1.0/actions/query": (run, args) => this.runner.fromAction(run, "query", args),
    "1.0/actions/mutation": (run, args) => this.runner.fromAction(run, "mutation", args),
    "1.0/actions/action": (run, args) => this.runner.fromAction(run, "action", args),
    "1.0/getUserIdentity": (run) => JSON.stringify(userAttributes(run.identity)),
    "1.0/createFunctionHandle": (run, args) => this.createHandle(run, args),
    "1.0/getFunctionMetadata": (run) => JSON.stringify({ name: run.path.udf, componentPath: run.path.component }),
    "1.0/getDeploymentMetadata": () => JSON.stringify({ name: this.core.options.name, region: null, class: "s16" }),
    "1.0/getRequestMetadata": (run) => {
      if (run.kind === "query") throw new SyscallError("getRequestMetadata() cannot be called from a query.");
      const authToken = run.identity.kind === "user" ? run.identity.token : null;
      return JSON.stringify({ ...run.request, authToken });
    },
    "1.0/getTransactionMetrics": (run) => JSON.stringify(transactionOf(run).usage.metrics()),
    "1.0/auditLog": () => "null",
  };

  private openStream(run: Run, args: JsonObject): string {
    const tx = transactionOf(run);
    const queryId = this.nextQueryId++;
    run.state.streams.set(queryId, new QueryStream(tx, planQuery(args["query"], tx, run.component)));
    return JSON.stringify({ queryId });
  }

  private streamNext(run: Run, args: JsonObject): string {
    const stream = run.state.streams.get(numberArg(args, "queryId"));
    if (stream === undefined) throw new SyscallError("This query is closed and can't emit any more values.");
    const text = stream.next();
    return text === null ? '{"value":null,"done":true}' : `{"value":${text},"done":false}`;
  }

  private page(run: Run, args: JsonObject): string {
    const tx = transactionOf(run);
    if (run.path.component !== "")
      throw new SyscallError("paginate() is only supported in the app, not in components.");
    if (run.state.endCursor !== null) {
      throw new SyscallError(
        "This query or mutation function ran multiple paginated queries. Convex only supports a single paginated query in each function.",
      );
    }
    const query = args["query"];
    const request = {
      query: JSON.stringify([run.path.component, queryShape(query)]),
      cursor: optionalText(args, "cursor"),
      endCursor: optionalText(args, "endCursor"),
      journal: run.journal,
      pageSize: numberArg(args, "pageSize"),
      maximumRowsRead: optionalNumber(args, "maximumRowsRead") ?? Infinity,
      maximumBytesRead: optionalNumber(args, "maximumBytesRead") ?? Infinity,
    };
    const result = paginate(tx, planQuery(query, tx, run.component), request, this.core.cursors);
    run.state.endCursor = result.continueCursor;
    const { page, ...rest } = result;
    return `{"page":[${page.join(",")}],${JSON.stringify(rest).slice(1)}`;
  }

  private async schedule(run: Run, tx: Transaction, args: JsonObject): Promise<string> {
    const { path, kind } = await this.find(run, args, "Attempted to schedule function at nonexistent path: ");
    if (kind === "query") {
      const rule = "which is a query. Only mutations and actions can be scheduled.";
      throw new SyscallError(`Attempted to schedule ${describePath(path)}, ${rule}`);
    }
    const dueMs = numberArg(args, "ts") * 1000;
    return JSON.stringify(scheduleJob(tx, run.path.component, path, args["args"] ?? null, dueMs));
  }

  private cancel(run: Run, tx: Transaction, args: JsonObject): string {
    const own = run.kind === "mutation" ? run.request.scheduledFunctionId : null;
    cancelJob(tx, run.path.component, textArg(args, "id"), own);
    return "null";
  }

  private async createHandle(run: Run, args: JsonObject): Promise<string> {
    return JSON.stringify(functionHandle((await this.find(run, args, "Could not find function ")).path));
  }

  /** The function that the arguments address. */
  private async find(run: Run, args: JsonObject, refusal: string): Promise<{ path: FunctionPath; kind: UdfKind }> {
    const path = resolveAddress(args, run.component);
    const found = await run.code.components.get(path.component)?.find(path.udf);
    if (found === undefined || found === null) throw new SyscallError(`${refusal}${describePath(path)}.`);
    return { path, kind: found.kind };
  }

  private scope(run: Run): Scope {
    const tx = transactionOf(run);
    const createTable = (name: string) => {
      const table = this.core.writer.tableFor(run.component.path, name);
      tx.catalog = this.core.storage.catalog;
      return table;
    };
    return { tx, component: run.component, createTable };
  }

  private writeScope(run: Run): Scope {
    writableTransaction(run);
    return this.scope(run);
  }

  private refuse(run: Run, error: unknown): never {
    throw this.asSyscallError(run, error);
  }

  /** Sentences go to the function; anything unforeseen is the engine's fault and ends the run. */
  private asSyscallError(run: Run, error: unknown): SyscallError {
    if (error instanceof SyscallError) return error;
    const isSentence =
      error instanceof CallError ||
      error instanceof RangeError ||
      error instanceof TypeError ||
      error instanceof EngineError;
    if (isSentence || isPlainError(error)) return new SyscallError(error.message);
    run.state.fault = error;
    return new SyscallError("The database could not do this. See the server's log.");
  }
}

/** Errors made with `new Error(sentence)` here are meant for the developer; the driver's carry a code. */
function isPlainError(error: unknown): error is Error {
  return error instanceof Error && !("code" in error);
}

/** The sentence for an operation that is left out on purpose; null for one that nobody knows. */
function notHere(op: string): string | null {
  if (op.startsWith("1.0/storage")) return NOT_HERE.fileStorage;
  if (op === "1.0/actions/vectorSearch") return NOT_HERE.vectorSearch;
  if (op === "1.0/signJwt") return NOT_HERE.signJwt;
  return op === "1.0/createServiceToken" || op === "1.0/getServiceUrl" ? NOT_HERE.managedServices : null;
}

function assertOpen(run: Run): void {
  if (run.state.closed) throw new SyscallError("This function has already finished: a promise in it was not awaited.");
}

function transactionOf(run: Run): Transaction {
  if (run.tx === null)
    throw new SyscallError("Unknown async operation: the database can only be used in queries and mutations.");
  return run.tx;
}

function writableTransaction(run: Run): Transaction {
  const tx = transactionOf(run);
  if (run.kind !== "mutation" || !tx.writable)
    throw new SyscallError("Queries cannot write to the database or schedule functions.");
  return tx;
}

function describePath(path: { component: string; udf: string }): string {
  return path.component === "" ? path.udf : `${path.component}/${path.udf}`;
}
