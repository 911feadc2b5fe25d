/** Tables as the CLI shows them (`convex data`): their names, and documents in the order of their creation. */
import type { Engine } from "../engine.ts";
import { EngineError, type Json } from "../types.ts";
import type { Table } from "../storage/catalog.ts";
import { rangeAfter, rowsIn, type Order } from "../storage/reader.ts";
import { parseJson } from "../values/json.ts";
import { wholeIndex } from "../values/keys.ts";

export interface PageOptions {
  order: Order;
  /** Null for the first page. */
  cursor: string | null;
  limit: number;
}

/** A component's tables without those of the system. */
export function userTables({ storage }: Engine, component: string): Table[] {
  return storage.catalog.all().filter((table) => table.component === component && !table.name.startsWith("_"));
}

/** A page of documents; its `cursor` is null at the end. Throws EngineError for a cursor of another table. */
export function readTable(
  { storage, cursors }: Engine,
  component: string,
  name: string,
  { order, cursor, limit }: PageOptions,
): { page: Json[]; cursor: string | null; isDone: boolean } {
  const table = storage.catalog.table(component, name);
  if (table === null) return { page: [], cursor: null, isDone: true };
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
