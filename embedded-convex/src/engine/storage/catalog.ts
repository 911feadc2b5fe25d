/**
 * Tables and indexes as they are on disk. Held in memory, changed only under the writer's lock; a change replaces
 * objects instead of mutating them, so a running query keeps the catalog it began with.
 */
import { parseJson } from "../values/json.ts";
import type { TableNames } from "../values/validator.ts";
import { numberOf, textOf, type Connection, type Row } from "./connection.ts";

export interface Index {
  readonly id: number;
  readonly fields: readonly string[];
  readonly state: "building" | "live";
}

export interface Table {
  readonly id: number;
  readonly component: string;
  readonly name: string;
  readonly number: number;
  readonly indexes: readonly Index[];
  readonly byId: Index;
  readonly byCreationTime: Index;
}

export const SCHEDULED_FUNCTIONS = "_scheduled_functions";
const ID_FIELDS = ["_id"] as const;
const CREATION_FIELDS = ["_creationTime"] as const;
/** Finished jobs are found by this when they are old enough to go. */
export const COMPLETED_FIELDS = ["completedTime"] as const;

/** System tables have fixed numbers in every component; user tables start where Convex starts. */
const SYSTEM_NUMBERS = new Map([
  [SCHEDULED_FUNCTIONS, 1],
  ["_storage", 2],
]);
const FIRST_USER_NUMBER = 10_001;

export class Catalog {
  private readonly byComponent: ReadonlyMap<string, ReadonlyMap<string, Table>>;
  private readonly byNumber: ReadonlyMap<string, Table>;

  private constructor(tables: Iterable<Table>) {
    const byComponent = new Map<string, Map<string, Table>>();
    const byNumber = new Map<string, Table>();
    for (const table of tables) {
      const names = byComponent.get(table.component) ?? new Map<string, Table>();
      byComponent.set(table.component, names.set(table.name, table));
      byNumber.set(`${table.number} ${table.component}`, table);
    }
    this.byComponent = byComponent;
    this.byNumber = byNumber;
  }

  static load(db: Connection): Catalog {
    const indexes = Map.groupBy(
      db.all("SELECT id, table_id, fields, state FROM indexes WHERE state <> 'dropped' ORDER BY id"),
      (row) => numberOf(row, "table_id"),
    );
    return new Catalog(
      db
        .all("SELECT id, component, name, number FROM tables ORDER BY id")
        .map((row) => toTable(row, indexes.get(numberOf(row, "id")) ?? [])),
    );
  }

  table(component: string, name: string): Table | null {
    return this.byComponent.get(component)?.get(name) ?? null;
  }

  tableByNumber(component: string, number: number): Table | null {
    return this.byNumber.get(`${number} ${component}`) ?? null;
  }

  /** Names of a component's tables by their number; null for a number no table has. */
  namesIn(component: string): TableNames {
    return (number) => this.tableByNumber(component, number)?.name ?? null;
  }

  tables(component: string): Table[] {
    return [...(this.byComponent.get(component)?.values() ?? [])];
  }

  all(): Table[] {
    return [...this.byComponent.keys()].flatMap((component) => this.tables(component));
  }
}

/** The live index over exactly these fields; null when there is none (yet). */
export function indexOver(
  table: Table,
  fields: readonly string[],
  states: readonly Index["state"][] = ["live"],
): Index | null {
  return table.indexes.find((index) => states.includes(index.state) && sameFields(index.fields, fields)) ?? null;
}

export function sameFields(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((field, i) => field === b[i]);
}

/** Writes a new, empty table with its system indexes. The caller reloads the catalog. */
export function insertTable(db: Connection, component: string, name: string): void {
  const last = db.get("SELECT max(number) AS n FROM tables WHERE component = ?", component)?.["n"];
  const number = SYSTEM_NUMBERS.get(name) ?? Math.max(FIRST_USER_NUMBER, typeof last === "number" ? last + 1 : 0);
  const id = db.run("INSERT INTO tables (component, name, number) VALUES (?, ?, ?)", component, name, number);
  insertIndex(db, id, ID_FIELDS, "live");
  insertIndex(db, id, CREATION_FIELDS, "live");
  if (name === SCHEDULED_FUNCTIONS) insertIndex(db, id, COMPLETED_FIELDS, "live");
}

export function insertIndex(db: Connection, tableId: number, fields: readonly string[], state: Index["state"]): void {
  db.run("INSERT INTO indexes (table_id, fields, state) VALUES (?, ?, ?)", tableId, JSON.stringify(fields), state);
}

function toTable(row: Row, indexRows: readonly Row[]): Table {
  const indexes = indexRows.map(toIndex);
  const [byId, byCreationTime] = [ID_FIELDS, CREATION_FIELDS].map((fields) =>
    indexes.find((index) => sameFields(index.fields, fields)),
  );
  const name = textOf(row, "name");
  if (byId === undefined || byCreationTime === undefined)
    throw new TypeError(`table ${name} has lost its system indexes`);
  return {
    id: numberOf(row, "id"),
    component: textOf(row, "component"),
    name,
    number: numberOf(row, "number"),
    indexes,
    byId,
    byCreationTime,
  };
}

function toIndex(row: Row): Index {
  const fields = parseJson(textOf(row, "fields"));
  if (!Array.isArray(fields)) throw new TypeError("malformed index fields");
  return {
    id: numberOf(row, "id"),
    fields: fields.map(String),
    state: row["state"] === "building" ? "building" : "live",
  };
}
