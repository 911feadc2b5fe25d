/**
 * Calling functions as clients name them: paths, arguments, who may call what, and what of a failure a client sees.
 * Shared by the HTTP API and the sync protocol.
 */
import type { Engine } from "../engine/engine.ts";
import { canonicalUdf } from "../engine/functions/code.ts";
import type { Snapshot } from "../engine/functions/runner.ts";
import {
  EngineError,
  type Call,
  type FunctionPath,
  type Identity,
  type Json,
  type QueryOutcome,
  type UdfKind,
  type UdfResult,
} from "../engine/types.ts";
import { isAdmin } from "./authentication.ts";
import { spliced } from "./wire.ts";
import { isSystemPath, type SystemQueries } from "./system-queries.ts";

/** A call as it arrives. */
interface IncomingCall {
  /** `module:export`, `module.js:export`, `module` (its default export). */
  udfPath: string;
  /** `[object]` or the object itself. */
  args: Json;
  componentPath?: string | null | undefined;
}

/** Runs queries wherever they live: in the pushed code or, for the CLI, in the server itself. */
export type Caller = ReturnType<typeof createCaller>;

/** @param redactErrors Hides messages of thrown errors and log lines from everyone but the admin, as Convex does in production. */
export function createCaller(engine: Engine, system: SystemQueries, redactErrors: boolean) {
  const isRedactedFor = (identity: Identity) => redactErrors && !isAdmin(identity);
  return {
    /** Whether `identity` must not see why something failed. */
    isRedactedFor,
    /** @throws EngineError for a malformed call, or one that needs the admin key. */
    prepare({ udfPath, args, componentPath }: IncomingCall, identity: Identity): Call {
      const udf = canonicalUdf(udfPath);
      const component = componentPath ?? "";
      const admin = isAdmin(identity);
      if (component !== "" && !admin) {
        throw new EngineError("Forbidden", "Only the admin key may call functions of components.", 403);
      }
      if (isSystemPath(udf) && !admin) {
        throw new EngineError("Forbidden", `${udf} needs the admin key.`, 403);
      }
      return { path: { component, udf }, args: singleArgument(args), identity, allowInternal: admin };
    },
    query: async (call: Call, at?: { at?: Snapshot; journal?: string | null }): Promise<QueryOutcome> =>
      isSystemPath(call.path.udf) ? system(call) : engine.runner.runQuery(call, at),
    /** What kind of function a prepared call names; null when there is none. */
    kindOf: (path: FunctionPath): UdfKind | null =>
      isSystemPath(path.udf) ? "query" : (engine.findFunction(path)?.kind ?? null),
    /** `result` as `identity` may see it. */
    present: (result: UdfResult, identity: Identity): UdfResult =>
      isRedactedFor(identity) ? redacted(result) : result,
  };
}

function singleArgument(args: Json): Json {
  const value = Array.isArray(args) && args.length === 1 ? args[0] : args;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new EngineError("InvalidArgument", "A function takes one argument, an object.");
}

/** The first line keeps the request id, by which the log has the rest. `ConvexError` data is meant for the client. */
function redacted(result: UdfResult): UdfResult {
  if (result.ok) return { ...result, logLines: [] };
  return { ...result, errorMessage: result.errorMessage.split("\n", 1)[0] ?? "Server Error", logLines: [] };
}

/**
 * A call that was refused before it ran, in the form of a failed function.
 * @throws what is not the caller's fault: the socket then closes and the client comes back, so that a mutation whose
 * fate is unknown is asked about again instead of being reported as failed.
 */
export function refusal(error: unknown): UdfResult {
  if (!(error instanceof EngineError) || error.status >= 500) throw error;
  return { ok: false, errorMessage: error.message, logLines: [] };
}

/** A result as the HTTP API's JSON text. */
export function resultJson(result: UdfResult): string {
  const logLines = result.logLines.length === 0 ? undefined : result.logLines;
  if (result.ok) return spliced({ status: "success", logLines }, { value: result.valueJson });
  const { errorMessage, errorDataJson: errorData } = result;
  return spliced({ status: "error", errorMessage, logLines }, { errorData });
}
