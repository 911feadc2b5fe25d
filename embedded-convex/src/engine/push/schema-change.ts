/**
 * Making existing data fit a new schema before it goes live: missing tables and indexes are created and filled while
 * the old code keeps running, rows are checked against changed validators, and writes that come in meanwhile are
 * checked too. Nothing the old code sees changes until `activate`.
 */
import { EngineError, SchemaValidationError } from "../types.ts";
import type { Code, ComponentCode } from "../functions/code.ts";
import type { Core } from "../functions/core.ts";
import type { Schema, TableSchema } from "../functions/schema.ts";
import {
  Catalog,
  indexOver,
  insertIndex,
  insertTable,
  sameFields,
  SCHEDULED_FUNCTIONS,
  type Index,
  type Table,
} from "../storage/catalog.ts";
import { textOf, numberOf, type Connection } from "../storage/connection.ts";
import type { StoredDocument } from "../storage/reader.ts";
import { tableCreated } from "../transaction/transaction.ts";
import type { Change } from "../transaction/overlay.ts";
import { documentKey, PAST_LAST_KEY, successor, FIRST_KEY } from "../values/keys.ts";
import { asText, parseObject, type JsonObject } from "../values/json.ts";
import { mismatch } from "../values/validator.ts";

/** Rows handled before letting others have a turn. */
const BATCH_ROWS = 500;

const { setImmediate } = globalThis;

export class SchemaChange {
  private readonly core: Core;
  private readonly code: Code;
  private readonly built = new Set<number>();
  private failure: EngineError | null = null;
  private checked = false;

  constructor(core: Core, code: Code) {
    this.core = core;
    this.code = code;
  }

  /** Backfills and validates. Throws SchemaValidationError naming the first row that does not fit. */
  async check(): Promise<void> {
    if (this.checked) return;
    await this.core.writer.run(() => {
      // One change is watched at a time: an earlier one that was never finished must be checked again.
      this.core.schemaWatch = this;
      this.createMissing();
    });
    for (const [component, tableName, schema] of this.tables()) {
      const table = this.table(component, tableName);
      for (const fields of schema.indexes.values()) await this.backfill(table, fields);
      if (this.mustValidate(component, tableName)) await this.validate(component, table, schema);
    }
    this.assertNoFailure();
    this.checked = true;
  }

  /** Throws unless `check` has succeeded and still holds. Call under the writer's lock. */
  assertReady(): void {
    this.assertNoFailure();
    const ready =
      this.checked &&
      this.core.schemaWatch === this &&
      this.tables().every(([component, name, schema]) => {
        const table = this.core.storage.catalog.table(component.path, name);
        return (
          table !== null &&
          [...schema.indexes.values()].every((fields) => {
            const index = indexOver(table, fields, ["live", "building"]);
            return index !== null && (index.state === "live" || this.built.has(index.id));
          })
        );
      });
    if (!ready)
      throw new EngineError("SchemaRaceDetected", "Another push changed the indexes meanwhile. Push again.", 409);
  }

  /** Declares this schema's indexes live and all others to be dropped. */
  activate(db: Connection): void {
    const wanted = new Set<number>();
    for (const [component, name, schema] of this.tables()) {
      const table = this.table(component, name);
      for (const fields of schema.indexes.values()) {
        const index = indexOver(table, fields, ["live", "building"]);
        if (index !== null) wanted.add(index.id);
      }
    }
    for (const table of this.core.storage.catalog.all()) {
      for (const index of table.indexes) {
        const state = wanted.has(index.id) || isSystemIndex(table, index) ? "live" : "dropped";
        if (state !== index.state) db.run("UPDATE indexes SET state = ? WHERE id = ?", state, index.id);
      }
    }
  }

  end(): void {
    if (this.core.schemaWatch === this) this.core.schemaWatch = null;
  }

  private createMissing(): void {
    const { storage, writer } = this.core;
    const create = (component: string, name: string): void => {
      if (storage.catalog.table(component, name) !== null) return;
      writer.apply(storage.nextTs(this.core.now()), (db) => {
        insertTable(db, component, name);
        return tableCreated(component, name);
      });
      storage.catalog = Catalog.load(storage.writer);
    };
    for (const component of this.code.components.values()) {
      create(component.path, SCHEDULED_FUNCTIONS);
      for (const name of component.schema.tables.keys()) create(component.path, name);
    }
    const missing = this.tables().flatMap(([component, name, schema]) => {
      const table = this.table(component, name);
      const lists = [...schema.indexes.values()].filter(
        (fields) => indexOver(table, fields, ["live", "building"]) === null,
      );
      return lists
        .filter((fields, i) => lists.findIndex((other) => sameFields(other, fields)) === i)
        .map((fields) => ({ table, fields }));
    });
    if (missing.length === 0) return;
    writer.apply(storage.nextTs(this.core.now()), (db) => {
      for (const { table, fields } of missing) insertIndex(db, table.id, fields, "building");
      return { keys: [] };
    });
    storage.catalog = Catalog.load(storage.writer);
  }

