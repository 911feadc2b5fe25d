/**
 * The database file: one writing connection, snapshots on reading ones. WAL gives every reader the state at its
 * BEGIN; `synchronous=FULL` makes COMMIT return only after the fsync. Nothing here knows of functions or schemas.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { EngineError } from "../types.ts";
import { Catalog } from "./catalog.ts";
import { Connection, textOf } from "./connection.ts";
import { migrate } from "./format.ts";

/** A consistent view, shared by everyone who asks before the next commit. */
export interface StorageSnapshot {
  /** Commit time in nanoseconds since 1970. */
  readonly ts: bigint;
  readonly reader: Connection;
  /** Idempotent. */
  close(): void;
}

interface SharedView {
  reader: Connection;
  ts: bigint;
  users: number;
}

const MAX_IDLE_READERS = 4;
const PIN_SNAPSHOT = "SELECT value FROM meta WHERE name = 'last_ts'";

/** The right to a database; its connection is never used for anything else. */
export type DatabaseLock = Pick<Connection, "close">;

/**
 * One process per database: an exclusive transaction on a side file, which the system ends with the process, however
 * that dies. Throws EngineError "AlreadyRunning" when someone else has it.
 */
export function lockDatabase(file: string): DatabaseLock {
  mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
  try {
    const lock = new Connection(`${file}.lock`, { readOnly: false, waitMs: 0 });
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    if (!(error instanceof Error && error.message.includes("locked"))) throw error;
    const advice = "Stop it first, or use another data directory.";
    throw new EngineError("AlreadyRunning", `Another process has ${file} open. ${advice}`, 409);
  }
}

export class Storage {
  readonly writer: Connection;
  /** Newest commit that is on disk, in nanoseconds. Changed only here, like the next one. */
  durableTs: bigint;
  /** Newest commit the writer sees, on disk or about to be. */
  appliedTs: bigint;
  /** Reloaded by whoever commits a change of tables or indexes. */
  catalog: Catalog;
  private readonly file: string;
  private readonly lock: DatabaseLock | null;
  /** Folder of a throw-away database; null for a file that stays. */
  private readonly privateFolder: string | null;
  private readonly idle: Connection[] = [];
  private current: SharedView | null = null;
  private lastCreation: number;
  private groupLost = false;

