/**
 * The one line every write stands in. Bodies run one at a time; what they apply is committed in groups, one fsync
 * for all that waited, and nobody is answered before the fsync that covers them.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Commit, WriteSet } from "../types.ts";
import type { Connection } from "../storage/connection.ts";
import { insertTable, type Table } from "../storage/catalog.ts";
import type { Storage } from "../storage/storage.ts";
import { tableKey } from "./transaction.ts";

/** A group is flushed when the line is empty, when it has this many members, or after this long. */
const MAX_GROUP = 64;
const MAX_GROUP_MS = 2;

/** Captured before anything (a test's fake clock, a function's guards) can replace them. */
const { setImmediate, setTimeout, clearTimeout, performance } = globalThis;

interface Waiting {
  settle: () => void;
  fail: (error: unknown) => void;
}

export class Writer {
  readonly storage: Storage;
  private readonly now: () => number;
  private readonly onCommit: (commit: Commit) => void;
  private readonly queue: (() => Promise<void>)[] = [];
  private group: Waiting[] = [];
  private commits: Commit[] = [];
  private groupStartedMs = 0;
  private working = false;
  /** Counts lost groups: a body that read from one must not be answered. */
  private lostGroups = 0;
  private builtOn = 0;
  private readonly outside = AsyncLocalStorage.snapshot();
  private readonly idleWaiters: (() => void)[] = [];

  /**
   * @param now Milliseconds since 1970.
   * @param onCommit Told of every commit once it is on disk, in their order.
   */
  constructor(storage: Storage, now: () => number, onCommit: (commit: Commit) => void) {
    this.storage = storage;
    this.now = now;
    this.onCommit = onCommit;
  }

  /** Runs `body` alone. Resolves with its value once everything it applied, and everything it could read, is on disk. */
  run<T>(body: () => Promise<T> | T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.queue.push(async () => {
        this.builtOn = this.lostGroups;
        try {
          const value = await body();
          this.assertBuiltOnDisk();
          this.group.push({ settle: () => resolve(value), fail: reject });
        } catch (error) {
          reject(error);
        }
      });
      // The line belongs to no caller: what runs in it must not inherit the context of whoever came first.
      this.outside(() => void this.work());
    });
  }

  /**
   * Applies one commit's writes and returns its time; call only inside `run`. The group's fsync comes later.
   * @param write Tells which keys it changed, where live queries may have read them.
   */
  apply(write: (db: Connection, ts: bigint) => WriteSet | void): bigint {
    this.assertBuiltOnDisk();
    const ts = this.storage.nextTs(this.now());
    const writes = this.storage.apply(ts, (db) => write(db, ts)) ?? { keys: [] };
    if (this.group.length === 0) this.groupStartedMs = performance.now();
    this.commits.push({ ts, writes });
    return ts;
  }

  /** The table of this name, created as a commit of its own where there is none; call only inside `run`. */
  tableFor(component: string, name: string): Table {
    const { storage } = this;
    if (storage.catalog.table(component, name) === null) {
      this.apply((db) => {
        insertTable(db, component, name);
        return { keys: [tableKey(component, name)] };
      });
      storage.reloadCatalog();
    }
    const table = storage.catalog.table(component, name);
    if (table === null) throw new Error(`table ${name} was not created`);
    return table;
  }

  /** Resolves when nothing runs or waits. */
  idle(): Promise<void> {
    return this.working ? new Promise((resolve) => this.idleWaiters.push(resolve)) : Promise.resolve();
  }

  private assertBuiltOnDisk(): void {
    if (this.lostGroups !== this.builtOn) throw new Error("the disk refused a commit this one was built on");
  }

  private async work(): Promise<void> {
    if (this.working) return;
    this.working = true;
    for (let job = this.queue.shift(); job !== undefined; job = this.queue.shift()) {
      // A body that waits for long must not hold back the answers of those before it.
      const timer = this.group.length === 0 ? undefined : setTimeout(() => this.flush(), MAX_GROUP_MS);
      await job();
      clearTimeout(timer);
      if (
        this.queue.length === 0 ||
        this.group.length >= MAX_GROUP ||
        performance.now() - this.groupStartedMs > MAX_GROUP_MS
      ) {
        this.flush();
        // Lets sockets and timers in, and with them the members of the next group.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    this.working = false;
    for (const resolve of this.idleWaiters.splice(0)) resolve();
  }

  private flush(): void {
    const { group, commits } = this;
    this.group = [];
    this.commits = [];
    try {
      this.storage.flush();
    } catch (error) {
      this.lostGroups += 1;
      for (const waiting of group) waiting.fail(error);
      return;
    }
    commits.forEach(this.onCommit);
    for (const waiting of group) waiting.settle();
  }
}
