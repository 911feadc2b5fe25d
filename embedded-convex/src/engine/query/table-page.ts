/** Pages of a whole table in the order of its documents' creation: for the CLI. */
import { EngineError, type TablePage } from "../types.ts";
import type { CursorCodec } from "../query/cursor.ts";
import { parseJson } from "../values/json.ts";
import { wholeIndex } from "../values/keys.ts";
import type { Table } from "./catalog.ts";
import { rangeAfter, rowsIn, type Order } from "./reader.ts";
import type { Storage } from "./storage.ts";

export function readPage(
  storage: Storage,
  cursors: CursorCodec,
  table: Table,
  { order, cursor, limit }: { order: Order; cursor: string | null; limit: number },
): TablePage {
  const scope = `table ${table.id} ${order}`;
  const after = cursor === null ? "start" : cursors.open(cursor, scope);
  if (after === null) throw new EngineError("InvalidCursor", "This cursor is of another table or another database.");
  const all = wholeIndex(table.byCreationTime);
  const view = storage.snapshot();
  try {
    const rows = rowsIn(view.reader, typeof after === "string" ? all : rangeAfter(all, order, after), order, limit + 1);
    const page = rows.slice(0, limit);
    const last = rows.length <= limit ? undefined : page.at(-1);
    const next = last === undefined ? null : cursors.seal(last.key, scope);
    return { page: page.map((row) => parseJson(row.text)), cursor: next, isDone: next === null };
  } finally {
    view.close();
  }
}
