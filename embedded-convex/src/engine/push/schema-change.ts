/**
 * Making existing data fit a new schema before it goes live: missing tables and indexes are created and filled while
 * the old code keeps running, rows are checked against changed validators, and writes that come in meanwhile are
 * checked too. Nothing the old code sees changes until `activate`.
 */
import { EngineError } from "../types.ts";
import type { Code } from "../functions/code.ts";
import type { Engine } from "../engine.ts";
import type { TableSchema } from "../functions/schema.ts";
import { indexOver, insertIndex, SCHEDULED_FUNCTIONS, type Index, type Table } from "../storage/catalog.ts";
import { numberOf, type Connection } from "../storage/connection.ts";
import { tablePages, type StoredDocument } from "../storage/reader.ts";
import type { Change } from "../transaction/overlay.ts";
import { documentKey } from "../values/keys.ts";
import { asText, parseObject, type JsonObject } from "../values/json.ts";
import { mismatch } from "../values/validator.ts";

/** Rows handled before letting others have a turn. */
const BATCH_ROWS = 500;

const { setImmediate } = globalThis;

/** The first row met that the new schema does not allow. */
export interface Misfit {
  component: string;
  table: string;
  /** Names the document and the field. */
  sentence: string;
}

/** A table of the new schema. */
interface Declared {
  component: string;
  name: string;
  schema: TableSchema;
}

export class SchemaChange {
  private readonly engine: Engine;
  private readonly code: Code;
  private readonly tables: readonly Declared[];
  /** Indexes that were filled from all rows. */
  private readonly built = new Set<number>();
  private misfit: Misfit | null = null;
  private checked = false;

  constructor(engine: Engine, code: Code) {
    this.engine = engine;
    this.code = code;
    this.tables = [...code.components.values()].flatMap(({ path, schema: tables }) =>
      Array.from(tables, ([name, schema]) => ({ component: path, name, schema })),
    );
  }

  /** Backfills and validates. Null when every row fits. */
  async check(): Promise<Misfit | null> {
    if (this.checked) return null;
    await this.engine.writer.run(() => {
      // One change is watched at a time: an earlier one that was never finished must be checked again.
      this.engine.schemaWatch = this;
      this.createMissing();
    });
    for (const declared of this.tables) {
      for (const index of this.indexes(declared)) if (index?.state === "building") await this.backfill(declared, index);
      await this.validate(declared);
    }
    this.checked = this.misfit === null;
    if (!this.checked) this.end();
    return this.misfit;
  }

  /** Throws unless `check` has succeeded and still holds. Call under the writer's lock. */
  assertReady(): void {
    if (this.misfit !== null)
      throw new EngineError("SchemaValidationError", `Schema validation failed.\n${this.misfit.sentence}`);
    const isReady = (index: Index | null) => index?.state === "live" || (index !== null && this.built.has(index.id));
    const indexes = this.tables.flatMap((declared) => this.indexes(declared));
    if (!this.checked || this.engine.schemaWatch !== this || !indexes.every(isReady))
      throw new EngineError("SchemaRaceDetected", "Another push changed the indexes meanwhile. Push again.", 409);
  }

  /** Declares this schema's indexes live and all others to be dropped. */
  activate(db: Connection): void {
    const wanted = new Set(this.tables.flatMap((declared) => this.indexes(declared)).map((index) => index?.id));
    for (const table of this.engine.storage.catalog.all()) {
      for (const index of table.indexes) {
        const state = wanted.has(index.id) || isSystemIndex(table, index) ? "live" : "dropped";
        if (state !== index.state) db.run("UPDATE indexes SET state = ? WHERE id = ?", state, index.id);
      }
    }
  }

  end(): void {
    if (this.engine.schemaWatch === this) this.engine.schemaWatch = null;
  }

  /** Checks what is being written meanwhile. */
  changed(changes: readonly Change[]): void {
    for (const { table, after } of changes) {
      const { component, name } = table;
      const schema = this.code.components.get(component)?.schema.get(name);
      if (schema !== undefined && after !== null) this.checkDocument({ component, name, schema }, after.json);
    }
  }

