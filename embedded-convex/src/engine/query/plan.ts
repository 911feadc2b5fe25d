/** From a query's JSON, as `convex/server` sends it, to a range of one index and a list of operators. */
import type { Json, KeyRange } from "../types.ts";
import { indexOver, type Table } from "../storage/catalog.ts";
import type { Order } from "../storage/reader.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { asText, isObject, type JsonObject } from "../values/json.ts";
import { encodeTuple, keyFields, prefixEnd } from "../values/keys.ts";
import { NOT_HERE } from "../unsupported.ts";

/** Where names are looked up: a component's tables and the indexes of its schema. */
export interface Namespace {
  component: string;
  /** Declared fields of an index; null when the schema has no such index. */
  indexFields(table: string, index: string): readonly string[] | null;
}

export type Operator = { kind: "filter"; expression: Json } | { kind: "limit"; count: number };

export interface QueryPlan {
  tableName: string;
  /** Null when the table does not exist yet: it is empty. */
  range: KeyRange | null;
  order: Order;
  operators: Operator[];
}

interface Bound {
  type: string;
  fieldPath: string;
  value: Json;
}

export function planQuery(query: Json | undefined, tx: Transaction, names: Namespace): QueryPlan {
  if (!isObject(query) || !isObject(query["source"])) throw new TypeError("malformed query");
  const source = query["source"];
  const operators = (Array.isArray(query["operators"]) ? query["operators"] : []).map(toOperator);
  const order: Order = source["order"] === "desc" ? "desc" : "asc";
  if (source["type"] === "Search") throw new Error(NOT_HERE.textSearch);
  if (source["type"] === "FullTableScan") {
    const tableName = asText(source["tableName"]);
    return { tableName, range: rangeOf(tx, names, tableName, ["_creationTime"], []), order, operators };
  }
  const [tableName = "", indexName = ""] = asText(source["indexName"]).split(".");
  const fields = fieldsOf(names, tableName, indexName);
  const bounds = (Array.isArray(source["range"]) ? source["range"] : []).map(toBound);
  return { tableName, range: rangeOf(tx, names, tableName, fields, bounds), order, operators };
}

function fieldsOf(names: Namespace, table: string, index: string): readonly string[] {
  if (index === "by_creation_time") return ["_creationTime"];
  if (index === "by_id") return ["_id"];
  const fields = names.indexFields(table, index);
  if (fields === null) throw new Error(`Index ${table}.${index} not found.`);
  return fields;
}

function rangeOf(
  tx: Transaction,
  names: Namespace,
  tableName: string,
  fields: readonly string[],
  bounds: readonly Bound[],
): KeyRange | null {
  const [lower, upper] = keyBounds(tableName, fields, bounds);
  const table = tx.catalog.table(names.component, tableName);
  if (table === null) {
    tx.noteMissingTable(names.component, tableName);
    return null;
  }
  return { index: liveIndex(table, fields), lower, upper };
}

function liveIndex(table: Table, fields: readonly string[]): number {
  const index = indexOver(table, fields);
  if (index === null) throw new Error(`Index on ${table.name} (${fields.join(", ")}) is still being built.`);
  return index.id;
}

/** Equalities on a prefix of the fields, in any order, then at most one lower and one upper bound on the next. */
function keyBounds(tableName: string, fields: readonly string[], bounds: readonly Bound[]): [Uint8Array, Uint8Array] {
  const all = keyFields(fields);
  const equals = new Map(bounds.filter((bound) => bound.type === "Eq").map((bound) => [bound.fieldPath, bound.value]));
  const prefix = all.slice(0, equals.size);
  const inequalities = bounds.filter((bound) => bound.type !== "Eq");
  const lowers = inequalities.filter((bound) => bound.type.startsWith("G"));
  const uppers = inequalities.filter((bound) => bound.type.startsWith("L"));
  const next = all[equals.size];
  const fits =
    bounds.length === equals.size + inequalities.length &&
    prefix.every((name) => equals.has(name)) &&
    inequalities.every((bound) => bound.fieldPath === next) &&
    lowers.length <= 1 &&
    uppers.length <= 1;
  if (!fits) {
    throw new Error(
      `Tried to query an index on ${tableName} (fields: ${all.join(", ")}) with a range that does not use its fields in order: ` +
        "equality on the first fields, then at most one lower and one upper bound on the next.",
    );
  }
  const values = prefix.map((name) => equals.get(name));
  const [lower, upper] = [lowers[0], uppers[0]];
  const base = encodeTuple(values);
  const at = (bound: Bound) => encodeTuple([...values, bound.value]);
  return [
    lower === undefined ? base : lower.type === "Gt" ? prefixEnd(at(lower)) : at(lower),
    upper === undefined ? prefixEnd(base) : upper.type === "Lt" ? at(upper) : prefixEnd(at(upper)),
  ];
}

function toBound(json: Json): Bound {
  if (!isObject(json)) throw new TypeError("malformed index range");
  return { type: asText(json["type"]), fieldPath: asText(json["fieldPath"]), value: json["value"] ?? null };
}

function toOperator(json: Json): Operator {
  if (isObject(json) && typeof json["limit"] === "number") return { kind: "limit", count: json["limit"] };
  if (isObject(json) && json["filter"] !== undefined) return { kind: "filter", expression: json["filter"] };
  throw new TypeError("malformed query operator");
}

/** The part of a query a cursor must belong to. */
export function queryShape(query: Json | undefined): JsonObject {
  return isObject(query) ? { source: query["source"] ?? null, operators: query["operators"] ?? null } : {};
}
