/** Runs one function in its context: validates what goes in and out, bounds its time, and waits for what it started. */
import { randomBytes } from "node:crypto";
import { messageOf, type Json, type UdfResult } from "../types.ts";
import { isObject, parseJson } from "../values/json.ts";
import { MAX_VALUE_BYTES, measure } from "../values/limits.ts";
import { mismatch, type TableNames } from "../values/validator.ts";
import type { Core } from "./core.ts";
import { CallError, describeFailure, type Failure } from "./errors.ts";
import type { LoadedFunction } from "./registered.ts";
import { running, type RequestInfo, type Run } from "./run.ts";

/** Captured before tests can fake them: a frozen clock must not stop the watchdog's cleaning up. */
const { setTimeout, clearTimeout } = globalThis;

/**
 * How long a function may take, in milliseconds of wall time. Convex allows a transaction 1 s of computing; here
 * other work shares the thread, so only what has truly hung is ended.
 */
const MAX_MS = { query: 15_000, mutation: 15_000, action: 30 * 60_000, httpAction: 30 * 60_000 } as const;

export function newRequest(overrides: Partial<RequestInfo> = {}): RequestInfo {
  const requestId = randomBytes(8).toString("hex");
  return { requestId, ip: null, userAgent: null, scheduledFunctionId: null, ...overrides };
}

export type Invocation = { ok: true; valueJson: string } | { ok: false; failure: Failure };

/** Never rejects for what the function does; rejects when the engine itself failed under it. */
export async function invoke(run: Run, fn: LoadedFunction, args: Json, { storage }: Core): Promise<Invocation> {
  const tables = (run.tx?.catalog ?? storage.catalog).namesIn(run.path.component);
  let outcome: Invocation;
  try {
    checkArguments(fn, args, tables);
    const valueJson = await limited(run, () => running.run(run, () => fn.invoke(JSON.stringify([args]))));
    checkResult(fn, valueJson, tables);
    outcome = { ok: true, valueJson };
  } catch (thrown) {
    outcome = { ok: false, failure: describeFailure(thrown, run.code.mapPlace) };
  }
  while (run.state.waitingFor !== null) await run.state.waitingFor;
  run.state.closed = run.tx !== null;
  if (run.state.fault !== null) throw run.state.fault;
  return outcome;
}

export function succeeded(valueJson: string, logLines: string[]): Extract<UdfResult, { ok: true }> {
  return { ok: true, valueJson, logLines };
}

export async function limited<T>(run: Run, body: () => Promise<T>): Promise<T> {
  const limitMs = MAX_MS[run.kind];
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      run.state.closed = true;
      reject(new CallError(`Function execution timed out (maximum duration: ${limitMs / 1000}s)`));
    }, limitMs);
  });
  try {
    return await Promise.race([body(), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

function checkArguments(fn: LoadedFunction, args: Json, tables: TableNames): void {
  if (!isObject(args)) throw new CallError("ArgumentValidationError: the arguments of a function must be one object.");
  let bytes: number;
  try {
    bytes = measure(args, "Arguments");
  } catch (error) {
    throw new CallError(`ArgumentValidationError: ${messageOf(error)}`);
  }
  checkSize("Function arguments are", bytes);
  const error = mismatch(fn.args, args, tables);
  if (error !== null) throw new CallError(`ArgumentValidationError: ${error}`);
}

function checkResult(fn: LoadedFunction, valueJson: string, tables: TableNames): void {
  checkSize("Function return value is", valueJson.length);
  if (fn.returns === null || fn.returns.type === "any") return;
  const error = mismatch(fn.returns, parseJson(valueJson), tables);
  if (error !== null) throw new CallError(`ReturnsValidationError: ${error}`);
}

function checkSize(what: string, bytes: number): void {
  if (bytes > MAX_VALUE_BYTES)
    throw new CallError(`${what} too large (${bytes} bytes > maximum ${MAX_VALUE_BYTES} bytes).`);
}
