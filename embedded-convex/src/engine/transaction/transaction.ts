/**
 * One query's or mutation's view of the data: committed rows under its own writes, what it read (for live
 * queries), what it used (for limits), and at the end the writes themselves. All methods are synchronous;
 * ordering between concurrent calls of user code is the caller's business.
 */
import type { ReadSet, WriteSet } from "../types.ts";
import type { Catalog, Table } from "../storage/catalog.ts";
import type { Connection } from "../storage/connection.ts";
import type { KeyRange, Order, Reader, StoredDocument } from "../storage/reader.ts";
import { encodeTuple, compareKeys, documentKey, successor } from "../values/keys.ts";
import { hasCommitTs, parseObject, resolveCommitTs, type JsonObject } from "../values/json.ts";
import type { Budget } from "../values/limits.ts";
import { Overlay, type Change, type DocumentText } from "./overlay.ts";
import { Usage } from "./usage.ts";

/** Rows fetched from SQLite at a time while a query is being consumed. */
const PAGE_ROWS = 64;

export interface TransactionOptions {
  reader: Reader;
  catalog: Catalog;
  /** Newest commit this transaction sees, in nanoseconds. */
  snapshotTs: bigint;
  /** When it began, in milliseconds; `Date.now()` inside it. */
  beginMs: number;
  budget: Readonly<Budget>;
  /** Queries record what they read; mutations run alone and need not. */
  recordReads: boolean;
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

interface Interval {
  index: number;
  lower: Uint8Array;
  upper: Uint8Array;
}

export class Transaction {
  readonly snapshotTs: bigint;
  readonly beginMs: number;
  readonly usage: Usage;
  catalog: Catalog;
  /** True once the function has looked at the clock, the snapshot's time or a random number. */
  observedTime = false;
  private readonly options: TransactionOptions;
  private readonly reader: Reader;
  private readonly overlay = new Overlay();
  private readonly intervals: Interval[] = [];

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
    const row = this.reader.get(table.byId.id, encodeTuple([id]));
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
    this.record({ index: table.byId.id, ...wholeIndex });
    let total = this.reader.count(table.byId.id);
    for (const change of this.overlay.changes()) {
      if (change.table.id === table.id) total += Number(change.after !== null) - Number(change.before !== null);
    }
    return total;
  }

  /** Documents of a range in key order, read on demand. */
  cursor(range: KeyRange, order: Order, expectedRows: number): Cursor {
    this.usage.add("databaseQueries", 1);
    const interval = { ...range };
    if (order === "asc") interval.upper = range.lower;
    else interval.lower = range.upper;
    if (this.options.recordReads) this.intervals.push(interval);
    return new Cursor(this.reader, this.overlay, range, order, Math.min(PAGE_ROWS, expectedRows), interval, (text) =>
      this.countRead(text),
    );
  }

  reads(): ReadSet {
    return { intervals: this.intervals.filter((interval) => compareKeys(interval.lower, interval.upper) < 0) };
  }

  /** Changes that do something: a document made and deleted again is none. */
  changes(): Change[] {
    return [...this.overlay.changes()].filter((change) => change.before !== null || change.after !== null);
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
    return { keys };
  }

  private newChange(table: Table, id: string): Change {
    const row = this.reader.get(table.byId.id, encodeTuple([id]));
    const before = row === null ? null : { rid: row.rid, text: row.text, json: parseObject(row.text) };
    return { table, id, before, after: before };
  }

  private record(interval: Interval): void {
    if (this.options.recordReads) this.intervals.push(interval);
  }

  private countRead(text: string): void {
    this.usage.add("documentsRead", 1);
    this.usage.add("bytesRead", text.length);
  }
}

const wholeIndex = { lower: new Uint8Array(0), upper: Uint8Array.of(0xff) };

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

/**
 * Walks a range of one index in pages, merging the transaction's writes in as they are at each step. The interval
 * it was given grows exactly as far as it has read.
 */
export class Cursor {
  private readonly reader: Reader;
  private readonly overlay: Overlay;
  private readonly range: KeyRange;
  private readonly order: Order;
  private readonly pageRows: number;
  private readonly interval: Interval;
  private readonly onRead: (text: string) => void;
  private page: StoredDocument[] = [];
  private at = 0;
  private exhausted = false;
  private position: Uint8Array | null = null;

  constructor(
    reader: Reader,
    overlay: Overlay,
    range: KeyRange,
    order: Order,
    pageRows: number,
    interval: Interval,
    onRead: (text: string) => void,
  ) {
    this.reader = reader;
    this.overlay = overlay;
    this.range = range;
    this.order = order;
    this.pageRows = pageRows;
    this.interval = interval;
    this.onRead = onRead;
  }

  next(): Hit | null {
    for (;;) {
      const row = this.peekRow();
      const entry = this.overlay.next(this.range.index, this.position, this.range.lower, this.range.upper, this.order);
      const side =
        row === null ? 1 : entry === null ? -1 : compareKeys(row.key, entry.key) * (this.order === "asc" ? 1 : -1);
      if (row === null && entry === null) {
        this.interval.lower = this.range.lower;
        this.interval.upper = this.range.upper;
        return null;
      }
      if (row !== null && side <= 0) this.at += 1;
      const key = side < 0 ? row?.key : entry?.key;
      const text = side < 0 ? row?.text : entry?.document?.text;
      if (key === undefined) return null;
      this.position = key;
      if (this.order === "asc") this.interval.upper = successor(key);
      else this.interval.lower = key;
      if (text === undefined) continue;
      this.onRead(text);
      return { key, text };
    }
  }

  private peekRow(): StoredDocument | null {
    if (this.at >= this.page.length && !this.exhausted) {
      const last = this.page.at(-1)?.key;
      const rest = { ...this.range };
      if (last !== undefined && this.order === "asc") rest.lower = successor(last);
      if (last !== undefined && this.order === "desc") rest.upper = last;
      this.page = this.reader.scan(rest, this.order, this.pageRows);
      this.at = 0;
      this.exhausted = this.page.length < this.pageRows;
    }
    return this.page[this.at] ?? null;
  }
}
