/** One node:sqlite connection with its prepared statements; the only file that names the driver. */
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from "node:sqlite";

export type Row = Record<string, SQLOutputValue>;

/** How long a statement waits for another process's lock (a backup, a shell) before it fails, in milliseconds. */
const BUSY_TIMEOUT_MS = 5000;
const CACHE_KIB = 16 * 1024;
const MMAP_BYTES = 1 << 30;

export class Connection {
  private readonly db: DatabaseSync;
  private readonly statements = new Map<string, StatementSync>();

  constructor(file: string, options: { readOnly: boolean; waitMs?: number }) {
    this.db = new DatabaseSync(file, { readOnly: options.readOnly, timeout: options.waitMs ?? BUSY_TIMEOUT_MS });
    this.db.exec(`PRAGMA cache_size = -${CACHE_KIB}; PRAGMA mmap_size = ${MMAP_BYTES}; PRAGMA temp_store = MEMORY;`);
  }

  /** Statements without parameters or results; never built from user input. */
  exec(sql: string): void {
    this.db.exec(sql);
  }

  all(sql: string, ...params: SQLInputValue[]): Row[] {
    return this.statement(sql).all(...params);
  }

  get(sql: string, ...params: SQLInputValue[]): Row | undefined {
    return this.statement(sql).get(...params);
  }

  /** Returns the rowid of the last insert. */
  run(sql: string, ...params: SQLInputValue[]): number {
    return Number(this.statement(sql).run(...params).lastInsertRowid);
  }

  get inTransaction(): boolean {
    return this.db.isTransaction;
  }

  close(): void {
    this.statements.clear();
    if (this.db.isOpen) this.db.close();
  }

  private statement(sql: string): StatementSync {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.db.prepare(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }
}

/** Column readers: a column of another type is a broken database, and says so. */
export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new TypeError(`column ${column} is not text`);
  return value;
}

export function numberOf(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number") throw new TypeError(`column ${column} is not a number`);
  return value;
}

export function bytesOf(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw new TypeError(`column ${column} is not bytes`);
  return value;
}
