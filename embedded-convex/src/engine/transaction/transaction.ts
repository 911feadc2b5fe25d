/**
 * One query's or mutation's view of the data: committed rows under its own writes, what it read (for live
 * queries), what it used (for limits), and at the end the writes themselves. All methods are synchronous;
 * ordering between concurrent calls of user code is the caller's business.
 */
import type { IndexKey, KeyRange, ReadSet, WriteSet } from "../types.ts";
import type { Catalog, Table } from "../storage/catalog.ts";
import type { Connection } from "../storage/connection.ts";
import { rowAt, rowsOf, type Order, type StoredDocument } from "../storage/reader.ts";
import { compareKeys, documentKey, encodeTuple, successor } from "../values/keys.ts";
import { parseObject, resolveCommitTs, type JsonObject } from "../values/json.ts";
import type { Budget } from "../values/limits.ts";
import { Overlay, type Change, type DocumentText } from "./overlay.ts";
import { Usage } from "./usage.ts";
import type { Writer } from "./writer.ts";

/** Rows fetched from SQLite at a time while a query is being consumed. */
const PAGE_ROWS = 64;

export interface TransactionOptions {
  reader: Connection;
  catalog: Catalog;
  /** Newest commit this transaction sees, in nanoseconds. */
  ts: bigint;
  /** When it began, in milliseconds; `Date.now()` inside it. */
  beginMs: number;
  budget: Readonly<Budget>;
  /** Hands out `_creationTime`s and makes tables; null makes the transaction read-only. */
  writer: Writer | null;
}

/** A document met while reading a range. */
export interface Hit {
  readonly key: Uint8Array;
  readonly text: string;
}

/** Under this key the coming into being of a table is read and written; real indexes start at 1. */
export function tableKey(component: string, name: string): IndexKey {
  return { index: 0, key: encodeTuple([component, name]) };
}

export class Transaction {
  readonly ts: bigint;
  readonly beginMs: number;
  readonly usage: Usage;
  readonly isWritable: boolean;
  catalog: Catalog;
  /** True once the function has looked at the clock, the snapshot's time or a random number. */
  observedTime = false;
  private readonly options: TransactionOptions;
  private readonly overlay = new Overlay();
  private readonly intervals: KeyRange[] = [];
  private readonly more: ((db: Connection) => void)[] = [];

  constructor(options: TransactionOptions, usage = new Usage(options.budget)) {
    this.options = options;
    this.usage = usage;
    this.isWritable = options.writer !== null;
    this.catalog = options.catalog;
    this.ts = options.ts;
    this.beginMs = options.beginMs;
  }

  /** The same moment without this transaction's own writes; uses the same budget. */
  withoutWrites(): Transaction {
    return new Transaction({ ...this.options, catalog: this.catalog, writer: null }, this.usage);
  }

  creationTime(): number {
    return this.writer().storage.nextCreationTime(this.beginMs);
  }

  /** A table to write to; made where there is none. */
  tableFor(component: string, name: string): Table {
    const known = this.catalog.table(component, name);
    if (known !== null) return known;
    const made = this.writer().tableFor(component, name);
    this.catalog = this.writer().storage.catalog;
    return made;
  }

  get(table: Table, id: string): DocumentText | null {
    this.usage.add("databaseQueries", 1);
    this.recordKey({ index: table.byId.id, key: encodeTuple([id]) });
    const found = this.peek(table, id);
    if (found !== null) this.countRead(found.text);
    return found;
  }

  /** Reads without counting or recording: for the writes themselves and the engine's own checks. */
  peek(table: Table, id: string): DocumentText | null {
    const change = this.overlay.change(id);
    return change === undefined ? this.committed(table, id) : change.after;
  }

  /** Inserts, replaces or (null) deletes a document whose checks are done. Counts nothing. */
  put(table: Table, id: string, json: JsonObject | null): void {
    let change = this.overlay.change(id);
    if (change === undefined) {
      const before = this.committed(table, id);
      change = { table, id, before, after: before };
    }
    this.overlay.put(change, json === null ? null : { json, text: JSON.stringify(json) });
  }

  /** Reading a table that does not exist yet is a read: it may be created. */
  noteMissingTable(component: string, name: string): void {
    this.recordKey(tableKey(component, name));
  }

