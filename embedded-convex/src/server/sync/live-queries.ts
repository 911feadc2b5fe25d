/**
 * Results of subscribed queries, computed once for all sockets that ask the same thing, and thrown away exactly when a
 * commit changed what they read.
 *
 * A result computed at timestamp T that read R holds at every later timestamp up to the first commit after T that
 * touches R. Each live query keeps its newest result with the timestamp from which it no longer holds, if known.
 */
import type { Engine } from "../../engine/engine.ts";
import type { Snapshot } from "../../engine/functions/runner.ts";
import {
  EngineError,
  type Call,
  type Commit,
  type Identity,
  type QueryOutcome,
  type ReadSet,
  type UdfResult,
} from "../../engine/types.ts";
import type { Caller } from "../calls.ts";
import { isSystemPath } from "../system-queries.ts";
import { IntervalIndex } from "./intervals.ts";

/**
 * A result that looked at the clock is given to new subscribers only this long, in milliseconds: those who have it
 * already keep it until data changes, as on Convex.
 */
const TIMED_RESULT_MS = 5_000;

/** A moment that live queries are read at. */
export interface View {
  readonly snapshot: Snapshot;
  /** What was committed since: a result computed here may be stale before it is there. */
  readonly missed: Commit[];
  close(): void;
}

interface Settled {
  outcome: QueryOutcome;
  computedAtMs: number;
  /** The first commit after which the result no longer holds; null while it does. */
  staleAt: bigint | null;
}

interface Entry {
  key: string;
  call: Call;
  journal: string | null;
  subscribers: Set<() => void>;
  settled: Settled | null;
  running: { at: Snapshot; outcome: Promise<QueryOutcome> } | null;
}

export type LiveQueries = ReturnType<typeof createLiveQueries>;
/** One subscriber's hold on a live query. */
export type LiveQuery = ReturnType<LiveQueries["subscribe"]>;

