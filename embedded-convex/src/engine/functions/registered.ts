/** What `query(...)`, `mutation(...)`, `action(...)` and `httpAction(...)` of `convex/server` return, recognised by shape. */
import { z } from "zod";
import type { Json, UdfKind } from "../types.ts";
import { parseJson } from "../values/json.ts";
import { parseValidator, type Validator } from "../values/validator.ts";

export interface LoadedFunction {
  kind: Exclude<UdfKind, "httpAction">;
  visibility: "public" | "internal";
  /** Validator JSON text, as `exportArgs()` and `exportReturns()` give it. */
  argsJson: string;
  returnsJson: string;
  args: Validator;
  returns: Validator | null;
  environment: "isolate" | "node";
  /** Runs it with the JSON text of `[args]`; gives the JSON text of the result. */
  invoke(args: string): Promise<string>;
}

/** Path, method and handler of each route. */
const routes = z.array(z.tuple([z.string(), z.string()]).rest(z.unknown()));

const FLAGS = [
  ["isQuery", "query", "invokeQuery"],
  ["isMutation", "mutation", "invokeMutation"],
  ["isAction", "action", "invokeAction"],
] as const;

/** Null for an export that is not a query, mutation or action. Throws the developer's sentence for a broken validator. */
export function registeredFunction(value: unknown, environment: LoadedFunction["environment"]): LoadedFunction | null {
  if (typeof value !== "function") return null;
  const flag = FLAGS.find(([name]) => Reflect.get(value, name) === true);
  if (flag === undefined) return null;
  const [, kind, method] = flag;
  const argsJson = callText(value, "exportArgs", '{"type":"any"}');
  const returnsJson = callText(value, "exportReturns", "null");
  const args = parseValidator(argsJson) ?? { type: "any" };
  if (args.type !== "any" && args.type !== "object") throw new TypeError("Args validator must be an object or any");
  return {
    kind,
    visibility: Reflect.get(value, "isPublic") === true ? "public" : "internal",
    argsJson,
    returnsJson,
    args,
    returns: parseValidator(returnsJson),
    environment,
    invoke: async (text) => {
      const result: unknown = await callMethod(value, method, kind === "action" ? ["", text] : [text]);
      if (typeof result !== "string") throw new TypeError(`${method} did not return JSON`);
      return result;
    },
  };
}

type HttpAction = (request: Request) => Promise<Response>;

function httpAction(value: unknown): HttpAction | null {
  if (typeof value !== "function" || Reflect.get(value, "isHttp") !== true) return null;
  return async (request) => {
    const response: unknown = await callMethod(value, "invokeHttpAction", [request]);
    if (!(response instanceof Response)) throw new TypeError("An HTTP action must return a Response.");
    return response;
  };
}

/** The default export of http.ts. */
export interface Router {
  /** The handler for a path and method, and the route it matched. */
  lookup(path: string, method: string): { action: HttpAction; method: string; route: string } | null;
  routes(): { path: string; method: string }[];
}

export function registeredRouter(value: unknown): Router | null {
  if (typeof value !== "object" || value === null || Reflect.get(value, "isRouter") !== true) return null;
  return {
    lookup: (path, method) => {
      const match = callMethod(value, "lookup", [path, method]);
      if (!Array.isArray(match)) return null;
      const action = httpAction(match[0]);
      return action === null ? null : { action, method: String(match[1]), route: String(match[2]) };
    },
    routes: () => routes.parse(callMethod(value, "getRoutes", [])).map(([path, method]) => ({ path, method })),
  };
}

/** What a `schema.ts`, `crons.ts` or `convex.config.ts` default export describes; null when it is none. */
export function exported(value: unknown): Json {
  if (typeof value !== "object" || value === null || typeof Reflect.get(value, "export") !== "function") return null;
  const result = callMethod(value, "export", []);
  return parseJson(typeof result === "string" ? result : JSON.stringify(result));
}

export function isCrons(value: unknown): boolean {
  return typeof value === "object" && value !== null && Reflect.get(value, "isCrons") === true;
}

/** The export of a module namespace by name. */
export function exportOf(namespace: unknown, name: string): unknown {
  return typeof namespace === "object" && namespace !== null ? Reflect.get(namespace, name) : undefined;
}

function callText(target: object, method: string, fallback: string): string {
  const result = typeof Reflect.get(target, method) === "function" ? callMethod(target, method, []) : fallback;
  return typeof result === "string" ? result : fallback;
}

function callMethod(target: object, method: string, args: unknown[]): unknown {
  const value: unknown = Reflect.get(target, method);
  if (typeof value !== "function") throw new TypeError(`${method} is missing`);
  return Reflect.apply(value, target, args);
}
