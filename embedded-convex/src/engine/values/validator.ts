/**
 * Validator JSON (what `exportArgs`, `exportReturns` and `schema.export()` emit), parsed once into a typed tree,
 * and the check of a value against it. Error texts follow those Convex shows to developers.
 */
import type { Json } from "../types.ts";
import { decodeId } from "./ids.ts";
import { isObject, isPlainObject, parseJson, special, type JsonObject } from "./json.ts";
import { compareJson } from "./keys.ts";
import { describeValidator, describeValue } from "./describe.ts";

export type Validator =
  | { type: (typeof SIMPLE)[number] }
  | { type: "literal"; value: Json }
  | { type: "id"; tableName: string }
  | { type: "array"; value: Validator }
  | { type: "record"; keys: Validator; values: Validator }
  | { type: "union"; value: Validator[] }
  | { type: "object"; value: ReadonlyMap<string, Field> };
type Field = { validator: Validator; optional: boolean };

/** Name of the table with a number, in the component the value belongs to; null when there is none. */
export type TableNames = (tableNumber: number) => string | null;

const SIMPLE = ["any", "null", "number", "bigint", "boolean", "string", "bytes", "commitTs"] as const;

/** Parses validator JSON text; null for the text "null" (no validator). Throws for anything unknown. */
export function parseValidator(text: string): Validator | null {
  const json = parseJson(text);
  return json === null ? null : validatorOf(json);
}

/** Parses one validator. Throws a sentence when this engine does not know it. */
export function validatorOf(json: Json | undefined): Validator {
  if (!isObject(json)) throw new TypeError("malformed validator");
  const type = json["type"];
  const simple = SIMPLE.find((name) => name === type);
  if (simple !== undefined) return { type: simple };
  if (type === "literal") return { type, value: json["value"] ?? null };
  if (type === "id" && typeof json["tableName"] === "string") return { type, tableName: json["tableName"] };
  if (type === "array") return { type, value: validatorOf(json["value"]) };
  if (type === "union" && Array.isArray(json["value"])) return { type, value: json["value"].map(validatorOf) };
  if (type === "record") return { type, keys: validatorOf(json["keys"]), values: fieldOf(json["values"]).validator };
  if (type === "object" && isObject(json["value"])) {
    return { type, value: new Map(Object.entries(json["value"]).map(([name, value]) => [name, fieldOf(value)])) };
  }
  throw new TypeError(`unknown validator ${JSON.stringify(json).slice(0, 200)}`);
}

function fieldOf(json: Json | undefined): Field {
  if (!isObject(json)) throw new TypeError("malformed validator");
  return { validator: validatorOf(json["fieldType"]), optional: json["optional"] === true };
}

/** Null when the value fits, else the developer's sentence (without a prefix such as "ArgumentValidationError: "). */
export function mismatch(validator: Validator, value: Json, tables: TableNames): string | null {
  return check(validator, value, "", tables);
}

function check(validator: Validator, value: Json, path: string, tables: TableNames): string | null {
  switch (validator.type) {
    case "any":
      return null;
    case "array":
      if (!Array.isArray(value)) break;
      return firstOf(value.entries(), ([i, item]) => check(validator.value, item, `${path}[${i}]`, tables));
    case "object":
      if (!isPlainObject(value)) break;
      return checkObject(validator, value, path, tables);
    case "record":
      if (!isPlainObject(value)) break;
      return firstOf(
        Object.entries(value),
        ([key, item]) =>
          check(validator.keys, key, `${path}.${key}`, tables) ??
          check(validator.values, item, `${path}.${key}`, tables),
      );
    case "union":
      if (validator.value.some((member) => check(member, value, path, tables) === null)) return null;
      break;
    case "id": {
      // What is no id of this component is described like any value that does not fit.
      const decoded = typeof value === "string" ? decodeId(value) : null;
      const actual = decoded === null ? null : tables(decoded.tableNumber);
      if (actual === validator.tableName) return null;
      if (actual === null) break;
      return `Found ID ${JSON.stringify(value)} from table \`${actual}\`, which does not match the table name in validator \`${describeValidator(validator)}\`.\n${at(path)}`.trimEnd();
    }
    case "literal":
      if (compareJson(validator.value, value) === 0) return null;
      break;
    default:
      if (isOfType(validator.type, value)) return null;
  }
  return `Value does not match validator.\n${at(path)}Value: ${describeValue(value)}\nValidator: ${describeValidator(validator)}`;
}

function checkObject(
  validator: Extract<Validator, { type: "object" }>,
  value: JsonObject,
  path: string,
  tables: TableNames,
): string | null {
  const fields = validator.value;
  const context = () => `\n\n${at(path)}Object: ${describeValue(value)}\nValidator: ${describeValidator(validator)}`;
  for (const [name, declared] of fields) {
    const item = Object.hasOwn(value, name) ? value[name] : undefined;
    if (item === undefined) {
      if (declared.optional) continue;
      return `Object is missing the required field \`${name}\`. Consider wrapping the field validator in \`v.optional(...)\` if this is expected.${context()}`;
    }
    const error = check(declared.validator, item, `${path}.${name}`, tables);
    if (error !== null) return error;
  }
  const extra = Object.keys(value).find((name) => !fields.has(name));
  return extra === undefined
    ? null
    : `Object contains extra field \`${extra}\` that is not in the validator.${context()}`;
}

function isOfType(type: (typeof SIMPLE)[number], value: Json): boolean {
  if (type === "null") return value === null;
  if (type === "boolean") return typeof value === "boolean";
  if (type === "string") return typeof value === "string";
  if (type === "number" && typeof value === "number") return true;
  const kind = isObject(value) ? special(value)?.kind : undefined;
  if (type === "number") return kind === "float";
  if (type === "bytes") return kind === "bytes";
  // Inside the writing mutation a commit timestamp is still pending; it becomes an int64.
  return kind === "int64" || kind === "commitTs";
}

function firstOf<T>(items: Iterable<T>, test: (item: T) => string | null): string | null {
  for (const item of items) {
    const error = test(item);
    if (error !== null) return error;
  }
  return null;
}

function at(path: string): string {
  return path === "" ? "" : `Path: ${path}\n`;
}
