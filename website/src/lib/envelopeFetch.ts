import { type Envelope, parseEnvelope } from "@oa/contract/envelope";
import { REQUEST_ID_HEADER } from "@oa/contract/headers";
import type * as z from "zod";
import { RequestError } from "./requestError.ts";

/** Longest wait for an answer that only reads or writes rows. */
export const DEADLINE_MS = 15_000;
/** Restart, backup and restore answer when the work is done; the door itself gives up after 120 s. */
export const LONG_DEADLINE_MS = 130_000;
/** No answer of ours comes near it; more than this is not ours. */
const MAX_BODY = 2 * 1024 * 1024;

/** Where calls go and as whom. The page's own is `{ origin: "" }`: same origin, with its cookie. */
export interface Door {
  /** Scheme and host without a trailing slash; empty for the page's own origin. */
  origin: string;
  /** Sent with every call; see `internalHeaders.ts`. */
  headers?: Readonly<Record<string, string>>;
  fetch?: typeof fetch;
}

export interface Call<S extends z.ZodType> {
  method: "GET" | "POST" | "PUT" | "DELETE";
  path: string;
  /** Schema of the envelope's `data`. */
  data: S;
  body?: unknown;
  deadlineMs?: number;
  signal?: AbortSignal;
}

/**
 * The one fetcher: a deadline, a size limit, the envelope parsed with the contract's schemas.
 * Rejects with a `RequestError`, or with the signal's own reason when the caller aborts.
 */
export async function envelopeFetch<S extends z.ZodType>(door: Door, call: Call<S>): Promise<z.output<S>> {
  const deadline = AbortSignal.timeout(call.deadlineMs ?? DEADLINE_MS);
  const signal = call.signal === undefined ? deadline : AbortSignal.any([deadline, call.signal]);
  let response: Response;
  let text: string;
  try {
    response = await (door.fetch ?? fetch)(door.origin + call.path, {
      method: call.method,
      headers: {
        accept: "application/json",
        ...(call.body === undefined ? {} : { "content-type": "application/json" }),
        ...door.headers,
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      credentials: "same-origin",
      redirect: "error",
      cache: "no-store",
      signal,
    });
    text = await readCapped(response, MAX_BODY);
  } catch (error) {
    if (call.signal?.aborted === true) throw call.signal.reason;
    if (error instanceof RequestError) throw error;
    throw deadline.aborted
      ? new RequestError(
          "timeout",
          "The server took too long to answer. It may still be working; look again in a moment.",
          null,
        )
      : new RequestError("offline", "The server could not be reached. Check your connection and try again.", null);
  }
  const requestId = response.headers.get(REQUEST_ID_HEADER);
  let answer: Envelope<z.output<S>>;
  try {
    answer = parseEnvelope(call.data, JSON.parse(text));
  } catch {
    throw new RequestError(
      "malformed",
      "The server gave an answer this page does not understand. Reload and try again.",
      requestId,
    );
  }
  if (answer.ok) return answer.data;
  const { code, message, details } = answer.error;
  throw new RequestError(code, message, requestId, details);
}

/**
 * The text of an answer up to `limit`: a longer one is refused before it is read where it says its length, and unread
 * by the parser where it does not. Not read chunk by chunk: Chromium reports each request read that way as aborted.
 */
async function readCapped(response: Response, limit: number): Promise<string> {
  const declared = Number(response.headers.get("content-length") ?? 0);
  const text = declared > limit ? null : await response.text();
  if (text !== null && text.length <= limit) return text;
  const requestId = response.headers.get(REQUEST_ID_HEADER);
  throw new RequestError("malformed", "The server gave a longer answer than this page takes.", requestId);
}
