/**
 * One query's or mutation's view of the data: committed rows under its own writes, what it read (for live
 * queries), what it used (for limits), and at the end the writes themselves. All methods are synchronous;
 * ordering between concurrent calls of user code is the caller's business.
 */
import type { KeyRange, ReadSet, WriteSet } from "../types.ts";
import type { Catalog, Table } from "../storage/catalog.ts";
import type { Connection } from "../storage/connection.ts";
import { countRows, rangeAfter, rowAt, rowsIn, type Order, type StoredDocument } from "../storage/reader.ts";
import { compareKeys, documentKey, encodeTuple, successor, wholeIndex } from "../values/keys.ts";
import { hasCommitTs, parseObject, resolveCommitTs, type JsonObject } from "../values/json.ts";
import type { Budget } from "../values/limits.ts";
import { Overlay, type Change, type DocumentText } from "./overlay.ts";
import { Usage } from "./usage.ts";

/** Rows fetched from SQLite at a time while a query is being consumed. */
const PAGE_ROWS = 64;

export interface TransactionOptions {
  reader: Connection;
  catalog: Catalog;
  /** Newest commit this transaction sees, in nanoseconds. */
  snapshotTs: bigint;
  /** When it began, in milliseconds; `Date.now()` inside it. */
  beginMs: number;
  budget: Readonly<Budget>;
  /** Hands out `_creationTime`s; null makes the transaction read-only. */
  nextCreationTime: ((nowMs: number) => number) | null;
}

/** Index number under which the coming into being of tables is read and written; real indexes start at 1. */
const TABLES_INDEX = 0;

/** What a commit that creates a table has written. */
export function tableCreated(component: string, name: string): WriteSet {
  return { keys: [{ index: TABLES_INDEX, key: tableKey(component, name) }] };
}

function tableKey(component: string, name: string): Uint8Array {
  return encodeTuple([component, name]);
}

export class Transaction {
  readonly snapshotTs: bigint;
  readonly beginMs: number;
  readonly usage: Usage;
  catalog: Catalog;
  /** True once the function has looked at the clock, the snapshot's time or a random number. */
  observedTime = false;
  private readonly options: TransactionOptions;
  private readonly reader: Connection;
  private readonly overlay = new Overlay();
  private readonly intervals: KeyRange[] = [];
  private readonly more: ((db: Connection) => void)[] = [];

  constructor(options: TransactionOptions, usage = new Usage(options.budget)) {
    this.options = options;
    this.usage = usage;
    this.reader = options.reader;
    this.catalog = options.catalog;
    this.snapshotTs = options.snapshotTs;
    this.beginMs = options.beginMs;
  }

  get writable(): boolean {
    return this.options.nextCreationTime !== null;
  }

  /** The same moment without this transaction's own writes; uses the same budget. */
  withoutWrites(): Transaction {
    return new Transaction({ ...this.options, catalog: this.catalog, nextCreationTime: null }, this.usage);
  }

  creationTime(): number {
    if (this.options.nextCreationTime === null) throw new TypeError("a query cannot write");
    return this.options.nextCreationTime(this.beginMs);
  }

  get(table: Table, id: string): DocumentText | null {
    const key = encodeTuple([id]);
    this.usage.add("databaseQueries", 1);
    this.record({ index: table.byId.id, lower: key, upper: successor(key) });
    const found = this.peek(table, id);
    if (found !== null) this.countRead(found.text);
    return found;
  }

  /** Reads without counting or recording: for the writes themselves and the engine's own checks. */
  peek(table: Table, id: string): DocumentText | null {
    const change = this.overlay.change(id);
    if (change !== undefined) return change.after;
    const row = rowAt(this.reader, table.byId.id, encodeTuple([id]));
    return row === null ? null : { text: row.text, json: parseObject(row.text) };
  }

  /** Inserts, replaces or (null) deletes a document whose checks are done; `bytes` is its size as Convex counts. */
  put(table: Table, id: string, json: JsonObject | null, bytes: number): void {
    const change = this.overlay.change(id) ?? this.newChange(table, id);
    this.usage.add("documentsWritten", 1);
    this.usage.add("bytesWritten", bytes);
    this.overlay.put(change, json === null ? null : { json, text: JSON.stringify(json) });
  }

  /** Reading a table that does not exist yet is a read: it may be created. */
  noteMissingTable(component: string, name: string): void {
    const key = tableKey(component, name);
    this.record({ index: TABLES_INDEX, lower: key, upper: successor(key) });
  }

  savepoint(): number {
    return this.overlay.savepoint();
  }

  rollback(savepoint: number): void {
    this.overlay.rollback(savepoint);
  }

  count(table: Table): number {
    this.record(wholeIndex(table.byId));
    let total = countRows(this.reader, table);
    for (const change of this.overlay.changes()) {
      if (change.table.id === table.id) total += Number(change.after !== null) - Number(change.before !== null);
    }
    return total;
  }

