/** `ctx.db`: the checks around reading and writing one document. Every message here is read by developers. */
import type { Json } from "../types.ts";
import type { Table } from "../storage/catalog.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { decodeId, newId } from "../values/ids.ts";
import { isObject, isPlainObject, special, type JsonObject } from "../values/json.ts";
import { MAX_DOCUMENT_BYTES, MAX_DOCUMENT_NESTING, measure } from "../values/limits.ts";
import { mismatch } from "../values/validator.ts";
import type { ComponentCode } from "./code.ts";
import { validTableName } from "./schema.ts";

const READ_ONLY = "System tables (prefixed with `_`) are read-only.";

/** A transaction as the functions of one component see it. */
export interface Scope {
  tx: Transaction;
  component: ComponentCode;
}

/** JSON text of the document or "null". */
export function get(scope: Scope, id: string, tableName: string | null, isSystem: boolean): string {
  const table = tableOfId(scope, "get", id, tableName);
  if (table === null) return "null";
  const [tables, method] = isSystem ? ["User", "db.get()"] : ["System", "db.system.get()"];
  if (isSystemTable(table) !== isSystem) throw new Error(`${tables} tables can only be accessed from ${method}.`);
  return scope.tx.get(table, id)?.text ?? "null";
}

export function insert(scope: Scope, tableName: string, value: Json): string {
  if (tableName.startsWith("_")) throw new Error(READ_ONLY);
  if (!validTableName(tableName)) throw new Error(`Invalid table name "${tableName}".`);
  if (!isPlainObject(value)) throw new Error("Invalid argument `value` for `db.insert`: documents must be objects.");
  const reserved = Object.keys(value).find((name) => name === "_id" || name === "_creationTime");
  if (reserved !== undefined)
    throw new Error(`Documents given to \`db.insert\` cannot have the field \`${reserved}\`: it is set by the system.`);
  const table = scope.tx.tableFor(scope.component.path, tableName);
  const id = newId(table.number, scope.tx.beginMs);
  writeChecked(scope, table, id, { ...value, _creationTime: scope.tx.creationTime(), _id: id });
  return id;
}

export function patch(scope: Scope, id: string, tableName: string | null, value: Json): string {
  const { table, json } = existing(scope, "patch", "Update", id, tableName);
  if (!isPlainObject(value)) throw new Error("Invalid argument `value` for `db.patch`: expected an object.");
  const merged: JsonObject = { ...json };
  for (const [name, item] of Object.entries(value)) {
    if (isObject(item) && special(item)?.kind === "undefined") delete merged[name];
    else merged[name] = item;
  }
  return writeChecked(scope, table, id, keepSystemFields(json, merged, value));
}

export function replace(scope: Scope, id: string, tableName: string | null, value: Json): string {
  const { table, json } = existing(scope, "replace", "Replace", id, tableName);
  if (!isPlainObject(value)) throw new Error("Invalid argument `value` for `db.replace`: expected an object.");
  return writeChecked(scope, table, id, keepSystemFields(json, value, value));
}

export function remove(scope: Scope, id: string, tableName: string | null): string {
  const { table, text } = existing(scope, "delete", "Delete", id, tableName);
  countWrite(scope, text.length);
  scope.tx.put(table, id, null);
  return text;
}

/** The id when it belongs to the table, else null. */
export function normalizeId(scope: Scope, tableName: string, id: string): string | null {
  const decoded = decodeId(id);
  const table = scope.tx.catalog.table(scope.component.path, tableName);
  return decoded !== null && table?.number === decoded.tableNumber ? id : null;
}

function existing(
  scope: Scope,
  method: string,
  verb: string,
  id: string,
  tableName: string | null,
): { table: Table; json: JsonObject; text: string } {
  const table = tableOfId(scope, method, id, tableName);
  if (table !== null && isSystemTable(table)) throw new Error(READ_ONLY);
  const found = table === null ? null : scope.tx.get(table, id);
  if (table === null || found === null) throw new Error(`${verb} on nonexistent document ID ${id}`);
  return { table, ...found };
}

function tableOfId(scope: Scope, method: string, id: string, tableName: string | null): Table | null {
  const decoded = decodeId(id);
  if (decoded === null) {
    throw new Error(
      `Invalid argument \`id\` for \`db.${method}\`: Unable to decode ID: Invalid ID "${id.slice(0, 100)}".`,
    );
  }
  const table = scope.tx.catalog.tableByNumber(scope.component.path, decoded.tableNumber);
  if (tableName !== null && table !== null && table.name !== tableName) {
    throw new Error(
      `Invalid argument \`id\` for \`db.${method}\`: expected an ID of table '${tableName}' but got an ID of table '${table.name}'.`,
    );
  }
  return table;
}

function keepSystemFields(before: JsonObject, after: JsonObject, given: JsonObject): JsonObject {
  for (const name of ["_id", "_creationTime"] as const) {
    if (given[name] !== undefined && given[name] !== before[name]) {
      throw new Error(
        `Provided \`${name}\` field value ${JSON.stringify(given[name])} does not match the document's ${JSON.stringify(before[name])}.`,
      );
    }
  }
  return { ...after, _id: before["_id"] ?? null, _creationTime: before["_creationTime"] ?? null };
}

/** Checks a document against limits and schema and puts it; returns its text. */
function writeChecked(scope: Scope, table: Table, id: string, document: JsonObject): string {
  const { _id, _creationTime, ...fields } = document;
  const odd = Object.keys(fields).find((name) => name.startsWith("_"));
  if (odd !== undefined) {
    throw new Error(`Field '${odd}' starts with an underscore, which is only allowed for system fields like '_id'.`);
  }
  const bytes = measure(document, "Document", MAX_DOCUMENT_NESTING);
  if (bytes > MAX_DOCUMENT_BYTES)
    throw new Error(`Value is too large (${bytes} bytes > maximum size ${MAX_DOCUMENT_BYTES} bytes).`);
  const validator = scope.component.schema.get(table.name)?.document ?? null;
  const error = validator === null ? null : mismatch(validator, fields, scope.tx.catalog.namesIn(scope.component.path));
  if (error !== null) {
    throw new Error(
      `Failed to insert or update a document in table "${table.name}" because it does not match the schema: ${error}`,
    );
  }
  const sorted = Object.fromEntries(Object.entries(document).sort(([a], [b]) => (a < b ? -1 : 1)));
  countWrite(scope, bytes);
  scope.tx.put(table, id, sorted);
  return JSON.stringify(sorted);
}

function isSystemTable({ name }: Table): boolean {
  return name.startsWith("_");
}

function countWrite({ tx }: Scope, bytes: number): void {
  tx.usage.add("documentsWritten", 1);
  tx.usage.add("bytesWritten", bytes);
}
