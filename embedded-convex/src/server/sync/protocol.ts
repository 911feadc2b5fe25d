/** Messages of the sync protocol (convex 1.48): what clients may send, and the text of what is sent back. */
import { z } from "zod";
import type { UdfResult } from "../../engine/types.ts";
import { jsonObject, jsonValue } from "../http.ts";
import { decodeTs, encodeTs, spliced } from "../wire.ts";

const count = z.number().int().nonnegative();
const call = { udfPath: z.string(), args: z.array(jsonValue), componentPath: z.string().nullish() };

const connect = z.object({
  type: z.literal("Connect"),
  sessionId: z.string().min(1).max(128),
  maxObservedTimestamp: z.string().transform(decodeTs).optional(),
  clientTs: z.number().optional(),
});

const authenticating = { type: z.literal("Authenticate"), baseVersion: count };
const authenticate = z.discriminatedUnion("tokenType", [
  z.object({ ...authenticating, tokenType: z.literal("None") }),
  z.object({ ...authenticating, tokenType: z.literal("User"), value: z.string() }),
  z.object({
    ...authenticating,
    tokenType: z.literal("Admin"),
    value: z.string(),
    impersonating: jsonObject.optional(),
  }),
]);

const addQuery = z.object({ type: z.literal("Add"), queryId: count, ...call, journal: z.string().nullish() });
const removeQuery = z.object({ type: z.literal("Remove"), queryId: count });
const modifyQuerySet = z.object({
  type: z.literal("ModifyQuerySet"),
  baseVersion: count,
  newVersion: count,
  modifications: z.array(z.discriminatedUnion("type", [addQuery, removeQuery])),
});

/** Everything a client sends. */
export const clientMessage = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["Mutation", "Action"]), requestId: count, ...call }),
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
export type FunctionRequest = Extract<ClientMessage, { requestId: number }>;

/** A message that no correct client sends. */
export class ProtocolError extends Error {}

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
  const { logLines } = result;
  if (result.ok) return spliced({ type: "QueryUpdated", queryId, logLines, journal }, { value: result.valueJson });
  const { errorMessage, errorDataJson: errorData } = result;
  return spliced({ type: "QueryFailed", queryId, errorMessage, logLines, journal }, { errorData });
}

export function queryRemoved(queryId: number): string {
  return JSON.stringify({ type: "QueryRemoved", queryId });
}

/**
 * The messages of one transition, usually a single one. Nothing but pings may be sent between them.
 * @param clock Milliseconds: how far the client's clock is ahead of the server's, and the server's own time.
 */
export function transition(
  start: StateVersion,
  end: StateVersion,
  modifications: string[],
  clock: { clientSkewMs: number; nowMs: number },
): string[] {
  const head = { type: "Transition", startVersion: versionOf(start), endVersion: versionOf(end) };
  const clocks = { clientClockSkew: clock.clientSkewMs, serverTs: clock.nowMs * 1_000_000 };
  const whole = spliced({ ...head, ...clocks }, { modifications: `[${modifications.join(",")}]` });
  if (whole.length <= CHUNK_CHARS) return [whole];
  const totalParts = Math.ceil(whole.length / CHUNK_CHARS);
  const transitionId = `${end.ts}-${end.querySet}-${end.identity}`;
  return Array.from({ length: totalParts }, (_, partNumber) => {
    const chunk = whole.slice(partNumber * CHUNK_CHARS, (partNumber + 1) * CHUNK_CHARS);
    return JSON.stringify({ type: "TransitionChunk", chunk, partNumber, totalParts, transitionId });
  });
}

function versionOf({ querySet, identity, ts }: StateVersion): object {
  return { querySet, identity, ts: encodeTs(ts) };
}

/** The answer to a mutation or an action; `ts` is a mutation's commit, null when it failed. */
export function functionResponse({ type, requestId }: FunctionRequest, result: UdfResult, ts: bigint | null): string {
  const at = type === "Action" ? {} : { ts: ts === null ? null : encodeTs(ts) };
  const head = { type: `${type}Response`, requestId, success: result.ok, ...at, logLines: result.logLines };
  if (result.ok) return spliced(head, { result: result.valueJson });
  return spliced({ ...head, result: result.errorMessage }, { errorData: result.errorDataJson });
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