  /**
   * Documents of a range in key order, read in pages as they are asked for; null at the end. The transaction's writes
   * are merged in as they are at each step, and the range counts as read exactly as far as it has been walked.
   */
  walk(range: KeyRange, order: Order, expectedRows: number): () => Hit | null {
    this.usage.add("databaseQueries", 1);
    const ascending = order === "asc";
    const read = ascending ? { ...range, upper: range.lower } : { ...range, lower: range.upper };
    this.record(read);
    const nextRow = pages(this.reader, range, order, Math.min(PAGE_ROWS, expectedRows));
    let row: StoredDocument | null | undefined;
    let position: Uint8Array | null = null;
    return () => {
      for (;;) {
        if (row === undefined) row = nextRow();
        const entry = this.overlay.next(range, position, order);
        if (row === null && entry === undefined) {
          Object.assign(read, range);
          return null;
        }
        const side =
          row === null ? 1 : entry === undefined ? -1 : compareKeys(row.key, entry.key) * (ascending ? 1 : -1);
        const key = side < 0 ? row?.key : entry?.key;
        const text = side < 0 ? row?.text : entry?.document?.text;
        if (side <= 0) row = undefined;
        if (key === undefined) return null;
        position = key;
        if (ascending) read.upper = successor(key);
        else read.lower = key;
        if (text === undefined) continue;
        this.countRead(text);
        return { key, text };
      }
    };
  }

  reads(): ReadSet {
    return { intervals: this.intervals.filter((interval) => compareKeys(interval.lower, interval.upper) < 0) };
  }

  /** Changes that do something: a document made and deleted again is none. */
  changes(): Change[] {
    return [...this.overlay.changes()].filter((change) => change.before !== null || change.after !== null);
  }

  /** Adds rows of the engine's own tables to the commit. */
  also(write: (db: Connection) => void): void {
    this.more.push(write);
  }

  get hasMore(): boolean {
    return this.more.length > 0;
  }

  /** Writes everything as the commit at `ts`; returns the keys that changed, old and new, in every index. */
  write(db: Connection, ts: bigint): WriteSet {
    const keys: { index: number; key: Uint8Array }[] = [];
    for (const change of this.changes()) {
      const after = change.after === null ? null : resolved(change.after, ts);
      const rid = writeDocument(db, change, after);
      for (const index of change.table.indexes) {
        const from = change.before === null ? null : documentKey(index.fields, change.before.json);
        const to = after === null ? null : documentKey(index.fields, after.json);
        const moved = from === null || to === null || compareKeys(from, to) !== 0;
        if (from !== null && moved) db.run("DELETE FROM entries WHERE index_id = ? AND key = ?", index.id, from);
        if (to !== null && moved)
          db.run("INSERT INTO entries (index_id, key, rid) VALUES (?, ?, ?)", index.id, to, rid);
        if (from !== null) keys.push({ index: index.id, key: from });
        if (to !== null && moved) keys.push({ index: index.id, key: to });
      }
      change.after = after;
    }
    for (const write of this.more) write(db);
    return { keys };
  }

  private newChange(table: Table, id: string): Change {
    const row = rowAt(this.reader, table.byId.id, encodeTuple([id]));
    const before = row === null ? null : { rid: row.rid, text: row.text, json: parseObject(row.text) };
    return { table, id, before, after: before };
  }

  /** Queries record what they read; mutations run alone and need not. */
  private record(interval: KeyRange): void {
    if (!this.writable) this.intervals.push(interval);
  }

  private countRead(text: string): void {
    this.usage.add("documentsRead", 1);
    this.usage.add("bytesRead", text.length);
  }
}

function resolved(document: DocumentText, ts: bigint): DocumentText {
  if (!hasCommitTs(document.text)) return document;
  const text = resolveCommitTs(document.text, ts);
  return { text, json: parseObject(text) };
}

function writeDocument(db: Connection, change: Change, after: DocumentText | null): number {
  if (change.before === null)
    return after === null ? 0 : db.run("INSERT INTO documents (value) VALUES (?)", after.text);
  const { rid } = change.before;
  if (after === null) db.run("DELETE FROM documents WHERE rid = ?", rid);
  else db.run("UPDATE documents SET value = ? WHERE rid = ?", after.text, rid);
  return rid;
}

/** A document met while reading a range. */
export interface Hit {
  key: Uint8Array;
  text: string;
}

/** The committed rows of a range one by one, fetched `size` at a time. */
function pages(reader: Connection, range: KeyRange, order: Order, size: number): () => StoredDocument | null {
  let page: StoredDocument[] = [];
  let at = 0;
  let rest: KeyRange | null = range;
  return () => {
    if (at === page.length && rest !== null) {
      page = rowsIn(reader, rest, order, size);
      at = 0;
      const last = page.at(-1);
      rest = last === undefined || page.length < size ? null : rangeAfter(rest, order, last.key);
    }
    return page[at++] ?? null;
  };
}
