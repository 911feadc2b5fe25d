import type { Answer } from "./callJson.ts";
import { readAnswer } from "./callJson.ts";

export interface StreamCall {
  url: string;
  headers: Record<string, string>;
  /** Milliseconds until the answer has to begin; how long its body may take is `lifeMs`. */
  headersDeadlineMs: number;
  /** Milliseconds after which the stream is ended here, however lively it is. */
  lifeMs: number;
  /** Aborts when whoever reads the stream has gone. */
  gone: AbortSignal;
  /** Whether its reader may still read it; asked again and again. Left out: they may, for as long as it lives. */
  stands?: (() => Promise<boolean>) | undefined;
}

/** How often it is asked whether a stream may go on. */
export const LOOK_AGAIN_MS = 30_000;

/** `stream`: server-sent events, passed on byte by byte. Everything else is answered as by `callJson`. */
export type StreamAnswer = { kind: "stream"; body: ReadableStream<Uint8Array> } | Answer;

/**
 * A call whose answer does not end: the deadline is for its beginning only, and no size is too large because nothing is
 * kept. Redirects are not followed. Never throws.
 */
export async function callStream(call: StreamCall): Promise<StreamAnswer> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), call.headersDeadlineMs);
  const { signal } = deadline;
  try {
    const headers = { accept: "text/event-stream", ...call.headers };
    const response = await fetch(call.url, { headers, redirect: "manual", signal });
    const { body } = response;
    const isStream = response.status === 200 && /^text\/event-stream\b/i.test(typeOf(response));
    if (!isStream || body === null) return await readAnswer(response, signal);
    return { kind: "stream", body: endingAfter(body, call.lifeMs, call.gone, call.stands) };
  } catch {
    return { kind: "silent", why: signal.aborted ? "timeout" : "network" };
  } finally {
    clearTimeout(timer);
  }
}

function typeOf(response: Response): string {
  return response.headers.get("content-type") ?? "";
}

/**
 * The stream until it is `lifeMs` old, or its reader may no longer read it. Takes a chunk only when its reader asks for one; a reader that leaves ends the
 * source, and a source that breaks off ends the stream: whoever follows comes back in either case. `gone` besides
 * `cancel`, because there are versions of workerd that drop the body of a client that went away without cancelling it
 * (cloudflare/workerd#6832).
 */
export function endingAfter(
  source: ReadableStream<Uint8Array>,
  lifeMs: number,
  gone: AbortSignal,
  stands?: () => Promise<boolean>,
): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  const end = (): void => {
    clearTimeout(timer);
    clearInterval(looking);
    gone.removeEventListener("abort", end);
    reader.cancel().catch(() => undefined);
  };
  const timer = setTimeout(end, lifeMs);
  const looking = stands === undefined ? undefined : setInterval(() => void look(stands), LOOK_AGAIN_MS);
  const look = async (ask: () => Promise<boolean>): Promise<void> => {
    // Whoever cannot be asked now is asked again.
    if (!(await ask().catch(() => true))) end();
  };
  gone.addEventListener("abort", end);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await reader.read().catch(() => null);
        if (chunk !== null && !chunk.done) return controller.enqueue(chunk.value);
        end();
        controller.close();
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}
