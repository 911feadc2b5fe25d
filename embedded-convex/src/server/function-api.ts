/** `/api/query`, `/api/mutation`, `/api/action`, `/api/function`: one function call per request. */
import { z } from "zod";
import type { Engine } from "../engine/engine.ts";
import type { Call, UdfKind, UdfResult } from "../engine/types.ts";
import { NOT_HERE } from "../engine/unsupported.ts";
import { resultJson, type Caller } from "./calls.ts";
import { jsonText, jsonValue, LIMITS } from "./http.ts";
import type { ApiRequest, Route } from "./routes.ts";

const format = z.literal("convex_encoded_json", { error: NOT_HERE.plainJson }).optional();
const call = z.object({ path: z.string(), args: jsonValue.default({}), format, componentPath: z.string().nullish() });

/** The routes of the function API. All are public: what a caller may do is the function's own matter. */
export function functionRoutes(engine: Engine, caller: Caller): Route[] {
  /** Runs what the body names as `kind`; null for callers who do not know what kind of function it is. */
  async function run(request: ApiRequest, kind: UdfKind | null): Promise<Response> {
    const { path: udfPath, ...incoming } = await request.body(call, LIMITS.callBody);
    const identity = await request.identity();
    const prepared = caller.prepare({ ...incoming, udfPath }, identity);
    const result = await resultOf(prepared, kind ?? caller.kindOf(prepared.path));
    return jsonText(resultJson(caller.present(result, identity)));
  }

  async function resultOf(prepared: Call, kind: UdfKind | null): Promise<UdfResult> {
    if (kind === "mutation") return (await engine.runner.runMutation(prepared)).result;
    if (kind === "action") return engine.runner.runAction(prepared);
    return (await caller.query(prepared)).result;
  }

  const access = "public";
  return [
    { at: "POST /api/query", access, handle: (request) => run(request, "query") },
    { at: "POST /api/mutation", access, handle: (request) => run(request, "mutation") },
    { at: "POST /api/action", access, handle: (request) => run(request, "action") },
    { at: "POST /api/function", access, handle: (request) => run(request, null) },
  ];
}
