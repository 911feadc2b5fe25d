/** What `query(...)`, `mutation(...)`, `action(...)` and `httpAction(...)` of `convex/server` return, recognised by shape. */
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

/** The default export of http.ts. */
export interface Router {
  /** The handler for a path and method, and the route it matched. */
  lookup(path: string, method: string): { action: HttpAction; method: string; route: string } | null;
  routes(): { path: string; method: string }[];
}

type HttpAction = (request: Request) => Promise<Response>;

/** The exports that `convex/server` makes, by the flag each carries. */
interface Exports {
  isQuery: Described & { invokeQuery(args: string): Promise<string> };
  isMutation: Described & { invokeMutation(args: string): Promise<string> };
  isAction: Described & { invokeAction(requestId: string, args: string): Promise<string> };
  isHttp: { invokeHttpAction(request: Request): Promise<unknown> };
  isRouter: {
    lookup(path: string, method: string): [handler: unknown, method: string, route: string] | null;
    getRoutes(): [path: string, method: string, handler: unknown][];
  };
  isCrons: object;
}

interface Described {
  isPublic?: boolean;
  exportArgs?(): string;
  exportReturns?(): string;
}

function is<F extends keyof Exports>(value: unknown, flag: F): value is Exports[F] {
  const isThing = (typeof value === "object" && value !== null) || typeof value === "function";
  return isThing && Reflect.get(value, flag) === true;
}

/** Null for an export that is not a query, mutation or action. Throws the developer's sentence for a broken validator. */
export function registeredFunction(value: unknown, environment: LoadedFunction["environment"]): LoadedFunction | null {
  const described = (kind: LoadedFunction["kind"], fn: Described, invoke: LoadedFunction["invoke"]): LoadedFunction => {
    const argsJson = fn.exportArgs?.() ?? '{"type":"any"}';
    const returnsJson = fn.exportReturns?.() ?? "null";
    const args = parseValidator(argsJson) ?? { type: "any" };
    if (args.type !== "any" && args.type !== "object") throw new TypeError("Args validator must be an object or any");
    const visibility = fn.isPublic === true ? "public" : "internal";
    return { kind, visibility, argsJson, returnsJson, args, returns: parseValidator(returnsJson), environment, invoke };
  };
  if (is(value, "isQuery")) return described("query", value, (args) => value.invokeQuery(args));
  if (is(value, "isMutation")) return described("mutation", value, (args) => value.invokeMutation(args));
  return is(value, "isAction") ? described("action", value, (args) => value.invokeAction("", args)) : null;
}

export function registeredRouter(value: unknown): Router | null {
  if (!is(value, "isRouter")) return null;
  return {
    lookup: (path, method) => {
      const [handler, matched = "", route = ""] = value.lookup(path, method) ?? [];
      return is(handler, "isHttp") ? { action: httpAction(handler), method: matched, route } : null;
    },
    routes: () => value.getRoutes().map(([path, method]) => ({ path, method })),
  };
}

function httpAction(handler: Exports["isHttp"]): HttpAction {
  return async (request) => {
    const response = await handler.invokeHttpAction(request);
    if (!(response instanceof Response)) throw new TypeError("An HTTP action must return a Response.");
    return response;
  };
}

/** What a `schema.ts`, `crons.ts` or `convex.config.ts` default export describes; null when it is none. */
export function exported(value: unknown): Json {
  const describe: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "export") : undefined;
  if (typeof describe !== "function") return null;
  const result: unknown = Reflect.apply(describe, value, []);
  return parseJson(typeof result === "string" ? result : JSON.stringify(result));
}

export function isCrons(value: unknown): boolean {
  return is(value, "isCrons");
}

/** The export of a module namespace by name. */
export function exportOf(namespace: unknown, name: string): unknown {
  return typeof namespace === "object" && namespace !== null ? Reflect.get(namespace, name) : undefined;
}
