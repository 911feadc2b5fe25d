/** `/api/query`, `/api/mutation`, `/api/action` and their relatives: one function call per request. */
import { z } from "zod";
import { EngineError, type Call, type Engine, type Snapshot, type UdfKind, type UdfResult } from "../engine/types.ts";
import { resultJson, type Caller } from "./calls.ts";
import { json, jsonText, jsonValue, LIMITS, type Reply } from "./http.ts";
import type { ApiRequest, Route } from "./routes.ts";
import type { PinnedSnapshots } from "./pinned-snapshots.ts";
import { decodeTs, encodeTs } from "./timestamps.ts";

const format = z.enum(["convex_encoded_json", "json"]).default("convex_encoded_json");
const call = z.object({ path: z.string(), args: jsonValue.default({}), format, componentPath: z.string().nullish() });
const callAtTs = call.extend({ ts: z.string() });
const batch = z.object({ queries: z.array(call).max(256) });
const runBody = z.object({
  args: jsonValue.default({}),
  format: z.enum(["convex_encoded_json", "json"]).default("json"),
});
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
  async function run(request: ApiRequest, kind: UdfKind | null, incoming: CallBody, at?: Snapshot): Promise<Reply> {
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

  return [
    { method: "POST", path: "/api/query", access: "public", handle: async (r) => run(r, "query", await body(r)) },
    { method: "GET", path: "/api/query", access: "public", handle: (r) => run(r, "query", queryFromUrl(r.url)) },
    { method: "POST", path: "/api/mutation", access: "public", handle: async (r) => run(r, "mutation", await body(r)) },
    { method: "POST", path: "/api/action", access: "public", handle: async (r) => run(r, "action", await body(r)) },
    { method: "POST", path: "/api/function", access: "public", handle: async (r) => run(r, null, await body(r)) },
    {
      method: "POST",
      path: "/api/run/*",
      access: "public",
      async handle(request) {
        const names = request.rest.split("/");
        const name = names.pop() ?? "";
        const incoming = await request.body(runBody, LIMITS.callBody);
        return run(request, null, { path: `${names.join("/")}:${name}`, ...incoming });
      },
    },
    {
      method: "POST",
      path: "/api/query_batch",
      access: "public",
      async handle(request) {
        const { queries } = await request.body(batch, LIMITS.callBody);
        const identity = await request.identity();
        const calls = queries.map((query) => caller.prepare(query, identity));
        const at = engine.snapshot();
        try {
          const outcomes = await Promise.all(calls.map((prepared) => caller.query(prepared, { at })));
          const results = outcomes.map(({ result }, index) =>
            resultJson(caller.present(result, identity), queries[index]?.format ?? "convex_encoded_json"),
          );
          return jsonText(`{"results":[${results.join(",")}]}`);
        } finally {
          at.close();
        }
      },
    },
    {
      method: "POST",
      path: "/api/query_ts",
      access: "public",
      handle: async () => json({ ts: encodeTs(pinned.pin()) }),
    },
    {
      method: "POST",
      path: "/api/query_at_ts",
      access: "public",
      async handle(request) {
        const incoming = await request.body(callAtTs, LIMITS.callBody);
        return pinned.read(decodeTs(incoming.ts), (at) => run(request, "query", incoming, at));
      },
    },
  ];
}

function queryFromUrl(url: URL): CallBody {
  const args = url.searchParams.get("args");
  const parsed = call.safeParse({
    path: url.searchParams.get("path") ?? "",
    ...(args === null ? {} : { args: parsedArgs(args) }),
    format: url.searchParams.get("format") ?? undefined,
  });
  if (parsed.success) return parsed.data;
  throw new EngineError(
    "InvalidArgument",
    "The query string needs `path`, and `args` and `format` where given must be valid.",
  );
}

function parsedArgs(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new EngineError("InvalidArgument", "`args` in the query string is not JSON.");
  }
}
