import { LOG_EVENTS, type LogGap } from "@oa/contract";
import type { Context } from "hono";
import type { Logs } from "./ports.ts";
import { type Reader, createReaders } from "./readers.ts";

/** A browser whose stream ended asks again after this time. */
const RETRY_MS = 1_000;

/**
 * Follows a log as server-sent events (`LOG_EVENTS`), from a position or from the newest lines. The log itself is the
 * buffer: a reader is sent a page when it has taken the one before, so a slow one costs one page of memory, catches up
 * from what is kept, and is told of the gap when what it wanted next is no longer kept.
 */
export function logStream(
  logs: Logs,
  report: (error: unknown) => void,
): (c: Context, from: number | null) => Promise<Response> {
  const stream = createReaders(report);
  return async (c, from) => {
    const { recent, next } = await logs.bounds();
    // A position past the end is one of another log, before this instance was made anew.
    const start = from === null || from > next ? recent : from;
    return stream(c, {
      subscribe: (follower) => logs.subscribe(follower),
      tell: (reader) => follow(logs, start, reader),
    });
  };
}

async function follow(logs: Logs, start: number, reader: Reader): Promise<void> {
  let at = start;
  for (let first = true; !reader.over; first = false) {
    const page = await logs.read(at);
    const to = page.lines[0]?.seq ?? at;
    if (to > at) {
      const gap: LogGap = { from: at, to };
      await reader.send({ event: LOG_EVENTS.gap, data: JSON.stringify(gap) });
    }
    // The first one is sent even when it is empty: then the reader has a position to come back with.
    if (first || page.lines.length > 0)
      await reader.send({
        event: LOG_EVENTS.lines,
        id: String(page.next),
        data: JSON.stringify(page),
        retry: RETRY_MS,
      });
    at = page.next;
    if (page.lines.length === 0) await reader.untilNews();
  }
}