  private createMissing(): void {
    const { storage, writer } = this.engine;
    for (const component of this.code.components.keys()) writer.tableFor(component, SCHEDULED_FUNCTIONS);
    for (const { component, name, schema } of this.tables) {
      writer.tableFor(component, name);
      for (const fields of schema.indexes.values()) {
        const table = writer.tableFor(component, name);
        if (indexOver(table, fields, ["live", "building"]) !== null) continue;
        writer.apply((db) => insertIndex(db, table.id, fields, "building"));
        storage.reloadCatalog();
      }
    }
  }

  /** Fills a building index from the rows there are; new writes keep it up to date by themselves. */
  private async backfill(declared: Declared, index: Index): Promise<void> {
    if (this.built.has(index.id)) return;
    const { storage, writer } = this.engine;
    const pages = tablePages(storage.writer, this.table(declared), BATCH_ROWS);
    const fillNext = () => {
      const { value: rows } = pages.next();
      if (rows !== undefined) writer.apply((db) => fill(db, index, rows));
      return rows !== undefined;
    };
    while (await writer.run(fillNext));
    this.built.add(index.id);
  }

  /** Checks the rows there are, unless the live schema holds them to the same already. */
  private async validate(declared: Declared): Promise<void> {
    const { component, name, schema } = declared;
    const live = this.engine.code.components.get(component)?.schema.get(name);
    if (schema.document === null || live?.documentJson === schema.documentJson) return;
    const view = this.engine.storage.snapshot();
    try {
      for (const rows of tablePages(view.reader, this.table(declared), BATCH_ROWS)) {
        for (const row of rows) this.checkDocument(declared, parseObject(row.text));
        if (this.misfit !== null) return;
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      view.close();
    }
  }

  private checkDocument({ component, name, schema }: Declared, document: JsonObject): void {
    if (schema.document === null || this.misfit !== null) return;
    const { _id, _creationTime, ...fields } = document;
    const error = mismatch(schema.document, fields, this.engine.storage.catalog.namesIn(component));
    if (error === null) return;
    const sentence = `Document with ID "${asText(_id)}" in table "${name}" does not match the schema: ${error}`;
    this.misfit = { component, table: name, sentence };
  }

  /** The indexes the schema wants of a table, as they are; null for one that is gone. */
  private indexes(declared: Declared): (Index | null)[] {
    const table = this.table(declared);
    return [...declared.schema.indexes.values()].map((fields) => indexOver(table, fields, ["live", "building"]));
  }

  private table({ component, name }: Declared): Table {
    const table = this.engine.storage.catalog.table(component, name);
    if (table === null) throw new EngineError("SchemaRaceDetected", `Table ${name} went away. Push again.`, 409);
    return table;
  }
}

/** Deletes the entries of dropped indexes bit by bit, while everything else goes on. */
export function collectDroppedIndexes(engine: Engine): void {
  void collect(engine).catch((error: unknown) => engine.reportFault(error));
}

async function collect({ storage, writer }: Engine): Promise<void> {
  const some = "SELECT key FROM entries WHERE index_id = ? LIMIT ?";
  for (const row of storage.writer.all("SELECT id FROM indexes WHERE state = 'dropped'")) {
    const id = numberOf(row, "id");
    const deleteSome = () => {
      const isEmpty = storage.writer.get(some, id, 1) === undefined;
      writer.apply((db) => {
        if (isEmpty) db.run("DELETE FROM indexes WHERE id = ?", id);
        else db.run(`DELETE FROM entries WHERE index_id = ? AND key IN (${some})`, id, id, BATCH_ROWS);
      });
      return !isEmpty;
    };
    while (await writer.run(deleteSome));
  }
}

function fill(db: Connection, index: Index, rows: readonly StoredDocument[]): void {
  const insert = "INSERT OR IGNORE INTO entries (index_id, key, rid) VALUES (?, ?, ?)";
  for (const row of rows) db.run(insert, index.id, documentKey(index.fields, parseObject(row.text)), row.rid);
}

function isSystemIndex(table: Table, index: Index): boolean {
  return index.id === table.byId.id || index.id === table.byCreationTime.id || table.name === SCHEDULED_FUNCTIONS;
}
