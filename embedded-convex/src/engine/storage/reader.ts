/** Reads of documents through one connection: a point, or a page of a range. Never more rows than asked for. */
import { FIRST_KEY } from "../values/keys.ts";
import { bytesOf, numberOf, textOf, type Connection, type Row } from "./connection.ts";

export interface StoredDocument {
  rid: number;
  /** Where it stands in the index it was read through. */
  key: Uint8Array;
  /** The document's JSON text, `_id` and `_creationTime` included. */
  text: string;
}

/** [lower, upper) of one index. */
export interface KeyRange {
  index: number;
  lower: Uint8Array;
  upper: Uint8Array;
}

export type Order = "asc" | "desc";

const SCAN =
  "SELECT e.key, e.rid, d.value FROM entries e CROSS JOIN documents d ON d.rid = e.rid WHERE e.index_id = ? AND e.key >= ? AND e.key < ?";
const SCAN_SQL = { asc: `${SCAN} ORDER BY e.key LIMIT ?`, desc: `${SCAN} ORDER BY e.key DESC LIMIT ?` };
const GET_SQL =
  "SELECT e.key, e.rid, d.value FROM entries e CROSS JOIN documents d ON d.rid = e.rid WHERE e.index_id = ? AND e.key = ?";

export class Reader {
  private readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  get(index: number, key: Uint8Array): StoredDocument | null {
    const row = this.connection.get(GET_SQL, index, key);
    return row === undefined ? null : toDocument(row);
  }

  scan(range: KeyRange, order: Order, limit: number): StoredDocument[] {
    return this.connection.all(SCAN_SQL[order], range.index, range.lower, range.upper, limit).map(toDocument);
  }

  /** Number of entries in an index; reads all of them, so only for `count()`. */
  count(index: number): number {
    const row = this.connection.get(
      "SELECT count(*) AS n FROM entries WHERE index_id = ? AND key >= ?",
      index,
      FIRST_KEY,
    );
    return row === undefined ? 0 : numberOf(row, "n");
  }
}

function toDocument(row: Row): StoredDocument {
  return { key: bytesOf(row, "key"), rid: numberOf(row, "rid"), text: textOf(row, "value") };
}
