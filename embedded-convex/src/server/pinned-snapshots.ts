/**
 * The recent past, for clients that read several queries at one timestamp (`query_ts`, then `query_at_ts`): views kept
 * by their timestamp for a minute after they were given out.
 */
import { LRUCache } from "lru-cache";
import type { Engine } from "../engine/engine.ts";
import type { Snapshot } from "../engine/functions/runner.ts";
import { EngineError } from "../engine/types.ts";

/** In milliseconds. A view that is kept keeps the write-ahead log from shrinking. */
const KEEP_MS = 60_000;
const MAX_KEPT = 32;

interface Kept {
  snapshot: Snapshot;
  readers: number;
}

export type PinnedSnapshots = ReturnType<typeof createPinnedSnapshots>;

export function createPinnedSnapshots(engine: Engine) {
  const kept = new LRUCache<bigint, Kept>({
    max: MAX_KEPT,
    ttl: KEEP_MS,
    ttlAutopurge: true,
    dispose: ({ snapshot, readers }) => readers === 0 && snapshot.close(),
  });

  return {
    /** Keeps the newest view; its timestamp. */
    pin(): bigint {
      const snapshot = engine.snapshot();
      const { ts } = snapshot;
      const known = kept.get(ts);
      if (known !== undefined) snapshot.close();
      // Kept from now on for as long as a new one.
      kept.set(ts, known ?? { snapshot, readers: 0 });
      return ts;
    },
    /** Runs `body` at a timestamp given out before. @throws EngineError 400 when it is not kept (any more). */
    async read<T>(ts: bigint, body: (at: Snapshot) => Promise<T>): Promise<T> {
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
        if (one.readers === 0 && kept.peek(ts) !== one) one.snapshot.close();
      }
    },
    close: (): void => kept.clear(),
  };
}
