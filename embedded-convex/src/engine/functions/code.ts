/** The live code: components, their functions and schemas, and how one finds another's. Replaced whole by a push. */
import { EngineError, type FunctionInfo, type FunctionPath, type Json } from "../types.ts";
import type { EnvBinding } from "../push/analysis.ts";
import type { JsonObject } from "../values/json.ts";
import { CallError, type PlaceMapper } from "./errors.ts";
import type { LoadedFunction, Router } from "./registered.ts";
import type { Schema } from "./schema.ts";

export interface ComponentCode {
  /** Names from the app down, joined with "/"; "" is the app. */
  path: string;
  definitionPath: string;
  schema: Schema;
  children: ReadonlyMap<string, string>;
  /** Variables its parent gives it; null for the app, which has the deployment's. */
  env: ReadonlyMap<string, EnvBinding> | null;
  /** By canonical "module:export". */
  functions: ReadonlyMap<string, FunctionInfo>;
  /** Loads the module when needed. Null when there is no such function. */
  find(udf: string): Promise<LoadedFunction | null>;
  router(): Promise<Router | null>;
}

export interface Code {
  components: ReadonlyMap<string, ComponentCode>;
  auth: Json[];
  mapPlace: PlaceMapper;
}

/** Loads a function's module when needed. Null when there is no such function; rejects with what its top level throws. */
export async function loadFunction(code: Code, path: FunctionPath): Promise<LoadedFunction | null> {
  return (await code.components.get(path.component)?.find(path.udf)) ?? null;
}

const HANDLE = "function://";
const CHILD_REFERENCE = "_reference/childComponent/";

/** "messages" -> "messages:default", "messages.js:send" -> "messages:send". Throws EngineError for what is no name. */
export function canonicalUdf(path: string): string {
  const colon = path.lastIndexOf(":");
  const module = (colon === -1 ? path : path.slice(0, colon)).replace(/\.js$/, "");
  const name = colon === -1 ? "default" : path.slice(colon + 1);
  if (module === "" || name === "")
    throw new EngineError("InvalidFunctionName", `\`${path}\` does not name a function.`);
  return `${module}:${name}`;
}

/** A handle other components can keep: it names the function, so it survives pushes. */
export function functionHandle(path: FunctionPath): string {
  return `${HANDLE}${path.component};${path.udf}`;
}

/** Resolves the address of a syscall (`name`, `reference` or `functionHandle`) as `from` means it. */
export function resolveAddress(args: JsonObject, from: ComponentCode): FunctionPath {
  if (typeof args["name"] === "string") return { component: from.path, udf: canonicalUdf(args["name"]) };
  if (typeof args["functionHandle"] === "string") return parseHandle(args["functionHandle"]);
  const reference = args["reference"];
  if (typeof reference === "string" && reference.startsWith(CHILD_REFERENCE)) {
    const [child = "", ...rest] = reference.slice(CHILD_REFERENCE.length).split("/");
    const component = from.children.get(child);
    if (component === undefined)
      throw new CallError(`Component "${child}" is not installed in ${from.path === "" ? "the app" : from.path}.`);
    return { component, udf: canonicalUdf(`${rest.slice(0, -1).join("/")}:${rest.at(-1) ?? ""}`) };
  }
  throw new CallError(`${JSON.stringify(reference ?? null)} is not a reference to a function.`);
}

function parseHandle(handle: string): FunctionPath {
  const [component, udf] = handle.startsWith(HANDLE) ? handle.slice(HANDLE.length).split(";") : [];
  if (component === undefined || udf === undefined) throw new CallError(`"${handle}" is not a function handle.`);
  return { component, udf: canonicalUdf(udf) };
}

/** A component's variables: the deployment's for the app, the bound ones for a child. */
export function environmentOf(
  component: ComponentCode,
  code: Code,
  deployment: ReadonlyMap<string, string>,
): Record<string, string> {
  if (component.env === null) return Object.fromEntries(deployment);
  const parent = code.components.get(component.path.split("/").slice(0, -1).join("/"));
  const inherited = parent === undefined ? {} : environmentOf(parent, code, deployment);
  const env: Record<string, string> = {};
  for (const [name, binding] of component.env) {
    const value = binding.type === "value" ? binding.value : inherited[binding.name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

/** Of a deployment nothing was pushed to. */
export const EMPTY_CODE: Code = { components: new Map(), auth: [], mapPlace: () => null };
