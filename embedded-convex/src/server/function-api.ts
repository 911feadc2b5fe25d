/** `/api/query`, `/api/mutation`, `/api/action` and their relatives: one function call per request. */
import { z } from "zod";
import type { Engine } from "../engine/engine.ts";
import type { Snapshot } from "../engine/functions/runner.ts";
import type { Call, UdfKind, UdfResult } from "../engine/types.ts";
import { NOT_HERE } from "../engine/unsupported.ts";
import { resultJson, type Caller } from "./calls.ts";
import { json, jsonText, jsonValue, LIMITS } from "./http.ts";
import type { ApiRequest, Route } from "./routes.ts";
import type { PinnedSnapshots } from "./pinned-snapshots.ts";
import { decodeTs, encodeTs } from "./timestamps.ts";

const format = z.literal("convex_encoded_json", { error: NOT_HERE.plainJson }).optional();
const call = z.object({ path: z.string(), args: jsonValue.default({}), format, componentPath: z.string().nullish() });
const callAtTs = call.extend({ ts: z.string() });
type CallBody = z.infer<typeof call>;

/** The routes of the function API. All are public: what a caller may do is the function's own matter. */
export function functionRoutes(engine: Engine, caller: Caller, pinned: PinnedSnapshots): Route[] {
  const body = (request: ApiRequest) => request.body(call, LIMITS.callBody);

  /** Runs `incoming` as `kind`; null for callers who do not know what kind of function they name. */
  async function run(request: ApiRequest, kind: UdfKind | null, incoming: CallBody, at?: Snapshot): Promise<Response> {
    const identity = await request.identity();
    const prepared = caller.prepare(incoming, identity);
    const result = await resultOf(kind ?? caller.kindOf(prepared.path), prepared, at);
    return jsonText(resultJson(caller.present(result, identity)));
  }

  async function resultOf(kind: UdfKind | null, prepared: Call, at?: Snapshot): Promise<UdfResult> {
    if (kind === "mutation") return (await engine.runMutation(prepared)).result;
    if (kind === "action") return engine.runAction(prepared);
    return (await caller.query(prepared, at === undefined ? {} : { at })).result;
  }

  async function runAtTs(request: ApiRequest): Promise<Response> {
    const incoming = await request.body(callAtTs, LIMITS.callBody);
    return pinned.read(decodeTs(incoming.ts), (at) => run(request, "query", incoming, at));
  }

  const access = "public";
  return [
    { at: "POST /api/query", access, handle: async (request) => run(request, "query", await body(request)) },
    { at: "POST /api/mutation", access, handle: async (request) => run(request, "mutation", await body(request)) },
    { at: "POST /api/action", access, handle: async (request) => run(request, "action", await body(request)) },
    { at: "POST /api/function", access, handle: async (request) => run(request, null, await body(request)) },
    { at: "POST /api/query_ts", access, handle: () => json({ ts: encodeTs(pinned.pin()) }) },
    { at: "POST /api/query_at_ts", access, handle: runAtTs },
  ];
}