  /** Starts a nested call, which may use so much more at most. What it returns ends it and, unless kept, undoes its writes. */
  nest(limits: Partial<Budget>): (kept: boolean) => void {
    const endUsage = this.usage.nest(limits);
    const [writes, more] = [this.overlay.savepoint(), this.more.length];
    return (kept) => {
      endUsage(kept);
      if (kept) return;
      this.overlay.rollback(writes);
      this.more.length = more;
    };
  }

  /**
   * Documents of a range in key order, read in pages as they are asked for. The transaction's writes are merged in as
   * they are at each step, and the range counts as read exactly as far as it has been walked.
   */
  *walk(range: KeyRange, order: Order, expectedRows: number): Generator<Hit, undefined> {
    this.usage.add("databaseQueries", 1);
    const ascending = order === "asc";
    const direction = ascending ? 1 : -1;
    const read = ascending ? { ...range, upper: range.lower } : { ...range, lower: range.upper };
    this.record(read);
    const rows = rowsOf(this.options.reader, range, order, Math.min(PAGE_ROWS, expectedRows));
    let position: Uint8Array | null = null;
    // Undefined while the next row has not been asked for, null when there is none.
    let row: StoredDocument | null | undefined;
    for (;;) {
      if (row === undefined) row = rows.next().value ?? null;
      const entry = this.overlay.next(range, position, order);
      const isRow = entry === undefined || (row !== null && compareKeys(row.key, entry.key) * direction < 0);
      const next = isRow ? row : entry;
      if (next === null) break;
      if (row !== null && compareKeys(row.key, next.key) === 0) row = undefined;
      position = next.key;
      if (ascending) read.upper = successor(next.key);
      else read.lower = next.key;
      if (next.text === null) continue;
      this.countRead(next.text);
      yield { key: next.key, text: next.text };
    }
    Object.assign(read, range);
  }

  reads(): ReadSet {
    return { intervals: this.intervals.filter((interval) => compareKeys(interval.lower, interval.upper) < 0) };
  }

  /** Changes that do something. */
  changes(): Change[] {
    return this.overlay.changes();
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
    const keys: IndexKey[] = [];
    for (const change of this.changes()) {
      const after = change.after === null ? null : resolved(change.after, ts);
      const rid = writeDocument(db, change, after);
      for (const { id: index, fields } of change.table.indexes) {
        const from = change.before === null ? null : documentKey(fields, change.before.json);
        const to = after === null ? null : documentKey(fields, after.json);
        const moved = from === null || to === null || compareKeys(from, to) !== 0;
        if (from !== null && moved) db.run("DELETE FROM entries WHERE index_id = ? AND key = ?", index, from);
        if (to !== null && moved) db.run("INSERT INTO entries (index_id, key, rid) VALUES (?, ?, ?)", index, to, rid);
        if (from !== null) keys.push({ index, key: from });
        if (to !== null && moved) keys.push({ index, key: to });
      }
    }
    for (const write of this.more) write(db);
    return { keys };
  }

  private writer(): Writer {
    if (this.options.writer === null) throw new TypeError("a query cannot write");
    return this.options.writer;
  }

  private committed(table: Table, id: string): Change["before"] {
    const row = rowAt(this.options.reader, table.byId.id, encodeTuple([id]));
    return row === null ? null : { rid: row.rid, text: row.text, json: parseObject(row.text) };
  }

  private recordKey({ index, key }: IndexKey): void {
    this.record({ index, lower: key, upper: successor(key) });
  }

  /** Queries record what they read; mutations run alone and need not. */
  private record(interval: KeyRange): void {
    if (!this.isWritable) this.intervals.push(interval);
  }

  private countRead(text: string): void {
    this.usage.add("documentsRead", 1);
    this.usage.add("bytesRead", text.length);
  }
}

function resolved(document: DocumentText, ts: bigint): DocumentText {
  const text = resolveCommitTs(document.text, ts);
  return text === document.text ? document : { text, json: parseObject(text) };
}

/** Returns the document's row. */
function writeDocument(db: Connection, { before }: Change, after: DocumentText | null): number {
  if (before === null) return after === null ? 0 : db.run("INSERT INTO documents (value) VALUES (?)", after.text);
  if (after === null) db.run("DELETE FROM documents WHERE rid = ?", before.rid);
  else db.run("UPDATE documents SET value = ? WHERE rid = ?", after.text, before.rid);
  return before.rid;
}
