import { LAST_EVENT_ID_HEADER, REQUEST_ID_HEADER, SERVICE_TOKEN_HEADER } from "@oa/contract";
import type { ErrorCode } from "@oa/contract";
import * as z from "zod";
import { callJson } from "../outbound/callJson.ts";
import { callStream } from "../outbound/callStream.ts";
import { readEnvelope } from "../outbound/readEnvelope.ts";

/** One runtime: where it is and what opens it. */
export interface RuntimeTarget {
  base: string;
  token: string;
  requestId: string;
  signal?: AbortSignal | undefined;
}

export interface RuntimeCall<S extends z.ZodType> {
  method: "GET" | "POST" | "DELETE";
  path: string;
  /** Schema of the envelope's `data`. */
  answer: S;
  body?: unknown;
  deadlineMs: number;
}

/** `silent`: nothing in the runtime's own form came back in time. `refused`: it answered that it would or could not. */
export type RuntimeAnswer<T> = { kind: "data"; data: T } | { kind: "refused"; code: ErrorCode } | { kind: "silent" };

/** Asks one runtime. What it says in words stays here: only its data and its codes go on. */
export async function askRuntime<S extends z.ZodType>(
  target: RuntimeTarget,
  call: RuntimeCall<S>,
): Promise<RuntimeAnswer<z.output<S>>> {
  const answer = await callJson({
    url: `${target.base}${call.path}`,
    method: call.method,
    headers: { [SERVICE_TOKEN_HEADER]: target.token, [REQUEST_ID_HEADER]: target.requestId },
    ...(call.body !== undefined && { body: call.body }),
    deadlineMs: call.deadlineMs,
    signal: target.signal,
  });
  if (answer.kind === "silent") return { kind: "silent" };
  const envelope = readEnvelope(answer.body, call.answer);
  if (envelope === null) return { kind: "silent" };
  return envelope.ok ? { kind: "data", data: envelope.data } : { kind: "refused", code: envelope.error.code };
}

export interface RuntimeStreamCall {
  path: string;
  /** Where the reader left off, as it says. */
  lastEventId: string | null;
  /** Milliseconds until the stream has to begin, and those it may go on. */
  headersDeadlineMs: number;
  lifeMs: number;
  /** Aborts when the reader has gone. */
  gone: AbortSignal;
  /** Whether the reader may still read it. */
  stands?: (() => Promise<boolean>) | undefined;
}

/** Opens a stream of server-sent events of one runtime. Its bytes are the runtime's own: data for its owner's eyes. */
export async function openRuntimeStream(
  target: RuntimeTarget,
  { path, lastEventId, ...limits }: RuntimeStreamCall,
): Promise<RuntimeAnswer<ReadableStream<Uint8Array>>> {
  const answer = await callStream({
    url: `${target.base}${path}`,
    headers: {
      [SERVICE_TOKEN_HEADER]: target.token,
      [REQUEST_ID_HEADER]: target.requestId,
      ...(lastEventId !== null && { [LAST_EVENT_ID_HEADER]: lastEventId }),
    },
    ...limits,
  });
  if (answer.kind === "stream") return { kind: "data", data: answer.body };
  // What is no stream can only be a no: an envelope that says yes is not in the form that was asked for.
  const envelope = answer.kind === "answer" ? readEnvelope(answer.body, z.never()) : null;
  return envelope === null || envelope.ok ? { kind: "silent" } : { kind: "refused", code: envelope.error.code };
}
