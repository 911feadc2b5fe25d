/** From a query's JSON, as `convex/server` sends it, to a range of one index and a list of operators. */
import type { Json, KeyRange } from "../types.ts";
import type { ComponentCode } from "../functions/code.ts";
import { indexOver } from "../storage/catalog.ts";
import type { Order } from "../storage/reader.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { asText, isObject, listOf, type JsonObject } from "../values/json.ts";
import { encodeTuple, keyFields, prefixEnd } from "../values/keys.ts";
import { NOT_HERE } from "../unsupported.ts";

export type Operator = { kind: "filter"; expression: Json } | { kind: "limit"; count: number };

export interface QueryPlan {
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

const SYSTEM_INDEXES: ReadonlyMap<string, readonly string[]> = new Map([
  ["by_creation_time", ["_creationTime"]],
  ["by_id", ["_id"]],
]);

/** `component` is where the table's name is looked up. Throws the developer's sentence. */
export function planQuery(query: Json | undefined, tx: Transaction, component: ComponentCode): QueryPlan {
  if (!isObject(query) || !isObject(query["source"])) throw new TypeError("malformed query");
  const source = query["source"];
  if (source["type"] === "Search") throw new Error(NOT_HERE.textSearch);
  const name =
    source["type"] === "FullTableScan" ? `${asText(source["tableName"])}.by_creation_time` : source["indexName"];
  const [tableName = "", indexName = ""] = asText(name).split(".");
  const fields = SYSTEM_INDEXES.get(indexName) ?? component.schema.get(tableName)?.indexes.get(indexName);
  if (fields === undefined) throw new Error(`Index ${tableName}.${indexName} not found.`);
  const [lower, upper] = keyBounds(tableName, fields, listOf(source["range"]).map(toBound));
  const order = source["order"] === "desc" ? "desc" : "asc";
  const operators = listOf(query["operators"]).map(toOperator);
  const table = tx.catalog.table(component.path, tableName);
  if (table === null) {
    tx.noteMissingTable(component.path, tableName);
    return { range: null, order, operators };
  }
  const index = indexOver(table, fields);
  if (index === null) throw new Error(`Index on ${tableName} (${fields.join(", ")}) is still being built.`);
  return { range: { index: index.id, lower, upper }, order, operators };
}

/** Equalities on a prefix of the fields, in any order, then at most one lower and one upper bound on the next. */
function keyBounds(tableName: string, fields: readonly string[], bounds: readonly Bound[]): [Uint8Array, Uint8Array] {
  const all = keyFields(fields);
  const equals = new Map(bounds.filter(({ type }) => type === "Eq").map((bound) => [bound.fieldPath, bound.value]));
  const prefix = all.slice(0, equals.size);
  const lower = bounds.find(({ type }) => type.startsWith("G"));
  const upper = bounds.find(({ type }) => type.startsWith("L"));
  const used = [lower, upper].filter((bound) => bound !== undefined);
  const next = all[equals.size];
  const inOrder = prefix.every((name) => equals.has(name)) && used.every(({ fieldPath }) => fieldPath === next);
  if (!inOrder || bounds.length !== equals.size + used.length) {
    throw new Error(
      `Tried to query an index on ${tableName} (fields: ${all.join(", ")}) with a range that does not use its fields in order: ` +
        "equality on the first fields, then at most one lower and one upper bound on the next.",
    );
  }
  const values = prefix.map((name) => equals.get(name));
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
