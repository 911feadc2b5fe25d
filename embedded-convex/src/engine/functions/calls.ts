/** Finding a function and running it: for a caller from outside (`call`), or for another function (`nested`). */
import type { Call, FunctionPath, Identity, UdfKind, UdfResult } from "../types.ts";
import type { Transaction } from "../transaction/transaction.ts";
import type { JsonObject } from "../values/json.ts";
import { limitsIn, MAX_CALL_DEPTH } from "../values/limits.ts";
import { environmentOf, resolveAddress, type Code, type ComponentCode } from "./code.ts";
import { LogBuffer } from "./console.ts";
import type { Core } from "./core.ts";
import { CallError, describeFailure, failed, toSyscallError } from "./errors.ts";
import { installGuards } from "./globals.ts";
import { invoke, succeeded, type Invocation } from "./invoke.ts";
import type { LoadedFunction } from "./registered.ts";
import { RunState, type RequestInfo, type Run } from "./run.ts";
import type { SyscallTable } from "./syscalls.ts";

interface Target {
  fn: LoadedFunction;
  component: ComponentCode;
  path: FunctionPath;
  environment: LoadedFunction["environment"];
}

/** What a run is made from; the rest follows from the deployment. */
type RunSettings = Omit<Run, "syscalls" | "env" | "nowMs" | "state">;

export interface OutsideCall {
  kind: UdfKind;
  call: Call;
  code: Code;
  /** Null for actions. */
  tx: Transaction | null;
  request: RequestInfo;
  journal?: string | null;
}

export class CallTree {
  private readonly core: Core;
  private readonly syscalls: SyscallTable;

  constructor(core: Core, syscalls: SyscallTable) {
    this.core = core;
    this.syscalls = syscalls;
  }

  /** Runs a function nobody else called: finds it, checks who may, tells the log. */
  async call(outside: OutsideCall): Promise<{ result: UdfResult; endCursor: string | null }> {
    installGuards();
    const { kind, call, code, request, tx, journal = null } = outside;
    const { identity, path } = call;
    const log = new LogBuffer();
    const ended = this.startLog({ kind, path, request, log });
    let run: Run | null = null;
    let outcome: Invocation;
    try {
      const target = await find(code, path, kind, call.allowInternal);
      run = this.newRun({ ...target, kind, code, identity, request, tx, depth: 0, log, journal });
      outcome = await invoke(run, target.fn, call.args, this.core);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      outcome = { ok: false, failure: describeFailure(error, code.mapPlace) };
    }
    ended(outcome.ok ? null : outcome.failure.message);
    const { lines } = log;
    const result = outcome.ok ? succeeded(outcome.valueJson, lines) : failed(outcome.failure, request.requestId, lines);
    return { result, endCursor: run?.state.endCursor ?? null };
  }

  /** Runs a function inside its caller's transaction; a throw takes back what it wrote, and the caller may go on. */
  nested(parent: Run, udfType: string, args: JsonObject): Promise<string> {
    return parent.state.serialized(async () => {
      const { tx, code } = parent;
      if (tx === null) throw new CallError("Only queries and mutations run nested calls.");
      const kind = udfType === "mutation" ? "mutation" : "query";
      if (kind === "mutation" && parent.kind === "query") throw new CallError("Queries cannot run mutations.");
      const depth = parent.depth + 1;
      if (depth >= MAX_CALL_DEPTH)
        throw new CallError(`Calls are nested too deeply (maximum depth: ${MAX_CALL_DEPTH}).`);
      const target = await find(code, resolveAddress(args, parent.component), kind, true);
      const view = udfType === "snapshotQuery" ? tx.withoutWrites() : tx;
      const identity = identityIn(target.path, parent);
      const run = this.newRun({ ...parent, ...target, kind, identity, tx: view, depth, journal: null });
      const savepoint = tx.savepoint();
      const endNesting = tx.usage.nest(limitsIn(args["transactionLimits"]));
      const outcome = await invoke(run, target.fn, args["args"] ?? {}, this.core);
      endNesting(outcome.ok ? "kept" : "rolled back");
      if (view.observedTime) tx.observedTime = true;
      if (outcome.ok) return outcome.valueJson;
      tx.rollback(savepoint);
      throw toSyscallError(outcome.failure);
    });
  }

  newRun(settings: RunSettings): Run {
    const env = environmentOf(settings.component, settings.code, this.core.environment);
    const nowMs = settings.tx?.beginMs ?? this.core.now();
    return { ...settings, syscalls: this.syscalls, env, nowMs, state: new RunState() };
  }

  /** Starts the clock of a call; what it returns tells the log how the call ended. */
  startLog({
    kind,
    path,
    request,
    log,
  }: Pick<Run, "kind" | "path" | "request" | "log">): (error: string | null) => void {
    const started = performance.now();
    return (error) => {
      const executionMs = performance.now() - started;
      const { requestId } = request;
      this.core.log({ atMs: this.core.now(), requestId, kind, path, logLines: log.lines, error, executionMs });
    };
  }
}

/** Who calls is the app's knowledge; a component is told by arguments. */
export function identityIn(target: FunctionPath, parent: Run): Identity {
  return target.component === parent.path.component ? parent.identity : { kind: "none" };
}

async function find(code: Code, path: FunctionPath, kind: UdfKind, allowInternal: boolean): Promise<Target> {
  const component = code.components.get(path.component);
  const fn = component === undefined ? null : await load(code, component, path.udf);
  if (component === undefined || fn === null || (fn.visibility === "internal" && !allowInternal)) {
    const where = path.component === "" ? "" : ` in component '${path.component}'`;
    throw new CallError(
      `Could not find ${allowInternal ? "" : "public "}function for '${path.udf}'${where}. Did you forget to run \`npx convex dev\` or \`npx convex deploy\`?`,
    );
  }
  if (fn.kind !== kind) {
    const name = path.udf.replace(":", ".js:");
    throw new CallError(`Trying to execute ${name} as ${capital(kind)}, but it is defined as ${capital(fn.kind)}.`);
  }
  return { fn, component, path, environment: fn.environment };
}

/** A module that throws while loading fails the call, not the engine. */
async function load(code: Code, component: ComponentCode, udf: string): Promise<LoadedFunction | null> {
  try {
    return await component.find(udf);
  } catch (error) {
    throw new CallError(describeFailure(error, code.mapPlace).message);
  }
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
