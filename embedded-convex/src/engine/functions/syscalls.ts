/**
 * The operations `convex/server` asks of its host, by name. Database operations are synchronous underneath; they
 * only wait for a nested call of the same function that is still running.
 */
import { EngineError, type FunctionPath } from "../types.ts";
import { pageArgs, paginate } from "../query/paginate.ts";
import { planQuery, queryShape } from "../query/plan.ts";
import { runPlan } from "../query/stream.ts";
import { cancelJob, scheduleJob } from "../schedule/jobs.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { int64, parseObject, type JsonObject } from "../values/json.ts";
import { NOT_HERE } from "../unsupported.ts";
import { callNested } from "./calls.ts";
import { functionHandle, loadFunction, resolveAddress } from "./code.ts";
import * as documents from "./documents.ts";
import type { LoadedFunction } from "./registered.ts";
import { userAttributes, type Run } from "./run.ts";

/** Operations that take their own place in the line of nested calls. */
const SERIALIZED = new Set(["1.0/runUdf", "1.0/schedule"]);

type Handler = (run: Run, args: JsonObject) => string | Promise<string>;

const SYNC: Record<string, ((run: Run, args: JsonObject) => string) | undefined> = {
  "1.0/queryStream": (run, args) => {
    const tx = transactionOf(run);
    const queryId = run.state.nextStream++;
    run.state.streams.set(queryId, runPlan(tx, planQuery(args["query"], tx, run.component)));
    return JSON.stringify({ queryId });
  },
  "1.0/queryCleanup": (run, args) => {
    run.state.streams.delete(numberArg(args, "queryId"));
    return "null";
  },
  "1.0/db/normalizeId": (run, args) =>
    JSON.stringify({ id: documents.normalizeId(scopeOf(run), textArg(args, "table"), textArg(args, "idString")) }),
  "1.0/getSnapshotTs": (run) => {
    const tx = transactionOf(run);
    tx.observedTime = true;
    return JSON.stringify(int64(tx.ts));
  },
};

const ASYNC: Record<string, Handler | undefined> = {
  "1.0/get": (run, args) =>
    documents.get(scopeOf(run), textArg(args, "id"), optionalText(args, "table"), args["isSystem"] === true),
  "1.0/insert": (run, args) =>
    JSON.stringify({ _id: documents.insert(writeScope(run), textArg(args, "table"), args["value"] ?? null) }),
  "1.0/shallowMerge": (run, args) =>
    documents.patch(writeScope(run), textArg(args, "id"), optionalText(args, "table"), args["value"] ?? null),
  "1.0/replace": (run, args) =>
    documents.replace(writeScope(run), textArg(args, "id"), optionalText(args, "table"), args["value"] ?? null),
  "1.0/remove": (run, args) => documents.remove(writeScope(run), textArg(args, "id"), optionalText(args, "table")),
  "1.0/queryStreamNext": streamNext,
  "1.0/queryPage": page,
  "1.0/runUdf": (run, args) => callNested(run, textArg(args, "udfType"), args),
  // Waits like a nested call, so that a job nobody awaited still is part of its mutation.
  "1.0/schedule": (run, args) => run.state.serialized(() => schedule(run, writeScope(run).tx, args)),
  "1.0/actions/schedule": (run, args) => run.engine.runner.change((tx) => schedule(run, tx, args)),
  "1.0/cancel_job": (run, args) => cancel(run, writeScope(run).tx, args),
  "1.0/actions/cancel_job": (run, args) => run.engine.runner.change((tx) => cancel(run, tx, args)),
  "1.0/actions/query": (run, args) => run.engine.runner.fromAction(run, "query", args),
  "1.0/actions/mutation": (run, args) => run.engine.runner.fromAction(run, "mutation", args),
  "1.0/actions/action": (run, args) => run.engine.runner.fromAction(run, "action", args),
  "1.0/getUserIdentity": (run) => JSON.stringify(userAttributes(run.identity)),
  "1.0/createFunctionHandle": async (run, args) =>
    JSON.stringify(functionHandle((await find(run, args, "Could not find function ")).path)),
  "1.0/getFunctionMetadata": (run) => JSON.stringify({ name: run.path.udf, componentPath: run.path.component }),
  "1.0/getDeploymentMetadata": ({ engine }) =>
    JSON.stringify({ name: engine.options.name, region: null, class: "s16" }),
  "1.0/getRequestMetadata": (run) => {
    if (run.kind === "query") throw new Error("getRequestMetadata() cannot be called from a query.");
    const authToken = run.identity.kind === "user" ? run.identity.token : null;
    return JSON.stringify({ ...run.request, authToken });
  },
  "1.0/getTransactionMetrics": (run) => JSON.stringify(transactionOf(run).usage.metrics()),
  "1.0/auditLog": () => "null",
};

/** What `globalThis.Convex` has. */
export type Syscalls = typeof SYSCALLS;
export const SYSCALLS = { syscall, asyncSyscall, jsSyscall };

function syscall(run: Run, op: string, text: string): string {
  assertOpen(run);
  const handler = SYNC[op];
  if (handler === undefined) throw new Error(`Unknown operation ${op}`);
  return handler(run, parseObject(text));
}

