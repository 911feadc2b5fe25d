/**
 * The recent past, for clients that read several queries at one timestamp (`query_ts`, then `query_at_ts`): views kept
 * by their timestamp for a minute after they were given out.
 */
import type { Engine } from "../engine/engine.ts";
import type { Snapshot } from "../engine/functions/runner.ts";
import { EngineError } from "../engine/types.ts";

/** In milliseconds. A view that is kept keeps the write-ahead log from shrinking. */
const KEEP_MS = 60_000;
const MAX_KEPT = 32;

interface Kept {
  snapshot: Snapshot;
  readers: number;
  timer: NodeJS.Timeout;
}

export interface PinnedSnapshots {
  /** Keeps the newest view; its timestamp. */
  pin(): bigint;
  /** Runs `body` at a timestamp given out before. @throws EngineError 400 when it is not kept (any more). */
  read<T>(ts: bigint, body: (at: Snapshot) => Promise<T>): Promise<T>;
  close(): void;
}

export function createPinnedSnapshots(engine: Engine): PinnedSnapshots {
  const kept = new Map<bigint, Kept>();

  function drop(ts: bigint): void {
    const one = kept.get(ts);
    if (one === undefined) return;
    kept.delete(ts);
    clearTimeout(one.timer);
    if (one.readers === 0) one.snapshot.close();
  }

  return {
    pin() {
      const snapshot = engine.snapshot();
      const { ts } = snapshot;
      const known = kept.get(ts);
      if (known !== undefined) {
        snapshot.close();
        known.timer.refresh();
        return ts;
      }
      const oldest = kept.keys().next();
      if (kept.size >= MAX_KEPT && oldest.done === false) drop(oldest.value);
      kept.set(ts, { snapshot, readers: 0, timer: setTimeout(() => drop(ts), KEEP_MS).unref() });
      return ts;
    },
    async read(ts, body) {
      const one = kept.get(ts);
      if (one === undefined) {
        const message = `Timestamp ${ts} is not kept: only those that query_ts gave in the last ${KEEP_MS / 1000} s are.`;
        throw new EngineError("SnapshotTooOld", message);
      }
      one.readers += 1;
      try {
        return await body(one.snapshot);
      } finally {
        one.readers -= 1;
        if (one.readers === 0 && kept.get(ts) !== one) one.snapshot.close();
      }
    },
    close() {
      for (const ts of [...kept.keys()]) drop(ts);
    },
  };
}
