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
import { Reader } from "./reader.ts";

/** A consistent view, shared by everyone who asks before the next commit. */
export interface StorageSnapshot {
  readonly ts: bigint;
  readonly reader: Reader;
  /** Idempotent. */
  close(): void;
}

interface SharedView {
  connection: Connection;
  reader: Reader;
  ts: bigint;
  users: number;
}

const MAX_IDLE_READERS = 4;

export class Storage {
  readonly writer: Connection;
  readonly writerReader: Reader;
  private readonly file: string;
  private readonly lock: Connection | null;
  /** Folder of a throw-away database; null for a file that stays. */
  private readonly privateFolder: string | null;
  private readonly idle: Connection[] = [];
  private current: SharedView | null = null;
  private durable: bigint;
  private applied: bigint;
  private lastCreation: number;
  private groupLost = false;
  catalog: Catalog;

  private constructor(
    file: string,
    lock: Connection | null,
    privateFolder: string | null,
    synchronous: "full" | "normal" | "off",
    nowMs: number,
  ) {
    this.file = file;
    this.lock = lock;
    this.privateFolder = privateFolder;
    this.writer = new Connection(file, { readOnly: false });
    this.writer.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous};`);
    migrate(this.writer);
    this.checkAfterCrash();
    this.writerReader = new Reader(this.writer);
    this.catalog = Catalog.load(this.writer);
    const now = BigInt(Math.floor(nowMs)) * 1_000_000n;
    const stored = BigInt(this.meta("last_ts"));
    // Clients remember the newest timestamp they saw; time must not run backwards across a restart.
    this.durable = stored > now ? stored : now;
    this.applied = this.durable;
    this.lastCreation = Number(this.meta("last_creation"));
    if (privateFolder !== null) this.detach(privateFolder);
  }

  /**
   * Opens or creates. ":memory:" is a private file that goes away with the process, even with one that is killed.
   * Throws EngineError when another process has it open.
   */
  static open(file: string, options: { synchronous: "full" | "normal"; nowMs: number }): Storage {
    if (file === ":memory:") {
      const folder = mkdtempSync(path.join(tmpdir(), "embedded-convex-"));
      return new Storage(path.join(folder, "data.db"), null, folder, "off", options.nowMs);
    }
    mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
    return new Storage(file, lockFor(file), null, options.synchronous, options.nowMs);
  }

  /** Newest commit that is on disk, in nanoseconds. */
  get durableTs(): bigint {
    return this.durable;
  }

  /** Newest commit the writer sees, on disk or about to be. */
  get appliedTs(): bigint {
    return this.applied;
  }

  meta(name: string): string {
    const row = this.writer.get("SELECT value FROM meta WHERE name = ?", name);
    if (row === undefined) throw new TypeError(`meta ${name} is missing`);
    return textOf(row, "value");
  }

  snapshot(): StorageSnapshot {
    const view = this.current ?? this.openView();
    this.current = view;
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
    return now > this.applied ? now : this.applied + 1n;
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
    this.applied = ts;
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
    this.durable = this.applied;
    const view = this.current;
    this.current = null;
    if (view !== null) this.retire(view);
  }

  /** Drops the open group and reads back what disk has. */
  private abandon(): void {
    if (this.writer.inTransaction) this.writer.exec("ROLLBACK");
    this.groupLost = false;
    this.applied = this.durable;
    this.catalog = Catalog.load(this.writer);
  }

  /** Hot copy to a new file, as of the last commit. */
  backup(target: string): void {
    const source = this.takeReader();
    try {
      source.get("VACUUM INTO ?", target);
    } finally {
      this.giveBack(source);
    }
  }

  close(): void {
    if (this.current !== null) this.endView(this.current);
    this.current = null;
    for (const connection of this.idle.splice(0)) connection.close();
    this.writer.run("UPDATE meta SET value = '0' WHERE name = 'running'");
    this.writer.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    this.writer.close();
    this.lock?.close();
    if (this.privateFolder !== null) removeFolder(this.privateFolder);
  }

  /** SQLite recovers by itself; the check finds what it cannot, a damaged disk, before anything is built on it. */
  private checkAfterCrash(): void {
    if (this.meta("running") === "1") {
      const verdict = this.writer.get("PRAGMA quick_check(1)")?.["quick_check"];
      if (verdict !== "ok")
        throw new EngineError(
          "CorruptDatabase",
          `The database file is damaged (${String(verdict)}). Restore a backup.`,
          500,
        );
    }
    this.writer.run("UPDATE meta SET value = '1' WHERE name = 'running'");
  }

  private openView(): SharedView {
    const connection = this.takeReader();
    connection.exec("BEGIN");
    // The first read pins the snapshot.
    connection.get("SELECT value FROM meta WHERE name = 'last_ts'");
    return { connection, reader: new Reader(connection), ts: this.durable, users: 0 };
  }

  private retire(view: SharedView): void {
    if (view.users === 0) this.endView(view);
  }

  private endView(view: SharedView): void {
    view.connection.exec("COMMIT");
    this.giveBack(view.connection);
  }

  private takeReader(): Connection {
    const idle = this.idle.pop();
    if (idle !== undefined) return idle;
    if (this.privateFolder === null) return new Connection(this.file, { readOnly: true });
    throw new EngineError(
      "TooManySnapshots",
      `A throw-away database keeps at most ${MAX_IDLE_READERS} snapshots.`,
      503,
    );
  }

  private giveBack(connection: Connection): void {
    if (this.idle.length < MAX_IDLE_READERS) this.idle.push(connection);
    else connection.close();
  }

  /** Opens all readers a private file will have and takes its name away: the system frees it with the last of them. */
  private detach(folder: string): void {
    for (let i = 0; i < MAX_IDLE_READERS; i++) {
      const reader = new Connection(this.file, { readOnly: true });
      reader.get("SELECT value FROM meta WHERE name = 'last_ts'");
      this.idle.push(reader);
    }
    // Windows does not remove open files; there the folder goes in `close`.
    if (process.platform !== "win32") removeFolder(folder);
  }
}

function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** One process per database: an exclusive transaction on a side file, which the system ends with the process. */
function lockFor(file: string): Connection {
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

function nextUp(value: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + 1n);
  return view.getFloat64(0);
}