function asyncSyscall(run: Run, op: string, text: string): Promise<string> {
  const gate = run.state.waitingFor;
  if (gate !== null && !SERIALIZED.has(op)) return gate.then(() => asyncSyscall(run, op, text));
  try {
    assertOpen(run);
    const handler = ASYNC[op];
    if (handler === undefined) throw new Error(notHere(op) ?? `Unknown async operation ${op}`);
    const answer = handler(run, parseObject(text));
    // Most answers are there at once; one promise for each row of a query is enough.
    return typeof answer === "string" ? Promise.resolve(answer) : answer.catch((error: unknown) => refuse(run, error));
  } catch (error) {
    return Promise.reject(refusalOf(run, error));
  }
}

function jsSyscall(_run: Run, op: string): never {
  throw new Error(op.startsWith("storage/") ? NOT_HERE.fileStorage : `Unknown operation ${op}`);
}

function refuse(run: Run, error: unknown): never {
  throw refusalOf(run, error);
}

/** Sentences go to the function; anything unforeseen, as the driver's errors, is the engine's fault and ends the run. */
function refusalOf(run: Run, error: unknown): Error {
  if (error instanceof EngineError || error instanceof TypeError || error instanceof RangeError)
    return new Error(error.message);
  if (error instanceof Error && !("code" in error)) return error;
  run.state.fault = error;
  return new Error("The database could not do this. See the server's log.");
}

/** The sentence for an operation that is left out on purpose; null for one that nobody knows. */
function notHere(op: string): string | null {
  if (op.startsWith("1.0/storage")) return NOT_HERE.fileStorage;
  if (op === "1.0/count") return NOT_HERE.count;
  if (op === "1.0/actions/vectorSearch") return NOT_HERE.vectorSearch;
  if (op === "1.0/signJwt") return NOT_HERE.signJwt;
  return op === "1.0/createServiceToken" || op === "1.0/getServiceUrl" ? NOT_HERE.managedServices : null;
}

function streamNext(run: Run, args: JsonObject): string {
  const stream = run.state.streams.get(numberArg(args, "queryId"));
  if (stream === undefined) throw new Error("This query is closed and can't emit any more values.");
  for (let row = stream.next().value; row !== undefined; row = stream.next().value)
    if (row.passes) return `{"value":${row.text},"done":false}`;
  return '{"value":null,"done":true}';
}

function page(run: Run, args: JsonObject): string {
  const { tx, component } = scopeOf(run);
  if (component.path !== "") throw new Error("paginate() is only supported in the app, not in components.");
  if (run.state.endCursor !== null) {
    throw new Error(
      "This query or mutation function ran multiple paginated queries. Convex only supports a single paginated query in each function.",
    );
  }
  const query = JSON.stringify([component.path, queryShape(args["query"])]);
  const request = { ...pageArgs.parse(args), query, journal: run.journal };
  const result = paginate(tx, planQuery(args["query"], tx, component), request, run.engine.cursors);
  run.state.endCursor = result.continueCursor;
  const { page: documents, ...rest } = result;
  return `{"page":[${documents.join(",")}],${JSON.stringify(rest).slice(1)}`;
}

async function schedule(run: Run, tx: Transaction, args: JsonObject): Promise<string> {
  const { path, fn } = await find(run, args, "Attempted to schedule function at nonexistent path: ");
  if (fn.kind === "query") {
    const rule = "which is a query. Only mutations and actions can be scheduled.";
    throw new Error(`Attempted to schedule ${describePath(path)}, ${rule}`);
  }
  const dueMs = numberArg(args, "ts") * 1000;
  return JSON.stringify(scheduleJob(tx, run.component.path, path, args["args"] ?? null, dueMs));
}

function cancel(run: Run, tx: Transaction, args: JsonObject): string {
  const own = run.kind === "mutation" ? run.request.scheduledFunctionId : null;
  cancelJob(tx, run.component.path, textArg(args, "id"), own);
  return "null";
}

/** The function that the arguments address. */
async function find(run: Run, args: JsonObject, refusal: string): Promise<{ path: FunctionPath; fn: LoadedFunction }> {
  const path = resolveAddress(args, run.component);
  const fn = await loadFunction(run.code, path);
  if (fn === null) throw new Error(`${refusal}${describePath(path)}.`);
  return { path, fn };
}

function assertOpen(run: Run): void {
  if (run.state.closed) throw new Error("This function has already finished: a promise in it was not awaited.");
}

function transactionOf({ tx }: Run): Transaction {
  if (tx === null) throw new Error("Unknown async operation: the database can only be used in queries and mutations.");
  return tx;
}

function scopeOf(run: Run): documents.Scope {
  return { tx: transactionOf(run), component: run.component };
}

function writeScope(run: Run): documents.Scope {
  const scope = scopeOf(run);
  if (run.kind !== "mutation" || !scope.tx.isWritable)
    throw new Error("Queries cannot write to the database or schedule functions.");
  return scope;
}

function textArg(args: JsonObject, name: string): string {
  const value = args[name];
  if (typeof value !== "string") throw new Error(`Invalid argument \`${name}\`: expected a string.`);
  return value;
}

function numberArg(args: JsonObject, name: string): number {
  const value = args[name];
  if (typeof value !== "number") throw new Error(`Invalid argument \`${name}\`: expected a number.`);
  return value;
}

function optionalText(args: JsonObject, name: string): string | null {
  return typeof args[name] === "string" ? args[name] : null;
}

function describePath(path: FunctionPath): string {
  return path.component === "" ? path.udf : `${path.component}/${path.udf}`;
}
