/** `/api/query`, `/api/mutation`, `/api/action` and their relatives: one function call per request. */
import { z } from "zod";
import type { Engine } from "../engine/engine.ts";
import type { Snapshot } from "../engine/functions/runner.ts";
import { EngineError, type Call, type UdfKind, type UdfResult } from "../engine/types.ts";
import { parseJson } from "../engine/values/json.ts";
import { resultJson, type Caller } from "./calls.ts";
import { json, jsonText, jsonValue, LIMITS } from "./http.ts";
import type { ApiRequest, Route } from "./routes.ts";
import type { PinnedSnapshots } from "./pinned-snapshots.ts";
import { decodeTs, encodeTs } from "./timestamps.ts";

const formats = z.enum(["convex_encoded_json", "json"]);
const format = formats.default("convex_encoded_json");
const call = z.object({ path: z.string(), args: jsonValue.default({}), format, componentPath: z.string().nullish() });
const callAtTs = call.extend({ ts: z.string() });
const batch = z.object({ queries: z.array(call).max(256) });
const runBody = z.object({ args: jsonValue.default({}), format: formats.default("json") });
type CallBody = z.infer<typeof call>;

interface Parts {
  engine: Engine;
  caller: Caller;
  pinned: PinnedSnapshots;
}

/** The routes of the function API. All are public: what a caller may do is the function's own matter. */
export function functionRoutes({ engine, caller, pinned }: Parts): Route[] {
  const body = (request: ApiRequest) => request.body(call, LIMITS.callBody);

  /** Runs `incoming` as `kind`; null for callers who do not know what kind of function they name. */
  async function run(request: ApiRequest, kind: UdfKind | null, incoming: CallBody, at?: Snapshot): Promise<Response> {
    const identity = await request.identity();
    const prepared = caller.prepare(incoming, identity);
    const result = await resultOf(kind ?? caller.kindOf(prepared.path), prepared, at);
    return jsonText(resultJson(caller.present(result, identity), incoming.format));
  }

  async function resultOf(kind: UdfKind | null, prepared: Call, at?: Snapshot): Promise<UdfResult> {
    if (kind === "mutation") return (await engine.runMutation(prepared)).result;
    if (kind === "action") return engine.runAction(prepared);
    return (await caller.query(prepared, at === undefined ? {} : { at })).result;
  }

  async function runByPath(request: ApiRequest): Promise<Response> {
    const names = request.url.pathname.slice("/api/run/".length).split("/");
    const name = names.pop() ?? "";
    const incoming = await request.body(runBody, LIMITS.callBody);
    return run(request, null, { path: `${names.join("/")}:${name}`, ...incoming });
  }

  /** All of them at one commit. */
  async function runBatch(request: ApiRequest): Promise<Response> {
    const { queries } = await request.body(batch, LIMITS.callBody);
    const identity = await request.identity();
    const calls = queries.map((query) => ({ prepared: caller.prepare(query, identity), format: query.format }));
    const at = engine.snapshot();
    try {
      const results = await Promise.all(
        calls.map(async ({ prepared, format }) => {
          const { result } = await caller.query(prepared, { at });
          return resultJson(caller.present(result, identity), format);
        }),
      );
      return jsonText(`{"results":[${results.join(",")}]}`);
    } finally {
      at.close();
    }
  }

  async function runAtTs(request: ApiRequest): Promise<Response> {
    const incoming = await request.body(callAtTs, LIMITS.callBody);
    return pinned.read(decodeTs(incoming.ts), (at) => run(request, "query", incoming, at));
  }

  const access = "public";
  return [
    { at: "POST /api/query", access, handle: async (request) => run(request, "query", await body(request)) },
    { at: "GET /api/query", access, handle: (request) => run(request, "query", queryFromUrl(request.url)) },
    { at: "POST /api/mutation", access, handle: async (request) => run(request, "mutation", await body(request)) },
    { at: "POST /api/action", access, handle: async (request) => run(request, "action", await body(request)) },
    { at: "POST /api/function", access, handle: async (request) => run(request, null, await body(request)) },
    { at: "POST /api/run/*", access, handle: runByPath },
    { at: "POST /api/query_batch", access, handle: runBatch },
    { at: "POST /api/query_ts", access, handle: () => json({ ts: encodeTs(pinned.pin()) }) },
    { at: "POST /api/query_at_ts", access, handle: runAtTs },
  ];
}

function queryFromUrl({ searchParams }: URL): CallBody {
  const { args = "{}", ...rest } = Object.fromEntries(searchParams);
  try {
    return call.parse({ ...rest, args: parseJson(args) });
  } catch {
    const message = "The query string needs `path`, and `args` and `format` where given must be valid.";
    throw new EngineError("InvalidArgument", message);
  }
}
