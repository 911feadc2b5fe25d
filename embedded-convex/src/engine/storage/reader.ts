/** Reads of documents through one connection: a point, or a page of a range. Never more rows than asked for. */
import type { KeyRange } from "../types.ts";
import { successor, wholeIndex } from "../values/keys.ts";
import type { Table } from "./catalog.ts";
import { bytesOf, numberOf, textOf, type Connection, type Row } from "./connection.ts";

export interface StoredDocument {
  rid: number;
  /** Where it stands in the index it was read through. */
  key: Uint8Array;
  /** The document's JSON text, `_id` and `_creationTime` included. */
  text: string;
}

export type Order = "asc" | "desc";

const SELECT =
  "SELECT e.key, e.rid, d.value FROM entries e CROSS JOIN documents d ON d.rid = e.rid WHERE e.index_id = ?";
const SCAN = {
  asc: `${SELECT} AND e.key >= ? AND e.key < ? ORDER BY e.key LIMIT ?`,
  desc: `${SELECT} AND e.key >= ? AND e.key < ? ORDER BY e.key DESC LIMIT ?`,
};

/** The document at exactly this key of an index. */
export function rowAt(db: Connection, index: number, key: Uint8Array): StoredDocument | null {
  const row = db.get(`${SELECT} AND e.key = ?`, index, key);
  return row === undefined ? null : toDocument(row);
}

export function rowsIn(db: Connection, range: KeyRange, order: Order, limit: number): StoredDocument[] {
  return db.all(SCAN[order], range.index, range.lower, range.upper, limit).map(toDocument);
}

/** What is left of a range, read in `order`, after the row at `key`. */
export function rangeAfter(range: KeyRange, order: Order, key: Uint8Array): KeyRange {
  return order === "asc" ? { ...range, lower: successor(key) } : { ...range, upper: key };
}

/** The rows of a range one by one, fetched `size` at a time. */
export function* rowsOf(
  db: Connection,
  range: KeyRange,
  order: Order,
  size: number,
): Generator<StoredDocument, undefined> {
  for (const page of pagesOf(db, range, order, size)) yield* page;
}

/** A whole table in order of creation, `size` rows at a time. */
export function tablePages(db: Connection, table: Table, size: number): Generator<StoredDocument[], undefined> {
  return pagesOf(db, wholeIndex(table.byCreationTime), "asc", size);
}

function* pagesOf(db: Connection, range: KeyRange, order: Order, size: number): Generator<StoredDocument[], undefined> {
  for (let rest = range; ;) {
    const page = rowsIn(db, rest, order, size);
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    if (page.length < size) return;
    rest = rangeAfter(rest, order, last.key);
  }
}

function toDocument(row: Row): StoredDocument {
  return { key: bytesOf(row, "key"), rid: numberOf(row, "rid"), text: textOf(row, "value") };
}
