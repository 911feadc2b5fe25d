/**
 * The last function executions, for `convex logs` and `convex dev`, which ask again and again for what is newer than
 * their cursor. Kept in memory only: logs are for the developer at the terminal, not an archive.
 */
import { EventEmitter, once } from "node:events";
import type { Engine } from "../engine/engine.ts";
import type { Json, LogEvent } from "../engine/types.ts";
import { isSystemPath, UDF_TYPE } from "./system-queries.ts";

const MAX_EVENTS = 2_000;
/** A poll without news is answered after this long, in milliseconds; the client then asks again. */
const POLL_MS = 30_000;

export type LogStream = ReturnType<typeof createLogStream>;

export function createLogStream(engine: Engine, now: () => number) {
  /** Cursors are milliseconds, made unique so that none of two events in one millisecond is lost. */
  let last = now();
  const events: { cursor: number; entry: Json }[] = [];
  const news = new EventEmitter().setMaxListeners(0);
  const closed = new AbortController();

  const keep = (event: LogEvent): void => {
    if (isSystemPath(event.path.udf)) return;
    last = Math.max(event.atMs, last + 0.001);
    events.push({ cursor: last, entry: entryOf(event, last) });
    if (events.length > MAX_EVENTS) events.shift();
    news.emit("entry");
  };
  engine.events.on("log", keep);

  function after(cursor: number): { entries: Json[]; newCursor: number } {
    const newer = events.filter((event) => event.cursor > cursor);
    return { entries: newer.map((event) => event.entry), newCursor: newer.at(-1)?.cursor ?? Math.max(cursor, last) };
  }

  return {
    /** Entries after `cursor` (0: all that is kept, at once), waiting for one until `signal` or half a minute is over. */
    async poll(cursor: number, signal: AbortSignal): Promise<{ entries: Json[]; newCursor: number }> {
      const found = after(cursor);
      if (found.entries.length > 0 || cursor === 0) return found;
      const end = AbortSignal.any([signal, closed.signal, AbortSignal.timeout(POLL_MS)]);
      await once(news, "entry", { signal: end }).catch(() => undefined);
      return after(cursor);
    },
    /** Answers those who wait, and from now on everyone at once. */
    close(): void {
      engine.events.off("log", keep);
      closed.abort();
    },
  };
}

/** One execution in the form the CLI prints (`FunctionExecutionJson` in its sources). */
function entryOf(event: LogEvent, cursor: number): Json {
  return {
    kind: "Completion",
    udfType: UDF_TYPE[event.kind],
    componentPath: event.path.component === "" ? null : event.path.component,
    identifier: event.path.udf,
    logLines: event.logLines,
    timestamp: cursor / 1000,
    executionTimestamp: (event.atMs - event.executionMs) / 1000,
    executionTime: event.executionMs / 1000,
    success: event.error === null ? {} : null,
    error: event.error,
    requestId: event.requestId,
    executionId: event.requestId,
    cachedResult: false,
    willRetry: false,
  };
}
