/** Finding a function and running it: for a caller from outside, or nested, for another function. */
import type { Engine } from "../engine.ts";
import type { Call, FunctionPath, Identity, UdfKind, UdfResult } from "../types.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { parseJson, type JsonObject } from "../values/json.ts";
import { limitsIn, MAX_CALL_DEPTH } from "../values/limits.ts";
import { resolveAddress, type Code } from "./code.ts";
import { LogBuffer } from "./console.ts";
import {
  attempt,
  CallError,
  describeFailure,
  nestedError,
  rememberCause,
  type Failure,
  type Outcome,
} from "./errors.ts";
import { invoke, invokeFunction } from "./invoke.ts";
import type { LoadedFunction } from "./registered.ts";
import { RunState, type RequestInfo, type Run } from "./run.ts";

/** A call from outside, and what it runs on. */
export interface RootCall {
  kind: UdfKind;
  call: Call;
  code: Code;
  /** Null for actions. */
  tx: Transaction | null;
  request: RequestInfo;
  journal?: string | null;
}

type Target = Pick<Run, "component" | "path" | "environment"> & { fn: LoadedFunction };

/** Runs a function nobody else called: finds it, checks who may, tells the log. */
export async function callFunction(
  engine: Engine,
  { kind, call, code, tx, request, journal = null }: RootCall,
): Promise<{ result: UdfResult; endCursor: string | null }> {
  const { identity, path } = call;
  const [log, state] = [new LogBuffer(), new RunState()];
  const outcome = await logged({ engine, kind, path, request, log }, async () => {
    const target = await find(code, path, kind, call.allowInternal);
    if (target instanceof CallError) return { ok: false, failure: describeFailure(target, code.mapPlace) };
    const run = { ...target, engine, kind, code, identity, request, tx, depth: 0, log, journal, state };
    return invokeFunction(run, target.fn, call.args);
  });
  return { result: resultOf(outcome, request, log.lines), endCursor: state.endCursor };
}

/** Runs a function inside its caller's transaction; a throw takes back what it wrote, and the caller may go on. */
export function callNested(parent: Run, udfType: string, args: JsonObject): Promise<string> {
  return parent.state.serialized(async () => {
    const { tx, code } = parent;
    if (tx === null) throw new CallError("Only queries and mutations run nested calls.");
    const kind = udfType === "mutation" ? "mutation" : "query";
    if (kind === "mutation" && parent.kind === "query") throw new CallError("Queries cannot run mutations.");
    const depth = parent.depth + 1;
    if (depth >= MAX_CALL_DEPTH) throw new CallError(`Calls are nested too deeply (maximum depth: ${MAX_CALL_DEPTH}).`);
    const target = await find(code, resolveAddress(args, parent.component), kind, true);
    if (target instanceof CallError) throw target;
    const view = udfType === "snapshotQuery" ? tx.withoutWrites() : tx;
    const identity = identityIn(target.path, parent);
    const run: Run = { ...parent, ...target, kind, identity, tx: view, depth, journal: null, state: new RunState() };
    const end = tx.nest(limitsIn(args["transactionLimits"]));
    const outcome = await invokeFunction(run, target.fn, args["args"] ?? {});
    end(outcome.ok);
    if (view.observedTime) tx.observedTime = true;
    if (!outcome.ok) throw nestedError(outcome.failure);
    return outcome.value;
  });
}

/** A request for an HTTP action. With `redacted` the log alone has what goes wrong. */
interface HttpCall {
  incoming: Request;
  identity: Identity;
  request: RequestInfo;
  redacted: boolean;
}

/** Runs the HTTP action of the route. Never rejects: what goes wrong in user code is a 500 that says so. */
export async function callHttpAction(
  engine: Engine,
  { incoming, identity, request, redacted }: HttpCall,
): Promise<Response> {
  const { code } = engine;
  const component = code.components.get("");
  const router = await attempt(code, async () => (await component?.router()) ?? null);
  if (!router.ok) return serverError(request, router.failure, redacted);
  if (component === undefined || router.value === null)
    return new Response("This Convex deployment does not have HTTP actions enabled.", { status: 404 });
  const match = router.value.lookup(new URL(incoming.url).pathname, incoming.method);
  if (match === null) return new Response("No matching routes found", { status: 404 });
  const path = { component: "", udf: `${match.method} ${match.route}` };
  const run: Run = {
    ...{ engine, kind: "httpAction", path, component, code, identity, request, environment: "isolate", tx: null },
    ...{ depth: 0, log: new LogBuffer(), journal: null, state: new RunState() },
  };
  const outcome = await logged(run, () => invoke(run, () => match.action(incoming)));
  return outcome.ok ? outcome.value : serverError(request, outcome.failure, redacted);
}

/** Who calls is the app's knowledge; a component is told by arguments. */
export function identityIn(target: FunctionPath, parent: Run): Identity {
  return target.component === parent.path.component ? parent.identity : { kind: "none" };
}

/** The function for a kind of call, or why it cannot be called. */
async function find(
  code: Code,
  path: FunctionPath,
  kind: UdfKind,
  allowInternal: boolean,
): Promise<Target | CallError> {
  const component = code.components.get(path.component);
  const loaded = await attempt(code, async () => component?.find(path.udf));
  // A module that throws while loading fails the call, not the engine.
  if (!loaded.ok) return new CallError(loaded.failure.message);
  const fn = loaded.value ?? null;
  if (component === undefined || fn === null || (fn.visibility === "internal" && !allowInternal)) {
    const where = path.component === "" ? "" : ` in component '${path.component}'`;
    return new CallError(
      `Could not find ${allowInternal ? "" : "public "}function for '${path.udf}'${where}. Did you forget to run \`npx convex dev\` or \`npx convex deploy\`?`,
    );
  }
  if (fn.kind === kind) return { fn, component, path, environment: fn.environment };
  const name = path.udf.replace(":", ".js:");
  return new CallError(`Trying to execute ${name} as ${capital(kind)}, but it is defined as ${capital(fn.kind)}.`);
}

/** Tells the log how a call ended, and how long it took. */
async function logged<T>(
  { engine, kind, path, request, log }: Pick<Run, "engine" | "kind" | "path" | "request" | "log">,
  call: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const started = performance.now();
  const outcome = await call();
  const executionMs = performance.now() - started;
  const { requestId } = request;
  const error = outcome.ok ? null : outcome.failure.message;
  engine.events.emit("log", { atMs: engine.now(), requestId, kind, path, logLines: log.lines, error, executionMs });
  return outcome;
}

function resultOf(outcome: Outcome<string>, { requestId }: RequestInfo, logLines: string[]): UdfResult {
  if (outcome.ok) return { ok: true, valueJson: outcome.value, logLines };
  const { message, dataJson } = outcome.failure;
  const errorMessage = `[Request ID: ${requestId}] Server Error\n${message}`;
  const data = dataJson === undefined ? {} : { errorDataJson: dataJson };
  return rememberCause({ ok: false, errorMessage, ...data, logLines }, outcome.failure);
}

function serverError({ requestId }: RequestInfo, failure: Failure, redacted: boolean): Response {
  const { message, dataJson } = failure;
  const code = `[Request ID: ${requestId}] Server Error`;
  const told = redacted ? { code } : { code: `${code}: ${message.split("\n")[0] ?? ""}`, trace: message };
  const data = dataJson === undefined ? {} : { data: parseJson(dataJson) };
  return rememberCause(Response.json({ ...told, ...data }, { status: 500 }), failure);
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
