/**
 * Tables and indexes as they are on disk. Held in memory, changed only under the writer's lock; a change replaces
 * objects instead of mutating them, so a running query keeps the catalog it began with.
 */
import { z } from "zod";
import type { TableNames } from "../values/validator.ts";
import type { Connection, Row } from "./connection.ts";

const index = z.object({ id: z.number(), fields: z.array(z.string()), state: z.enum(["building", "live"]) });
const tableRow = z.object({
  id: z.number(),
  component: z.string(),
  name: z.string(),
  number: z.number(),
  indexes: z.string().transform((text) => z.array(index).parse(JSON.parse(text))),
});

export type Index = z.infer<typeof index>;
export interface Table extends z.infer<typeof tableRow> {
  byId: Index;
  byCreationTime: Index;
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

const SELECT_TABLES = `
  SELECT t.*, json_group_array(json_object('id', i.id, 'fields', json(i.fields), 'state', i.state) ORDER BY i.id) AS indexes
  FROM tables t JOIN indexes i ON i.table_id = t.id AND i.state <> 'dropped' GROUP BY t.id ORDER BY t.id`;

export class Catalog {
  private readonly list: readonly Table[];
  private readonly byName: ReadonlyMap<string, Table>;
  private readonly byNumber: ReadonlyMap<string, Table>;

  private constructor(tables: readonly Table[]) {
    this.list = tables;
    this.byName = new Map(tables.map((table) => [`${table.name} ${table.component}`, table]));
    this.byNumber = new Map(tables.map((table) => [`${table.number} ${table.component}`, table]));
  }

  static load(db: Connection): Catalog {
    return new Catalog(db.all(SELECT_TABLES).map(toTable));
  }

  table(component: string, name: string): Table | null {
    return this.byName.get(`${name} ${component}`) ?? null;
  }

  tableByNumber(component: string, number: number): Table | null {
    return this.byNumber.get(`${number} ${component}`) ?? null;
  }

  /** Names of a component's tables by their number; null for a number no table has. */
  namesIn(component: string): TableNames {
    return (number) => this.tableByNumber(component, number)?.name ?? null;
  }

  /** The tables of all components, in the order in which they were made. */
  all(): readonly Table[] {
    return this.list;
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

function sameFields(a: readonly string[], b: readonly string[]): boolean {
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

function toTable(row: Row): Table {
  const table = tableRow.parse(row);
  const [byId, byCreationTime] = [ID_FIELDS, CREATION_FIELDS].map((fields) =>
    table.indexes.find((index) => sameFields(index.fields, fields)),
  );
  if (byId === undefined || byCreationTime === undefined)
    throw new TypeError(`table ${table.name} has lost its system indexes`);
  return { ...table, byId, byCreationTime };
}
