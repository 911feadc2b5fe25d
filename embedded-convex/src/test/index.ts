/**
 * `convexTest` with the API of the package `convex-test`, over the real engine: SQLite, transactions, indexes,
 * validators and the scheduler are the ones that run in production; only the file is a private one that goes away
 * with the process. Limits of Convex are always enforced. Not there: file storage and search.
 */
import type { TestConvex } from "convex-test";
import { getFunctionAddress, type GenericSchema, type SchemaDefinition } from "convex/server";
import { limitsIn, TRANSACTION_BUDGET, type Budget } from "../engine/values/limits.ts";
import { accessor, type Caller } from "./accessor.ts";
import { TestDeployment, type Modules } from "./deployment.ts";

export interface ConvexTestOptions<Schema extends GenericSchema> {
  schema?: SchemaDefinition<Schema, boolean>;
  /** `import.meta.glob("./**\/*.*s")` of the functions folder, `_generated` included. */
  modules?: Modules;
  /** Numbers replace single limits of a transaction; the others, and all without, are Convex's. */
  transactionLimits?: Partial<Budget> | boolean;
}

const NOBODY: Caller = { identity: { kind: "none" }, ip: null, userAgent: null };

/** A fresh, empty deployment of the given functions. Call at the start of each test. */
export function convexTest<Schema extends GenericSchema>(
  schema?: SchemaDefinition<Schema, boolean>,
  modules?: Modules,
): TestConvex<SchemaDefinition<Schema, boolean>>;
export function convexTest<Schema extends GenericSchema>(
  options: ConvexTestOptions<Schema>,
): TestConvex<SchemaDefinition<Schema, boolean>>;
export function convexTest(first?: object, modules?: Modules): unknown {
  const options = first === undefined || "tables" in first ? { schema: first, modules } : first;
  const limits: unknown = Reflect.get(options, "transactionLimits");
  const deployment = new TestDeployment({ ...TRANSACTION_BUDGET, ...limitsIn(limits) });
  deployment.register("", Reflect.get(options, "schema"), globOf(Reflect.get(options, "modules")));
  return {
    ...accessor(deployment, NOBODY, addressOf),
    registerComponent: (path: string, schema: unknown, glob: Modules) => deployment.register(path, schema, glob),
  };
}

function addressOf(reference: unknown): object {
  const address: unknown = getFunctionAddress(reference);
  if (typeof address !== "object" || address === null) throw new TypeError("not a function reference");
  return address;
}

function globOf(value: unknown): Modules {
  const modules: Modules = {};
  if (typeof value !== "object" || value === null) return modules;
  for (const [path, load] of Object.entries(value)) {
    if (isLoader(load)) modules[path] = load;
  }
  return modules;
}

function isLoader(value: unknown): value is () => Promise<unknown> {
  return typeof value === "function";
}