  /**
   * Opens or creates. ":memory:" is a private file that goes away with the process, even with one that is killed.
   * Throws EngineError when another process has it open.
   * @param options.locked True for a caller who holds the database's lock.
   */
  constructor(file: string, options: { synchronous: "full" | "normal"; nowMs: number; locked: boolean }) {
    const isPrivate = file === ":memory:";
    this.privateFolder = isPrivate ? mkdtempSync(path.join(tmpdir(), "embedded-convex-")) : null;
    this.file = this.privateFolder === null ? file : path.join(this.privateFolder, "data.db");
    this.lock = isPrivate || options.locked ? null : lockDatabase(file);
    this.writer = new Connection(this.file, { readOnly: false });
    this.writer.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${isPrivate ? "off" : options.synchronous};`);
    migrate(this.writer);
    this.checkAfterCrash();
    this.catalog = Catalog.load(this.writer);
    const now = BigInt(Math.floor(options.nowMs)) * 1_000_000n;
    const stored = BigInt(this.meta("last_ts"));
    // Clients remember the newest timestamp they saw; time must not run backwards across a restart.
    this.durableTs = stored > now ? stored : now;
    this.appliedTs = this.durableTs;
    this.lastCreation = Number(this.meta("last_creation"));
    if (isPrivate) this.detach();
  }

  meta(name: string): string {
    return textOf(this.writer.get("SELECT value FROM meta WHERE name = ?", name) ?? {}, "value");
  }

  reloadCatalog(): void {
    this.catalog = Catalog.load(this.writer);
  }

  snapshot(): StorageSnapshot {
    const view = (this.current ??= this.openView());
    view.users += 1;
    let open = true;
    return {
      ts: view.ts,
      reader: view.reader,
      close: () => {
        if (!open) return;
        open = false;
        view.users -= 1;
        if (view !== this.current) this.retire(view);
      },
    };
  }

  /** The time of the next commit: the clock, or just after the last one where the clock stood still or went back. */
  nextTs(nowMs: number): bigint {
    const now = BigInt(Math.floor(nowMs)) * 1_000_000n;
    return now > this.appliedTs ? now : this.appliedTs + 1n;
  }

  /** A `_creationTime` in milliseconds, later than every one before. */
  nextCreationTime(nowMs: number): number {
    this.lastCreation = nowMs > this.lastCreation ? nowMs : nextUp(this.lastCreation);
    return this.lastCreation;
  }

  /**
   * Runs writes in the open group (opening it when none is), all or nothing, as the commit at `ts`. They are
   * visible to the writer at once and to everyone else, and durable, after `flush`.
   */
  apply<T>(ts: bigint, write: (db: Connection) => T): T {
    if (!this.writer.inTransaction) this.writer.exec("BEGIN IMMEDIATE");
    this.writer.exec("SAVEPOINT one");
    let result: T;
    try {
      result = write(this.writer);
      this.writer.run("UPDATE meta SET value = ? WHERE name = 'last_ts'", String(ts));
      this.writer.run("UPDATE meta SET value = ? WHERE name = 'last_creation'", String(this.lastCreation));
    } catch (error) {
      // A full disk ends the whole transaction by itself; otherwise only this commit is undone.
      if (this.writer.inTransaction) this.writer.exec("ROLLBACK TO one; RELEASE one");
      else this.groupLost = true;
      throw error;
    }
    this.writer.exec("RELEASE one");
    this.appliedTs = ts;
    return result;
  }

  /** COMMIT: returns after the fsync. Throws when the disk refuses; then everything since the last flush is gone. */
  flush(): void {
    try {
      if (this.groupLost) throw new Error("the disk refused a write");
      if (this.writer.inTransaction) this.writer.exec("COMMIT");
    } catch (error) {
      this.abandon();
      throw error;
    }
    this.durableTs = this.appliedTs;
    const view = this.current;
    this.current = null;
    if (view !== null) this.retire(view);
  }

  close(): void {
    this.current?.reader.close();
    this.current = null;
    for (const connection of this.idle.splice(0)) connection.close();
    this.writer.run("UPDATE meta SET value = '0' WHERE name = 'running'");
    this.writer.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    this.writer.close();
    this.lock?.close();
    if (this.privateFolder !== null) removeFolder(this.privateFolder);
  }

  /** Drops the open group and reads back what disk has. */
  private abandon(): void {
    if (this.writer.inTransaction) this.writer.exec("ROLLBACK");
    this.groupLost = false;
    this.appliedTs = this.durableTs;
    this.reloadCatalog();
  }

  /** SQLite recovers by itself; the check finds what it cannot, a damaged disk, before anything is built on it. */
  private checkAfterCrash(): void {
    const verdict = this.meta("running") === "1" ? this.writer.get("PRAGMA quick_check(1)")?.["quick_check"] : "ok";
    if (verdict !== "ok") {
      const message = `The database file is damaged (${String(verdict)}). Restore a backup.`;
      throw new EngineError("CorruptDatabase", message, 500);
    }
    this.writer.run("UPDATE meta SET value = '1' WHERE name = 'running'");
  }

  private openView(): SharedView {
    const reader = this.takeReader();
    reader.exec("BEGIN");
    reader.get(PIN_SNAPSHOT);
    return { reader, ts: this.durableTs, users: 0 };
  }

  /** Ends a view that nobody can ask for any more, once nobody uses it. */
  private retire({ users, reader }: SharedView): void {
    if (users > 0) return;
    reader.exec("COMMIT");
    if (this.idle.length < MAX_IDLE_READERS) this.idle.push(reader);
    else reader.close();
  }

  private takeReader(): Connection {
    const idle = this.idle.pop();
    if (idle !== undefined) return idle;
    if (this.privateFolder === null) return new Connection(this.file, { readOnly: true });
    const message = `A throw-away database keeps at most ${MAX_IDLE_READERS} snapshots.`;
    throw new EngineError("TooManySnapshots", message, 503);
  }

  /** Opens all readers a private file will have and takes its name away: the system frees it with the last of them. */
  private detach(): void {
    for (let i = 0; i < MAX_IDLE_READERS; i++) {
      const reader = new Connection(this.file, { readOnly: true });
      reader.get(PIN_SNAPSHOT);
      this.idle.push(reader);
    }
    // Windows does not remove open files; there the folder goes in `close`.
    if (process.platform !== "win32" && this.privateFolder !== null) removeFolder(this.privateFolder);
  }
}

function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

function nextUp(value: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + 1n);
  return view.getFloat64(0);
}
