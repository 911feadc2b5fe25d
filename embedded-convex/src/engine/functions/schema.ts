/** A component's schema, from the JSON `defineSchema(...).export()` gives. */
import { z } from "zod";
import { EngineError } from "../types.ts";
import { MAX_INDEX_FIELDS, MAX_TABLE_INDEXES } from "../values/limits.ts";
import { validatorOf, type Validator } from "../values/validator.ts";
import { NOT_HERE } from "../unsupported.ts";

export interface TableSchema {
  /** Null accepts any document: so it is without a type, or with `schemaValidation: false`. */
  document: Validator | null;
  /** JSON text of the document's validator, to see whether a push changes it. */
  documentJson: string;
  /** Fields by name of index. */
  indexes: ReadonlyMap<string, readonly string[]>;
}

/** By name of table. */
export type Schema = ReadonlyMap<string, TableSchema>;

const TABLE_NAME = /^[a-zA-Z][a-zA-Z0-9_]{0,63}$/;
const indexes = z.array(z.object({ indexDescriptor: z.string(), fields: z.array(z.string()) })).default([]);
const foreign = z.array(z.unknown()).default([]);
const tableJson = z.object({
  tableName: z.string(),
  indexes,
  stagedDbIndexes: indexes,
  searchIndexes: foreign,
  stagedSearchIndexes: foreign,
  vectorIndexes: foreign,
  stagedVectorIndexes: foreign,
  documentType: z.json().default(null),
});
const schemaJson = z.object({ tables: z.array(tableJson), schemaValidation: z.boolean().default(true) });

/** Throws EngineError "InvalidSchema" with the developer's sentence. */
export function parseSchema(exported: unknown): Schema {
  const json = schemaJson.safeParse(exported);
  assert(json.success, "schema.ts must export a schema made by defineSchema.");
  const { tables, schemaValidation } = json.data;
  return new Map(tables.map((table) => [table.tableName, tableOf(table, schemaValidation)]));
}

export function validTableName(name: string): boolean {
  return TABLE_NAME.test(name);
}

function tableOf(table: z.infer<typeof tableJson>, isValidated: boolean): TableSchema {
  const name = table.tableName;
  const documentType = isValidated ? table.documentType : null;
  const advice = "start with a letter, then letters, digits and underscores, at most 64";
  assert(validTableName(name), `"${name}" is not a valid table name: ${advice}.`);
  const searched = table.searchIndexes.length + table.stagedSearchIndexes.length > 0;
  assert(!searched, `Table "${name}": ${NOT_HERE.textSearch}`);
  const hasVectors = table.vectorIndexes.length + table.stagedVectorIndexes.length > 0;
  assert(!hasVectors, `Table "${name}": ${NOT_HERE.vectorSearch}`);
  const declared = [...table.indexes, ...table.stagedDbIndexes];
  const tooMany = `Table "${name}" has ${declared.length} indexes; at most ${MAX_TABLE_INDEXES} are allowed.`;
  assert(declared.length <= MAX_TABLE_INDEXES, tooMany);
  for (const { indexDescriptor, fields } of declared) {
    const index = `Index ${name}.${indexDescriptor}`;
    assert(fields.length > 0, `${index} must have at least one field.`);
    const tooLong = `${index} has ${fields.length} fields; at most ${MAX_INDEX_FIELDS} are allowed.`;
    assert(fields.length <= MAX_INDEX_FIELDS, tooLong);
    assert(new Set(fields).size === fields.length, `${index} names a field twice.`);
  }
  return {
    document: documentType === null ? null : validatorOf(documentType),
    documentJson: JSON.stringify(documentType),
    indexes: new Map(declared.map(({ indexDescriptor, fields }) => [indexDescriptor, fields])),
  };
}

function assert(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new EngineError("InvalidSchema", sentence);
}
