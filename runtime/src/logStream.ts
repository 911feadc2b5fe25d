import { LOG_EVENTS, type LogGap } from "@oa/contract";
import type { Context } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import type { Logs } from "./ports.ts";

/** Comment line an idle stream sends, so that middle boxes keep it open and a reader that is gone is noticed. */
const HEARTBEAT_MS = 15_000;
/** A reader that takes nothing for this long is let go; it may come back and go on where it was. */
const STALL_MS = 60_000;
/** A browser whose stream ended asks again after this time. */
const RETRY_MS = 1_000;
/**
 * Readers of one log at a time; each may hold one page in memory. One more takes the place of the oldest, because the oldest
 * are likely gone: between here and a browser a leave may be noticed only when the next heartbeats cannot be delivered.
 */
const MAX_READERS = 20;

/**
 * Follows a log as server-sent events (`LOG_EVENTS`), from a position or from the newest lines. The log itself is the
 * buffer: a reader is sent a page when it has taken the one before, so a slow one costs one page of memory, catches up
 * from what is kept, and is told of the gap when what it wanted next is no longer kept.
 */
export function logStream(
  logs: Logs,
  report: (error: unknown) => void,
): (c: Context, from: number | null) => Promise<Response> {
  /** Oldest first. */
  const readers = new Set<Bell>();
  return async (c, from) => {
    const { recent, next } = await logs.bounds();
    // A position past the end is one of another log, before this instance was made anew.
    const start = from === null || from > next ? recent : from;
    c.header("x-accel-buffering", "no");
    return streamSSE(c, async (stream) => {
      const bell = new Bell();
      stream.onAbort(() => bell.end());
      const unsubscribe = logs.subscribe({ changed: () => bell.ring(), ended: () => bell.end() });
      const [oldest] = readers;
      if (oldest !== undefined && readers.size >= MAX_READERS) {
        oldest.end();
        readers.delete(oldest);
      }
      readers.add(bell);
      try {
        await follow(logs, start, stream, bell);
      } catch (error) {
        report(error);
      } finally {
        readers.delete(bell);
        unsubscribe();
      }
    });
  };
}

async function follow(logs: Logs, start: number, stream: SSEStreamingApi, bell: Bell): Promise<void> {
  let at = start;
  for (let first = true; !bell.over; first = false) {
    const page = await logs.read(at);
    const to = page.lines[0]?.seq ?? at;
    if (to > at) {
      const gap: LogGap = { from: at, to };
      await send(stream, bell, () => stream.writeSSE({ event: LOG_EVENTS.gap, data: JSON.stringify(gap) }));
    }
    // The first one is sent even when it is empty: then the reader has a position to come back with.
    if (first || page.lines.length > 0) {
      const message = { event: LOG_EVENTS.lines, id: String(page.next), data: JSON.stringify(page), retry: RETRY_MS };
      await send(stream, bell, () => stream.writeSSE(message));
    }
    at = page.next;
    if (page.lines.length > 0) continue;
    while (!bell.over && (await bell.wait(HEARTBEAT_MS)) === "quiet")
      await send(stream, bell, () => stream.write(": still here\n\n"));
  }
}

/** Resolves when the reader has taken it; ends the stream when it does not. */
async function send(stream: SSEStreamingApi, bell: Bell, write: () => Promise<unknown>): Promise<void> {
  if (bell.over) return;
  const stalled = setTimeout(() => stream.abort(), STALL_MS);
  try {
    await write();
  } finally {
    clearTimeout(stalled);
  }
}

/** Remembers that it rang until somebody waits for it. */
class Bell {
  over = false;
  #rung = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  end(): void {
    this.over = true;
    this.#wake?.();
  }

  /** `quiet` after `ms` without a ring or an end. */
  async wait(ms: number): Promise<"woken" | "quiet"> {
    if (!this.#rung && !this.over) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = null;
    }
    const woken = this.#rung || this.over;
    this.#rung = false;
    return woken ? "woken" : "quiet";
  }
}
