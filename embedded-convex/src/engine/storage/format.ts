/** The database's tables. A change of this text is a change of FORMAT and needs a step in `migrate`. */
import { randomBytes } from "node:crypto";
import { EngineError } from "../types.ts";
import { numberOf, type Connection } from "./connection.ts";

/** `PRAGMA user_version`; 0 is an empty file. */
const FORMAT = 3;

const CREATE = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- One row per table of a component ("" is the app). The number is part of its documents' ids and never reused.
CREATE TABLE tables (
  id INTEGER PRIMARY KEY, component TEXT NOT NULL, name TEXT NOT NULL, number INTEGER NOT NULL,
  UNIQUE (component, name), UNIQUE (component, number));

-- An index is known by its fields; names live in the pushed schema. Writers keep "building" ones up to date,
-- readers see only "live" ones, and "dropped" ones wait for their entries to be deleted.
CREATE TABLE indexes (
  id INTEGER PRIMARY KEY, table_id INTEGER NOT NULL, fields TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('building', 'live', 'dropped')));

-- rid is insertion order, so a table's neighbours by time are neighbours on disk.
CREATE TABLE documents (rid INTEGER PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE entries (index_id INTEGER NOT NULL, key BLOB NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (index_id, key)) WITHOUT ROWID;

-- Jobs not finished yet: what the scheduler must look at. The document in _scheduled_functions is what code sees.
CREATE TABLE jobs (
  id TEXT PRIMARY KEY, table_id INTEGER NOT NULL, due_ms REAL NOT NULL, component TEXT NOT NULL, udf TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX jobs_by_due ON jobs (due_ms, id);

CREATE TABLE crons (
  component TEXT NOT NULL, name TEXT NOT NULL, spec TEXT NOT NULL, next_ms REAL NOT NULL,
  PRIMARY KEY (component, name)) WITHOUT ROWID;

-- Results of clients' mutations, so that one sent again after a lost answer is not applied again.
CREATE TABLE session_requests (
  session TEXT NOT NULL, request INTEGER NOT NULL, ts TEXT NOT NULL, result TEXT NOT NULL, log_lines TEXT NOT NULL, at_ms REAL NOT NULL,
  PRIMARY KEY (session, request)) WITHOUT ROWID;
CREATE INDEX session_requests_by_time ON session_requests (at_ms);

CREATE TABLE environment (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- The live push (one row) and the bundles it consists of, by hash.
CREATE TABLE pushes (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE modules (hash TEXT PRIMARY KEY, source TEXT NOT NULL, source_map TEXT) WITHOUT ROWID;
`;

/** What brings a file of format 2 to the next one. */
const FROM_2 = "ALTER TABLE crons DROP COLUMN running";

/** Creates the tables of an empty file, brings an older one up to date; refuses a file of a newer or foreign format. */
export function migrate(db: Connection): void {
  const version = numberOf(db.get("PRAGMA user_version") ?? {}, "user_version");
  if (version === FORMAT) return;
  if (version !== 0 && version !== 2) {
    throw new EngineError(
      "UnknownFormat",
      `This database has format ${version}; this version of embedded-convex reads format ${FORMAT}.`,
      500,
    );
  }
  db.exec("BEGIN IMMEDIATE");
  db.exec(version === 2 ? FROM_2 : CREATE);
  const values = "('last_ts', '0'), ('last_creation', '0'), ('running', '0'), ('cursor_key', ?)";
  if (version === 0) db.run(`INSERT INTO meta VALUES ${values}`, randomBytes(32).toString("hex"));
  db.exec(`PRAGMA user_version = ${FORMAT}`);
  db.exec("COMMIT");
}
