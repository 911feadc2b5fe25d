/** A component's schema, from the JSON `defineSchema(...).export()` gives. */
import { EngineError, type Json } from "../types.ts";
import { asText, isObject, parseJson } from "../values/json.ts";
import { MAX_INDEX_FIELDS, MAX_TABLE_INDEXES } from "../values/limits.ts";
import { validatorOf, type Validator } from "../values/validator.ts";
import { NOT_HERE } from "../unsupported.ts";

export interface TableSchema {
  /** Null accepts any document. */
  document: Validator | null;
  /** JSON text of the document's validator, to see whether a push changes it. */
  documentJson: string;
  indexes: ReadonlyMap<string, readonly string[]>;
}

export interface Schema {
  tables: ReadonlyMap<string, TableSchema>;
  /** False with `schemaValidation: false`: then validators only type the code. */
  validate: boolean;
}

export const NO_SCHEMA: Schema = { tables: new Map(), validate: false };

const TABLE_NAME = /^[a-zA-Z][a-zA-Z0-9_]{0,63}$/;

/** Throws EngineError "InvalidSchema" with the developer's sentence. */
export function parseSchema(exported: string): Schema {
  const json = parseJson(exported);
  if (!isObject(json)) throw new EngineError("InvalidSchema", "schema.ts must export a schema made by defineSchema.");
  const tables = (Array.isArray(json["tables"]) ? json["tables"] : []).map(tableOf);
  return { tables: new Map(tables), validate: json["schemaValidation"] !== false };
}

export function validTableName(name: string): boolean {
  return TABLE_NAME.test(name);
}

function tableOf(json: Json): [string, TableSchema] {
  if (!isObject(json)) throw new EngineError("InvalidSchema", "malformed table");
  const name = asText(json["tableName"]);
  if (!validTableName(name))
    throw new EngineError(
      "InvalidSchema",
      `"${name}" is not a valid table name: start with a letter, then letters, digits and underscores, at most 64.`,
    );
  if (listed(json["searchIndexes"]) || listed(json["stagedSearchIndexes"]))
    throw new EngineError("InvalidSchema", `Table "${name}": ${NOT_HERE.textSearch}`);
  if (listed(json["vectorIndexes"]) || listed(json["stagedVectorIndexes"]))
    throw new EngineError("InvalidSchema", `Table "${name}": ${NOT_HERE.vectorSearch}`);
  const declared = [...list(json["indexes"]), ...list(json["stagedDbIndexes"])].map((index) => indexOf(name, index));
  if (declared.length > MAX_TABLE_INDEXES)
    throw new EngineError(
      "InvalidSchema",
      `Table "${name}" has ${declared.length} indexes; at most ${MAX_TABLE_INDEXES} are allowed.`,
    );
  const documentType = json["documentType"] ?? null;
  return [
    name,
    {
      document: documentType === null ? null : validatorOf(documentType),
      documentJson: JSON.stringify(documentType),
      indexes: new Map(declared),
    },
  ];
}

function indexOf(table: string, json: Json): [string, string[]] {
  const name = isObject(json) ? asText(json["indexDescriptor"]) : "";
  const fields = isObject(json) ? list(json["fields"]).map(String) : [];
  if (fields.length === 0)
    throw new EngineError("InvalidSchema", `Index ${table}.${name} must have at least one field.`);
  if (fields.length > MAX_INDEX_FIELDS)
    throw new EngineError(
      "InvalidSchema",
      `Index ${table}.${name} has ${fields.length} fields; at most ${MAX_INDEX_FIELDS} are allowed.`,
    );
  if (new Set(fields).size !== fields.length)
    throw new EngineError("InvalidSchema", `Index ${table}.${name} names a field twice.`);
  return [name, fields];
}

function list(json: Json | undefined): Json[] {
  return Array.isArray(json) ? json : [];
}

function listed(json: Json | undefined): boolean {
  return list(json).length > 0;
}