  /** Fills a building index from the rows there are; new writes keep it up to date by themselves. */
  private async backfill(table: Table, fields: readonly string[]): Promise<void> {
    const index = indexOver(table, fields, ["building"]);
    if (index === null || this.built.has(index.id)) return;
    const { storage, writer } = this.core;
    let after: Uint8Array | null = FIRST_KEY;
    while (after !== null) {
      const from: Uint8Array = after;
      after = await writer.run(() => {
        const rows = storage.writerReader.scan(
          { index: table.byCreationTime.id, lower: from, upper: PAST_LAST_KEY },
          "asc",
          BATCH_ROWS,
        );
        if (rows.length > 0) writer.apply(storage.nextTs(this.core.now()), (db) => fill(db, index, rows));
        const last = rows.at(-1);
        return last === undefined || rows.length < BATCH_ROWS ? null : successor(last.key);
      });
    }
    this.built.add(index.id);
  }

  private async validate(component: ComponentCode, table: Table, schema: TableSchema): Promise<void> {
    const view = this.core.storage.snapshot();
    try {
      let from: Uint8Array = FIRST_KEY;
      for (;;) {
        const rows = view.reader.scan(
          { index: table.byCreationTime.id, lower: from, upper: PAST_LAST_KEY },
          "asc",
          BATCH_ROWS,
        );
        for (const row of rows) this.checkDocument(component, table, schema, parseObject(row.text));
        const last = rows.at(-1);
        if (last === undefined || this.failure !== null) return;
        from = successor(last.key);
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      view.close();
    }
  }

  /** Checks what is being written meanwhile. */
  changed(changes: readonly Change[]): void {
    for (const { table, after } of changes) {
      const component = this.code.components.get(table.component);
      const schema = component?.schema.tables.get(table.name);
      if (component === undefined || schema === undefined || after === null || !component.schema.validate) continue;
      this.checkDocument(component, table, schema, after.json);
    }
  }

  private checkDocument(component: ComponentCode, table: Table, schema: TableSchema, document: JsonObject): void {
    if (schema.document === null || this.failure !== null) return;
    const { _id, _creationTime, ...fields } = document;
    const error = mismatch(
      schema.document,
      fields,
      (number) => this.core.storage.catalog.tableByNumber(component.path, number)?.name ?? null,
    );
    if (error === null) return;
    this.failure = new SchemaValidationError(
      component.path,
      table.name,
      `Document with ID "${asText(_id)}" in table "${table.name}" does not match the schema: ${error}`,
    );
  }

  private mustValidate(component: ComponentCode, tableName: string): boolean {
    if (!component.schema.validate) return false;
    const live: Schema | undefined = this.core.code.components.get(component.path)?.schema;
    const before = live?.validate === true ? live.tables.get(tableName)?.documentJson : undefined;
    return before !== component.schema.tables.get(tableName)?.documentJson;
  }

  private assertNoFailure(): void {
    if (this.failure === null) return;
    this.end();
    throw this.failure;
  }

  private tables(): [ComponentCode, string, TableSchema][] {
    return [...this.code.components.values()].flatMap((component) =>
      [...component.schema.tables].map(([name, schema]): [ComponentCode, string, TableSchema] => [
        component,
        name,
        schema,
      ]),
    );
  }

  private table(component: ComponentCode, name: string): Table {
    const table = this.core.storage.catalog.table(component.path, name);
    if (table === null) throw new EngineError("SchemaRaceDetected", `Table ${name} went away. Push again.`, 409);
    return table;
  }
}

/** Indexes left by pushes that never went live are dropped; entries of dropped ones are deleted bit by bit. */
export async function collectDroppedIndexes(core: Core): Promise<void> {
  const dropped = core.storage.writer
    .all("SELECT id FROM indexes WHERE state = 'dropped'")
    .map((row) => numberOf(row, "id"));
  for (const id of dropped) {
    let more = true;
    while (more) {
      more = await core.writer.run(() => {
        let deleted = 0;
        core.writer.apply(core.storage.nextTs(core.now()), (db) => {
          const keys = db
            .all("SELECT hex(key) AS key FROM entries WHERE index_id = ? LIMIT ?", id, BATCH_ROWS)
            .map((row) => Buffer.from(textOf(row, "key"), "hex"));
          for (const key of keys) db.run("DELETE FROM entries WHERE index_id = ? AND key = ?", id, key);
          deleted = keys.length;
          if (deleted === 0) db.run("DELETE FROM indexes WHERE id = ?", id);
          return { keys: [] };
        });
        return deleted > 0;
      });
    }
  }
}

function fill(db: Connection, index: Index, rows: readonly StoredDocument[]): { keys: [] } {
  for (const row of rows) {
    db.run(
      "INSERT OR IGNORE INTO entries (index_id, key, rid) VALUES (?, ?, ?)",
      index.id,
      documentKey(index.fields, parseObject(row.text)),
      row.rid,
    );
  }
  return { keys: [] };
}

function isSystemIndex(table: Table, index: Index): boolean {
  return index.id === table.byId.id || index.id === table.byCreationTime.id || table.name === SCHEDULED_FUNCTIONS;
}
