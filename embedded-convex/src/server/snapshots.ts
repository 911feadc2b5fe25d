/**
 * Snapshots shared by many readers. A commit may wake thousands of subscribers at once; they all read at one snapshot
 * instead of pinning one each. Also keeps the recent past for clients that read several queries at one timestamp.
 */
import { EngineError, type Engine, type Snapshot } from "../engine/types.ts";

/** How long `query_at_ts` finds a timestamp given out by `query_ts`. Pinned readers keep the WAL from shrinking. */
const PIN_MS = 60_000;
const MAX_PINS = 32;

/** A snapshot one reader holds; `release` exactly once. */
export interface SharedSnapshot {
  readonly snapshot: Snapshot;
  release(): void;
}

export interface Snapshots {
  /** The newest view. Readers at the same timestamp share it. */
  acquire(): SharedSnapshot;
  /** Keeps the newest view readable by its timestamp for a minute. */
  pin(): bigint;
  /** @throws EngineError 400 when `ts` was never pinned or its minute is over. */
  at(ts: bigint): SharedSnapshot;
  close(): void;
}

interface Counted {
  snapshot: Snapshot;
  readers: number;
}

export function createSnapshots(engine: Engine): Snapshots {
  let newest: Counted | null = null;
  const pins = new Map<bigint, { counted: Counted; held: SharedSnapshot; timer: NodeJS.Timeout }>();

  function hold(counted: Counted): SharedSnapshot {
    counted.readers += 1;
    let released = false;
    return {
      snapshot: counted.snapshot,
      release() {
        if (released) return;
        released = true;
        counted.readers -= 1;
        if (counted.readers > 0) return;
        if (newest === counted) newest = null;
        counted.snapshot.close();
      },
    };
  }

  function current(): Counted {
    if (newest === null || newest.snapshot.ts !== engine.latestTs()) {
      newest = { snapshot: engine.snapshot(), readers: 0 };
    }
    return newest;
  }

  function unpin(ts: bigint): void {
    const pin = pins.get(ts);
    if (pin === undefined) return;
    pins.delete(ts);
    clearTimeout(pin.timer);
    pin.held.release();
  }

  return {
    acquire: () => hold(current()),
    pin() {
      const counted = current();
      const held = hold(counted);
      const { ts } = counted.snapshot;
      unpin(ts);
      const oldest = pins.keys().next();
      if (pins.size >= MAX_PINS && oldest.done === false) unpin(oldest.value);
      pins.set(ts, { counted, held, timer: setTimeout(() => unpin(ts), PIN_MS).unref() });
      return ts;
    },
    at(ts) {
      const pin = pins.get(ts);
      if (pin === undefined) {
        const seconds = PIN_MS / 1000;
        throw new EngineError(
          "SnapshotTooOld",
          `Timestamp ${ts} is not kept: only those given by query_ts in the last ${seconds} s are.`,
        );
      }
      return hold(pin.counted);
    },
    close() {
      for (const ts of [...pins.keys()]) unpin(ts);
    },
  };
}
