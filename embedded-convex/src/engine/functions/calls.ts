/** Finding a function and running it: for a caller from outside (`call`), or for another function (`nested`). */
import type { Call, FunctionPath, Identity, Json, UdfKind, UdfResult } from "../types.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { METRICS } from "../transaction/usage.ts";
import { isObject, type JsonObject } from "../values/json.ts";
import { MAX_CALL_DEPTH, type Budget } from "../values/limits.ts";
import { environmentOf, resolveAddress, type Code, type ComponentCode } from "./code.ts";
import { LogBuffer } from "./console.ts";
import type { Core } from "./core.ts";
import { CallError, describeFailure, failed, toSyscallError } from "./errors.ts";
import { installGuards } from "./globals.ts";
import { invoke, succeeded, type Invocation } from "./invoke.ts";
import type { LoadedFunction } from "./registered.ts";
import { RunState, type RequestInfo, type Run, type Syscalls } from "./run.ts";

interface Target {
  fn: LoadedFunction;
  component: ComponentCode;
  path: FunctionPath;
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

const NO_IDENTITY: Identity = { kind: "none" };

export class CallTree {
  private readonly core: Core;
  private readonly syscalls: Syscalls;

  constructor(core: Core, syscalls: Syscalls) {
    this.core = core;
    this.syscalls = syscalls;
  }

  /** Runs a function nobody else called: finds it, checks who may, tells the log. */
  async call(outside: OutsideCall): Promise<{ result: UdfResult; endCursor: string | null }> {
    installGuards();
    const { kind, call, code, request } = outside;
    const started = performance.now();
    const log = new LogBuffer();
    let run: Run | null = null;
    let outcome: Invocation;
    try {
      const target = await this.find(code, call.path, kind, call.allowInternal);
      run = this.newRun({
        ...target,
        kind,
        code,
        identity: call.identity,
        request,
        environment: target.fn.environment,
        tx: outside.tx,
        depth: 0,
        log,
        journal: outside.journal ?? null,
      });
      outcome = await this.invoke(run, target, call.args);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      outcome = { ok: false, failure: describeFailure(error, code.mapPlace) };
    }
    this.core.log({
      atMs: this.core.now(),
      requestId: request.requestId,
      kind,
      path: call.path,
      logLines: log.lines,
      error: outcome.ok ? null : outcome.failure.message,
      executionMs: performance.now() - started,
    });
    const result = outcome.ok
      ? succeeded(outcome.valueJson, log.lines)
      : failed(outcome.failure, request.requestId, log.lines);
    return { result, endCursor: run?.state.endCursor ?? null };
  }

  /** Runs a function inside its caller's transaction; a throw takes back what it wrote, and the caller may go on. */
  nested(parent: Run, udfType: string, args: JsonObject): Promise<string> {
    return parent.state.serialized(async () => {
      const { tx } = parent;
      if (tx === null) throw new CallError("Only queries and mutations run nested calls.");
      const kind = udfType === "mutation" ? "mutation" : "query";
      if (kind === "mutation" && parent.kind === "query") throw new CallError("Queries cannot run mutations.");
      if (parent.depth + 1 >= MAX_CALL_DEPTH)
        throw new CallError(`Calls are nested too deeply (maximum depth: ${MAX_CALL_DEPTH}).`);
      const target = await this.find(parent.code, resolveAddress(args, parent.component), kind, true);
      const view = udfType === "snapshotQuery" ? tx.withoutWrites() : tx;
      const run = this.newRun({
        ...parent,
        ...target,
        kind,
        identity: identityIn(target.path, parent),
        environment: target.fn.environment,
        tx: view,
        depth: parent.depth + 1,
        journal: null,
      });
      const savepoint = tx.savepoint();
      const endNesting = tx.usage.nest(limitsOf(args["transactionLimits"]));
      const outcome = await this.invoke(run, target, args["args"] ?? {});
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

  private invoke(run: Run, target: Target, args: Json): Promise<Invocation> {
    const catalog = run.tx?.catalog ?? this.core.storage.catalog;
    const tables = (number: number) => catalog.tableByNumber(target.path.component, number)?.name ?? null;
    return invoke(run, target.fn, args, tables);
  }

  private async find(code: Code, path: FunctionPath, kind: UdfKind, allowInternal: boolean): Promise<Target> {
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
    return { fn, component, path };
  }
}

/** Who calls is the app's knowledge; a component is told by arguments. */
export function identityIn(target: FunctionPath, parent: Run): Identity {
  return target.component === parent.path.component ? parent.identity : NO_IDENTITY;
}

/** A module that throws while loading fails the call, not the engine. */
async function load(code: Code, component: ComponentCode, udf: string): Promise<LoadedFunction | null> {
  try {
    return await component.find(udf);
  } catch (error) {
    throw new CallError(describeFailure(error, code.mapPlace).message);
  }
}

function limitsOf(json: Json | undefined): Partial<Budget> {
  const limits: Partial<Budget> = {};
  for (const metric of METRICS) {
    const value = isObject(json) ? json[metric] : undefined;
    if (typeof value === "number") limits[metric] = value;
  }
  return limits;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
