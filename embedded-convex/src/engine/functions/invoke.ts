/** Runs one function in its context: validates what goes in and out, bounds its time, and waits for what it started. */
import { messageOf, type Json } from "../types.ts";
import { isObject, parseJson } from "../values/json.ts";
import { MAX_VALUE_BYTES, measure } from "../values/limits.ts";
import { mismatch } from "../values/validator.ts";
import { attempt, CallError, type Outcome } from "./errors.ts";
import { installGuards } from "./globals.ts";
import type { LoadedFunction } from "./registered.ts";
import { running, type Run } from "./run.ts";

/** Captured before tests can fake them: a frozen clock must not stop the watchdog's cleaning up. */
const { setTimeout, clearTimeout } = globalThis;

/**
 * How long a function may take, in milliseconds of wall time. Convex allows a transaction 1 s of computing; here
 * other work shares the thread, so only what has truly hung is ended.
 */
const MAX_MS = { query: 15_000, mutation: 15_000, action: 30 * 60_000, httpAction: 30 * 60_000 } as const;

/** Never rejects for what `body`, the function, does; rejects when the engine itself failed under it. */
export async function invoke<T>(run: Run, body: () => Promise<T>): Promise<Outcome<T>> {
  installGuards();
  const { state, code } = run;
  const outcome = await attempt(code, () => limited(run, () => running.run(run, body)));
  while (state.waitingFor !== null) await state.waitingFor;
  state.closed = run.tx !== null;
  if (state.fault !== null) throw state.fault;
  return outcome;
}

/** A query, mutation or action with its arguments object, both checked; gives the JSON text of its result. */
export function invokeFunction(run: Run, fn: LoadedFunction, args: Json): Promise<Outcome<string>> {
  const tables = (run.tx?.catalog ?? run.engine.storage.catalog).namesIn(run.path.component);
  return invoke(run, async () => {
    if (!isObject(args))
      throw new CallError("ArgumentValidationError: the arguments of a function must be one object.");
    checkSize("Function arguments are", sizeOf(args));
    const misfit = mismatch(fn.args, args, tables);
    if (misfit !== null) throw new CallError(`ArgumentValidationError: ${misfit}`);
    const valueJson = await fn.invoke(JSON.stringify([args]));
    checkSize("Function return value is", valueJson.length);
    if (fn.returns === null || fn.returns.type === "any") return valueJson;
    const error = mismatch(fn.returns, parseJson(valueJson), tables);
    if (error !== null) throw new CallError(`ReturnsValidationError: ${error}`);
    return valueJson;
  });
}

async function limited<T>(run: Run, body: () => Promise<T>): Promise<T> {
  const limitMs = MAX_MS[run.kind];
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    run.state.closed = true;
    timeout.reject(new CallError(`Function execution timed out (maximum duration: ${limitMs / 1000}s)`));
  }, limitMs);
  try {
    return await Promise.race([body(), timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function sizeOf(args: Json): number {
  try {
    return measure(args, "Arguments");
  } catch (error) {
    throw new CallError(`ArgumentValidationError: ${messageOf(error)}`);
  }
}

function checkSize(what: string, bytes: number): void {
  if (bytes > MAX_VALUE_BYTES)
    throw new CallError(`${what} too large (${bytes} bytes > maximum ${MAX_VALUE_BYTES} bytes).`);
}