export function createLiveQueries(engine: Engine, caller: Caller, now: () => number) {
  /** Every live query, and by key those that new subscribers join. */
  const entries = new Set<Entry>();
  const joinable = new Map<string, Entry>();
  /** Live results by the index ranges they read. */
  const readers = new Map<number, IntervalIndex<Entry>>();
  /** Live results that any commit may change. */
  const volatile = new Set<Entry>();
  const views = new Set<View>();

  function watch(entry: Entry, reads: ReadSet): void {
    if (isSystemPath(entry.call.path.udf)) volatile.add(entry);
    for (const { index, ...interval } of reads.intervals) {
      let tree = readers.get(index);
      if (tree === undefined) readers.set(index, (tree = new IntervalIndex()));
      tree.add(interval, entry);
    }
  }

  function unwatch(entry: Entry): void {
    volatile.delete(entry);
    for (const { index, ...interval } of entry.settled?.outcome.reads.intervals ?? []) {
      readers.get(index)?.delete(interval, entry);
    }
  }

  function expire(entry: Entry, ts: bigint): void {
    if (entry.settled === null || entry.settled.staleAt !== null) return;
    unwatch(entry);
    entry.settled.staleAt = ts;
    for (const onStale of entry.subscribers) onStale();
  }

  const onCommit = (commit: Commit): void => {
    for (const view of views) view.missed.push(commit);
    const touched = new Set(volatile);
    for (const { index, key } of commit.writes.keys) readers.get(index)?.stab(key, touched);
    for (const entry of touched) expire(entry, commit.ts);
  };

  const onCode = (): void => {
    const ts = engine.storage.durableTs;
    for (const entry of entries) expire(entry, ts);
  };
  engine.events.on("commit", onCommit).on("code", onCode);

  /** The newest moment. Close it soon. */
  function open(): View {
    const snapshot = engine.runner.snapshot();
    const view: View = {
      snapshot,
      missed: [],
      close() {
        snapshot.close();
        views.delete(view);
      },
    };
    views.add(view);
    return view;
  }

  async function run(entry: Entry, view: View): Promise<QueryOutcome> {
    const outcome = await caller.query(entry.call, { at: view.snapshot, journal: entry.journal });
    if (entry.subscribers.size === 0) return outcome;
    const missed = missedBy(outcome, view);
    // Whoever waited for this result may hold it, even where a newer one is kept already.
    if (missed !== null) for (const onStale of entry.subscribers) onStale();
    if (entry.settled !== null && entry.settled.outcome.ts > outcome.ts) return outcome;
    if (entry.settled?.staleAt === null) unwatch(entry);
    entry.settled = { outcome, computedAtMs: now(), staleAt: missed };
    if (missed === null) watch(entry, outcome.reads);
    return outcome;
  }

  /** The first commit since `view` after which `outcome`, computed there, does not hold; null when it still does. */
  function missedBy(outcome: QueryOutcome, view: View): bigint | null {
    if (view.snapshot.code !== engine.code) return engine.storage.durableTs;
    return view.missed.find(({ writes }) => engine.touches(outcome.reads, writes))?.ts ?? null;
  }

  function read(entry: Entry, view: View, onStale: () => void): Promise<QueryOutcome> {
    const { settled, running } = entry;
    const { ts } = view.snapshot;
    if (settled !== null && settled.outcome.ts <= ts && (settled.staleAt === null || ts < settled.staleAt)) {
      // Went stale before this subscriber came, and will not again.
      if (settled.staleAt !== null) onStale();
      return Promise.resolve(settled.outcome);
    }
    if (running?.at.ts === ts && running.at.code === view.snapshot.code) return running.outcome;
    const outcome = run(entry, view).finally(() => {
      if (entry.running?.outcome === outcome) entry.running = null;
    });
    entry.running = { at: view.snapshot, outcome };
    return outcome;
  }

  function isTooOldToShare(entry: Entry): boolean {
    const { settled } = entry;
    return settled !== null && settled.outcome.observedTime !== false && now() - settled.computedAtMs > TIMED_RESULT_MS;
  }

  return {
    open,
    /**
     * @param onStale Called when the last result read no longer holds; not again until the next `read`.
     * @throws EngineError 400 for arguments that no function takes.
     */
    subscribe(call: Call, journal: string | null, onStale: () => void) {
      const key = keyOf(call, journal);
      let entry = joinable.get(key);
      if (entry === undefined || isTooOldToShare(entry)) {
        // One that is replaced lives on for the subscribers it has.
        entry = { key, call, journal, subscribers: new Set(), settled: null, running: null };
        entries.add(entry);
        joinable.set(key, entry);
      }
      const held = entry;
      const notify = () => onStale();
      held.subscribers.add(notify);
      return {
        /** The journal this query re-runs with. */
        journal,
        /** The result at exactly `view`. Rejects only when the engine itself fails. */
        read: (view: View) => read(held, view, notify),
        /** Ends the subscription; once. */
        release(): void {
          held.subscribers.delete(notify);
          if (held.subscribers.size > 0) return;
          if (held.settled?.staleAt === null) unwatch(held);
          entries.delete(held);
          if (joinable.get(held.key) === held) joinable.delete(held.key);
        },
      };
    },
    close(): void {
      engine.events.off("commit", onCommit).off("code", onCode);
    },
  };
}

/** Stands for a query that was refused before it ran: its result never changes. */
export function refusedQuery(result: UdfResult, journal: string | null): LiveQuery {
  const read = (view: View): Promise<QueryOutcome> =>
    Promise.resolve({ result, ts: view.snapshot.ts, reads: { intervals: [] }, journal });
  return { journal, read, release: () => undefined };
}

/** Equal for subscribers who would be given the same result. */
function keyOf({ path, args, identity, allowInternal }: Call, journal: string | null): string {
  try {
    return JSON.stringify([path.component, path.udf, args, whoIs(identity), allowInternal, journal]);
  } catch {
    throw new EngineError("InvalidArgument", "The arguments are nested too deeply.");
  }
}

/** Who a query runs for, without the token: a refreshed one changes nothing a function can see. */
function whoIs(identity: Identity): unknown {
  if (identity.kind === "none") return null;
  return identity.kind === "admin" ? ["admin", identity.actingAs] : ["user", identity.attributes];
}
