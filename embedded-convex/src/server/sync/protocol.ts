/** Messages of the sync protocol (convex 1.48): what clients may send, and the text of what is sent back. */
import { z } from "zod";
import type { UdfResult } from "../../engine/types.ts";
import { jsonObject, jsonValue } from "../http.ts";
import { encodeTs } from "../timestamps.ts";

const version = z.number().int().nonnegative();
const args = z.array(jsonValue);

const connect = z.object({
  type: z.literal("Connect"),
  sessionId: z.string().min(1).max(128),
  maxObservedTimestamp: z.string().optional(),
  clientTs: z.number().optional(),
});

const authenticate = z.discriminatedUnion("tokenType", [
  z.object({ type: z.literal("Authenticate"), tokenType: z.literal("None"), baseVersion: version }),
  z.object({ type: z.literal("Authenticate"), tokenType: z.literal("User"), baseVersion: version, value: z.string() }),
  z.object({
    type: z.literal("Authenticate"),
    tokenType: z.literal("Admin"),
    baseVersion: version,
    value: z.string(),
    impersonating: jsonObject.optional(),
  }),
]);

const addQuery = z.object({
  type: z.literal("Add"),
  queryId: version,
  udfPath: z.string(),
  args,
  journal: z.string().nullish(),
  componentPath: z.string().nullish(),
});

const modifyQuerySet = z.object({
  type: z.literal("ModifyQuerySet"),
  baseVersion: version,
  newVersion: version,
  modifications: z.array(
    z.discriminatedUnion("type", [addQuery, z.object({ type: z.literal("Remove"), queryId: version })]),
  ),
});

const request = { requestId: version, udfPath: z.string(), args, componentPath: z.string().nullish() };

/** Everything a client sends. */
export const clientMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("Mutation"), ...request }),
  z.object({ type: z.literal("Action"), ...request }),
  modifyQuerySet,
  authenticate,
  connect,
  z.object({ type: z.literal("Event") }),
]);

export type ClientMessage = z.infer<typeof clientMessage>;
export type Connect = z.infer<typeof connect>;
export type Authenticate = z.infer<typeof authenticate>;
export type ModifyQuerySet = z.infer<typeof modifyQuerySet>;
export type AddQuery = z.infer<typeof addQuery>;
export type FunctionRequest = Extract<ClientMessage, { type: "Mutation" | "Action" }>;

/** What a client's view of the deployment is: which queries, as whom, at which commit. */
export interface StateVersion {
  querySet: number;
  identity: number;
  ts: bigint;
}

/** A transition longer than this many characters goes out in parts: each one tells the client that the server lives. */
const CHUNK_CHARS = 4_000_000;

/** One query's news inside a transition. */
export function queryModification(queryId: number, result: UdfResult, journal: string | null): string {
  const tail = `"logLines":${JSON.stringify(result.logLines)},"journal":${JSON.stringify(journal)}}`;
  if (result.ok) return `{"type":"QueryUpdated","queryId":${queryId},"value":${result.valueJson},${tail}`;
  const data = result.errorDataJson === undefined ? "" : `"errorData":${result.errorDataJson},`;
  const message = JSON.stringify(result.errorMessage);
  return `{"type":"QueryFailed","queryId":${queryId},"errorMessage":${message},${data}${tail}`;
}

export function queryRemoved(queryId: number): string {
  return `{"type":"QueryRemoved","queryId":${queryId}}`;
}

/**
 * The messages of one transition, usually a single one.
 * @param clock Milliseconds: how far the client's clock is ahead of the server's, and the server's own time.
 */
export function transition(
  start: StateVersion,
  end: StateVersion,
  modifications: string[],
  clock: { clientSkewMs: number; nowMs: number },
): string[] {
  const whole =
    `{"type":"Transition","startVersion":${versionJson(start)},"endVersion":${versionJson(end)},` +
    `"modifications":[${modifications.join(",")}],` +
    `"clientClockSkew":${clock.clientSkewMs},"serverTs":${clock.nowMs * 1_000_000}}`;
  if (whole.length <= CHUNK_CHARS) return [whole];
  const totalParts = Math.ceil(whole.length / CHUNK_CHARS);
  const transitionId = `${end.ts}-${end.querySet}-${end.identity}`;
  return Array.from({ length: totalParts }, (_, partNumber) => {
    const chunk = whole.slice(partNumber * CHUNK_CHARS, (partNumber + 1) * CHUNK_CHARS);
    return JSON.stringify({ type: "TransitionChunk", chunk, partNumber, totalParts, transitionId });
  });
}

function versionJson({ querySet, identity, ts }: StateVersion): string {
  return `{"querySet":${querySet},"identity":${identity},"ts":"${encodeTs(ts)}"}`;
}

/** The answer to a mutation or an action; `ts` is a mutation's commit, null when it failed. */
export function functionResponse({ type, requestId }: FunctionRequest, result: UdfResult, ts: bigint | null): string {
  const head = `{"type":"${type}Response","requestId":${requestId},"success":${result.ok}`;
  const value = result.ok ? result.valueJson : JSON.stringify(result.errorMessage);
  const data = result.ok || result.errorDataJson === undefined ? "" : `,"errorData":${result.errorDataJson}`;
  const at = type === "Action" ? "" : `,"ts":${ts === null ? "null" : `"${encodeTs(ts)}"`}`;
  return `${head},"result":${value}${data}${at},"logLines":${JSON.stringify(result.logLines)}}`;
}

/** `baseVersion` is the identity version that still holds: the server did not move on from it. */
export function authError(error: string, baseVersion: number, authUpdateAttempted: boolean): string {
  return JSON.stringify({ type: "AuthError", error, baseVersion, authUpdateAttempted });
}

/** Ends the client for good: only for messages that no correct client sends. */
export function fatalError(error: string): string {
  return JSON.stringify({ type: "FatalError", error });
}

export const PING = JSON.stringify({ type: "Ping" });
