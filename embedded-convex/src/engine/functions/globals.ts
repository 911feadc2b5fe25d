/**
 * Globals as functions see them. Functions share the process with the engine, so the names below become accessors
 * that ask which function is running: outside of one they give the real thing, inside of one what Convex gives
 * there. A function (a workflow library, say) that assigns to one changes it for its own run only.
 */
import { registerHooks } from "node:module";
import { environmentOf } from "./code.ts";
import { consoleFor } from "./console.ts";
import { currentRun, running, type Run } from "./run.ts";
import type { Syscalls } from "./syscalls.ts";

type Producer = (run: Run, real: unknown) => unknown;

const ADVICE =
  "in queries and mutations. Please consider using an action. See https://docs.convex.dev/functions/actions for more details.";

const GUARDS: Record<string, Producer> = {
  fetch: inTransactions(() => refused("fetch()")),
  setTimeout: inTransactions(() => refused("setTimeout")),
  setInterval: inTransactions(() => refused("setInterval")),
  setImmediate: inTransactions(() => refused("setImmediate")),
  WebSocket: inTransactions(() => refused("WebSocket")),
  Date: inTransactions((run, real) => (isConstructor(real) ? frozenDate(real, run) : real)),
  Math: inTransactions((run) =>
    Object.create(Math, { random: { value: observed(run, seededRandom()), writable: true, configurable: true } }),
  ),
  crypto: inTransactions((_, real) => (isObject(real) ? withoutRandomness(real) : real)),
  console: (run) => consoleFor(run.log, () => performanceNow()),
  process: (run, real) => {
    const env = environmentOf(run.component, run.code, run.engine.environment);
    return run.environment === "node" ? withEnv(real, env) : { env };
  },
};

const installed = new WeakSet<object>();
const performanceNow = performance.now.bind(performance);

/** Puts the accessors in place; again where a test framework has since put its own fakes, which then become "real". */
export function installGuards(): void {
  for (const [name, guard] of Object.entries(GUARDS)) installGuard(name, guard);
  installSyscalls();
  if (!importsGuarded) guardImports();
}

let importsGuarded = false;

/** `import()` is no global; the loader is asked instead, in the context of the function that imports. */
function guardImports(): void {
  importsGuarded = true;
  registerHooks({
    resolve: (specifier, context, next) => {
      const run = currentRun();
      if (run !== null && run.tx !== null) refused("import()")();
      return next(specifier, context);
    },
  });
}

function installGuard(name: string, guard: Producer): void {
  const found = Object.getOwnPropertyDescriptor(globalThis, name);
  const reader: unknown = found === undefined ? undefined : Reflect.get(found, "get");
  if (found?.configurable === false || (typeof reader === "function" && installed.has(reader))) return;
  // A lazy accessor of Node's (fetch, crypto) is asked when it is needed, not now.
  let real = (): unknown => (typeof reader === "function" ? Reflect.apply(reader, globalThis, []) : found?.value);
  const get = (): unknown => {
    const store = running.getStore();
    if (store === undefined) return real();
    if (store.kind === "import") return name === "process" ? withEnv(real(), store.env) : real();
    const { globals } = store.state;
    if (!globals.has(name)) running.exit(() => globals.set(name, guard(store, real())));
    return globals.get(name);
  };
  const set = (value: unknown): void => {
    const run = currentRun();
    if (run === null) real = () => value;
    else run.state.globals.set(name, value);
  };
  Object.defineProperty(globalThis, name, { get, set, configurable: true, enumerable: found?.enumerable ?? false });
  installed.add(get);
}

/** `globalThis.Convex`. Calls from outside our functions go on to whoever was there before (convex-test, in tests). */
function installSyscalls(): void {
  const before: unknown = Reflect.get(globalThis, "Convex");
  if (isObject(before) && installed.has(before)) return;
  const gate = (method: keyof Syscalls) => (op: string, args: string) => {
    const run = currentRun();
    if (run !== null) return run.engine.syscalls[method](run, op, args);
    const target: unknown = isObject(before) ? Reflect.get(before, method) : undefined;
    if (typeof target !== "function")
      throw new Error("The Convex database and auth objects are being used outside of a Convex function.");
    const passed: unknown = Reflect.apply(target, before, [op, args]);
    return passed;
  };
  const own = { syscall: gate("syscall"), asyncSyscall: gate("asyncSyscall"), jsSyscall: gate("jsSyscall") };
  installed.add(own);
  Reflect.set(globalThis, "Convex", own);
}

function inTransactions(producer: Producer): Producer {
  return (run, real) => (run.tx === null ? real : producer(run, real));
}

function refused(name: string): () => never {
  return () => {
    throw new Error(`Can't use ${name} ${ADVICE}`);
  };
}

function frozenDate(real: new (...args: unknown[]) => unknown, run: Run): object {
  const now = observed(run, () => run.tx?.beginMs ?? run.engine.now());
  return new Proxy(real, {
    construct: (target, args: unknown[], newTarget) =>
      asObject(Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget)),
    apply: (target) => String(Reflect.construct(target, [now()])),
    get: (target, key): unknown => (key === "now" ? now : Reflect.get(target, key)),
  });
}

/** A query that looked at the clock or drew a number has a result that grows old by itself. */
function observed<T>(run: Run, source: () => T): () => T {
  return () => {
    if (run.tx !== null) run.tx.observedTime = true;
    return source();
  };
}

/** sfc32 from a fresh 128-bit seed: good to draw lots with, worthless for secrets, as in Convex. */
function seededRandom(): () => number {
  let [a = 0, b = 0, c = 0, d = 0] = crypto.getRandomValues(new Uint32Array(4));
  return () => {
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
}

/** Transactions may be run again, and query results are kept: neither is a place to make keys or tokens. */
function withoutRandomness(real: object): object {
  const without = (target: object, names: readonly string[], prefix: string): object =>
    new Proxy(target, {
      get: (object, key): unknown => {
        if (typeof key === "string" && names.includes(key)) return refused(`${prefix}.${key}()`);
        const value: unknown = Reflect.get(object, key, object);
        if (key === "subtle" && isObject(value)) return without(value, ["generateKey"], "crypto.subtle");
        if (typeof value !== "function") return value;
        return (...args: unknown[]): unknown => Reflect.apply(value, object, args);
      },
    });
  return without(real, ["getRandomValues", "randomUUID"], "crypto");
}

function withEnv(real: unknown, variables: Readonly<Record<string, string>>): object {
  const env = { ...variables };
  if (!isObject(real)) return { env };
  return new Proxy(real, { get: (target, key): unknown => (key === "env" ? env : Reflect.get(target, key, target)) });
}

function asObject(value: unknown): object {
  if (!isObject(value)) throw new TypeError("not an object");
  return value;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isConstructor(value: unknown): value is new (...args: unknown[]) => unknown {
  return typeof value === "function";
}
