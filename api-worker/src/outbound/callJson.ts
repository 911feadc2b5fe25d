import { limitedText } from "./limitedText.ts";

/** Why a call to another part brought no usable answer. */
export type Silence = "timeout" | "network" | "redirect" | "too_big" | "not_json";

export type Answer = { kind: "answer"; status: number; body: unknown } | { kind: "silent"; why: Silence };

export interface OutboundCall {
  url: string;
  method: "GET" | "POST" | "PUT" | "DELETE";
  headers: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  /** Milliseconds for the whole call, the last byte of the answer included. */
  deadlineMs: number;
  /** Ends the call earlier, as a timeout. */
  signal?: AbortSignal | undefined;
}

/** Largest answer read from another part, in bytes. */
export const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * The one way out: every call has a deadline, a size limit, and stays where it was sent (a redirect could point a key
 * at any address). Never throws; whatever is not JSON within the limits is silence with a reason.
 */
export async function callJson(call: OutboundCall): Promise<Answer> {
  const deadline = AbortSignal.timeout(call.deadlineMs);
  const signal = call.signal === undefined ? deadline : AbortSignal.any([deadline, call.signal]);
  try {
    const response = await fetch(call.url, {
      method: call.method,
      headers: {
        accept: "application/json",
        ...call.headers,
        ...(call.body !== undefined && { "content-type": "application/json" }),
      },
      ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
      redirect: "manual",
      signal,
    });
    return await readAnswer(response, signal);
  } catch {
    return { kind: "silent", why: signal.aborted ? "timeout" : "network" };
  }
}

/** The JSON of an answer, or why there is none. Rejects when the signal aborts. */
export async function readAnswer(response: Response, signal: AbortSignal): Promise<Answer> {
  const refuse = async (why: Silence): Promise<Answer> => {
    await response.body?.cancel();
    return { kind: "silent", why };
  };
  if (response.status >= 300 && response.status < 400) return refuse("redirect");
  if (!/^application\/json\b/i.test(response.headers.get("content-type") ?? "")) return refuse("not_json");
  if (Number(response.headers.get("content-length") ?? 0) > MAX_ANSWER_BYTES) return refuse("too_big");
  const text = await limitedText(response.body, MAX_ANSWER_BYTES, signal);
  if (text === null) return { kind: "silent", why: "too_big" };
  try {
    const body: unknown = JSON.parse(text);
    return { kind: "answer", status: response.status, body };
  } catch {
    return { kind: "silent", why: "not_json" };
  }
}
