/** Pages of a whole table in the order of its documents' creation: for the CLI and exports. */
import { EngineError, type Json } from "../types.ts";
import type { CursorCodec } from "../query/cursor.ts";
import { parseJson } from "../values/json.ts";
import { FIRST_KEY, PAST_LAST_KEY, successor } from "../values/keys.ts";
import type { Table } from "./catalog.ts";
import type { Order } from "./reader.ts";
import type { Storage } from "./storage.ts";

export function readPage(
  storage: Storage,
  cursors: CursorCodec,
  table: Table,
  options: { order: Order; cursor: string | null; limit: number },
): { page: Json[]; cursor: string | null; isDone: boolean } {
  const scope = `table ${table.id} ${options.order}`;
  const after = options.cursor === null ? "start" : cursors.open(options.cursor, scope);
  if (after === null) throw new EngineError("InvalidCursor", "This cursor is of another table or another database.");
  const range = { index: table.byCreationTime.id, lower: FIRST_KEY, upper: PAST_LAST_KEY };
  if (after instanceof Uint8Array && options.order === "asc") range.lower = successor(after);
  if (after instanceof Uint8Array && options.order === "desc") range.upper = after;
  const view = storage.snapshot();
  try {
    const rows = view.reader.scan(range, options.order, options.limit + 1);
    const page = rows.slice(0, options.limit);
    const isDone = rows.length <= options.limit;
    const last = page.at(-1);
    return {
      page: page.map((row) => parseJson(row.text)),
      cursor: isDone || last === undefined ? null : cursors.seal(last.key, scope),
      isDone,
    };
  } finally {
    view.close();
  }
}
