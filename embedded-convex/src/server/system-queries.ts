/**
 * The `_system/…` queries that the official CLI reads a deployment with (`convex data`, `env`, `function-spec`, `dev`).
 * They are answered from the engine, not by pushed code, and only for the admin key; `calls.ts` sees to that.
 */
import { z } from "zod";
import { readTable, userTables } from "../engine/query/tables.ts";
import { parseJson } from "../engine/values/json.ts";
import type { Engine } from "../engine/engine.ts";
import {
  EngineError,
  type Call,
  type FunctionInfo,
  type Json,
  type QueryOutcome,
  type UdfKind,
} from "../engine/types.ts";
import { checked } from "./http.ts";

/** The CLI's names for kinds of functions. */
export const UDF_TYPE: { readonly [kind in UdfKind]: string } = {
  query: "Query",
  mutation: "Mutation",
  action: "Action",
  httpAction: "HttpAction",
};

/** What a page of `convex data` may hold at most. */
const MAX_PAGE = 8192;

const pagination = z.object({ cursor: z.string().nullable(), numItems: z.number().int().positive() });
const tableArgs = z.object({
  table: z.string(),
  order: z.enum(["asc", "desc"]).default("desc"),
  paginationOpts: pagination,
});
const variableName = z.object({ name: z.string() });

/** @throws EngineError 404 for a name that is not one of them, 400 for arguments that do not fit. */
export type SystemQueries = (call: Call) => QueryOutcome;

/** Whether `udf` is a name of the server's own. */
export function isSystemPath(udf: string): boolean {
  return udf.startsWith("_system/");
}

export function createSystemQueries(engine: Engine): SystemQueries {
  const queries: { [udf: string]: (args: Json, component: string) => Json } = {
    "_system/cli/tables:default": (_args, component) => ({
      page: userTables(engine, component).map(({ name }) => ({ name })),
      isDone: true,
      continueCursor: "",
    }),
    "_system/cli/tableData:default": (args, component) => {
      const { table, order, paginationOpts } = checked(args, tableArgs, "InvalidArgument");
      const limit = Math.min(paginationOpts.numItems, MAX_PAGE);
      const from = { order, cursor: paginationOpts.cursor, limit };
      const { page, cursor, isDone } = readTable(engine, component, table, from);
      return { page, isDone, continueCursor: cursor ?? "" };
    },
    // `convex dev` waits here for rows to change after a push that did not fit them.
    "_system/cli/queryTable:default": () => engine.storage.durableTs.toString(),
    "_system/cli/queryEnvironmentVariables:default": () =>
      [...engine.variables()].map(([name, value]) => ({ name, value })),
    "_system/cli/queryEnvironmentVariables:get": (args) => {
      const { name } = checked(args, variableName, "InvalidArgument");
      const value = engine.variables().get(name);
      return value === undefined ? null : { name, value };
    },
    "_system/cli/convexUrl:cloudUrl": () => engine.options.cloudUrl,
    "_system/cli/convexUrl:siteUrl": () => engine.options.siteUrl,
    "_system/cli/modules:apiSpec": (_args, component) =>
      engine
        .listFunctions()
        .filter((info) => info.path.component === component)
        .map(specOf),
    "_system/frontend/components:list": () =>
      [...new Set(engine.listFunctions().map((info) => info.path.component))]
        .filter((path) => path !== "")
        .map((path) => ({ id: path, path, name: path.split("/").at(-1) ?? path, state: "active" })),
  };

  return ({ path, args }) => {
    const query = Object.hasOwn(queries, path.udf) ? queries[path.udf] : undefined;
    if (query === undefined) {
      const message = `${path.udf} is not provided by embedded-convex; use Convex Cloud or a self-hosted Convex for it.`;
      throw new EngineError("NotFound", message, 404);
    }
    const valueJson = JSON.stringify(query(args, path.component));
    const result = { ok: true as const, valueJson, logLines: [] };
    return { result, ts: engine.storage.durableTs, reads: { intervals: [] }, journal: null };
  };
}

/** No validator is one that takes anything. */
const ANYTHING: Json = { type: "any" };

/** One function in the form `convex function-spec` prints. */
function specOf(info: FunctionInfo): Json {
  return {
    identifier: info.path.udf.replace(":", ".js:"),
    functionType: UDF_TYPE[info.kind],
    visibility: { kind: info.visibility },
    args: parseJson(info.args) ?? ANYTHING,
    returns: parseJson(info.returns) ?? ANYTHING,
  };
}
