/**
 * Scheduled functions: documents of `_scheduled_functions`, which code can read, and beside each unfinished one a row of
 * `jobs`, which says what to run and when. Both are written by the same transaction.
 */
import type { FunctionPath, Json } from "../types.ts";
import { SCHEDULED_FUNCTIONS, type Table } from "../storage/catalog.ts";
import { numberOf, textOf, type Connection } from "../storage/connection.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { decodeId, newId } from "../values/ids.ts";
import { isObject } from "../values/json.ts";
import { MAX_SCHEDULED_ARGS_BYTES, MAX_SCHEDULE_AHEAD_MS, measure } from "../values/limits.ts";

/** Not begun, or (an action) begun and marked as such. */
export type Unfinished = "pending" | "inProgress";
/** What a job comes to. */
export type JobState = { kind: "inProgress" | "success" | "canceled" } | { kind: "failed"; error: string };

/** An unfinished job as the scheduler needs it. */
export interface Job {
  id: string;
  tableId: number;
  dueMs: number;
  target: FunctionPath;
}

/** Adds a job; returns its id. `dueMs` is milliseconds since 1970. */
export function scheduleJob(
  tx: Transaction,
  component: string,
  target: FunctionPath,
  args: Json,
  dueMs: number,
): string {
  if (Math.abs(dueMs - tx.beginMs) > MAX_SCHEDULE_AHEAD_MS) {
    throw new Error(`Functions can be scheduled at most 5 years ${dueMs > tx.beginMs ? "ahead" : "back"}.`);
  }
  const argsBytes = measure(args, "Scheduled arguments");
  if (argsBytes > MAX_SCHEDULED_ARGS_BYTES) {
    const sizes = `${argsBytes} bytes > maximum ${MAX_SCHEDULED_ARGS_BYTES} bytes`;
    throw new Error(`Arguments of a scheduled function are too large (${sizes}).`);
  }
  tx.usage.add("functionsScheduled", 1);
  tx.usage.add("scheduledFunctionArgsBytes", argsBytes);
  const table = jobTable(tx, component);
  const id = newId(table.number, tx.beginMs);
  const [module, name] = target.udf.split(":");
  const job = { args: [args], name: `${module}.js:${name}`, scheduledTime: dueMs, state: { kind: "pending" } };
  tx.put(table, id, { _creationTime: tx.creationTime(), _id: id, ...job });
  const insert = "INSERT INTO jobs (id, table_id, due_ms, component, udf) VALUES (?, ?, ?, ?, ?)";
  tx.also((db) => db.run(insert, id, table.id, dueMs, target.component, target.udf));
  return id;
}

/** Cancels what has not run; a running action goes on, but is shown as canceled. */
export function cancelJob(tx: Transaction, component: string, id: string, own: string | null): void {
  if (id === own) throw new Error("A scheduled function cannot cancel itself.");
  const table = jobTable(tx, component);
  const document = decodeId(id)?.tableNumber === table.number ? tx.get(table, id) : null;
  if (document === null) throw new Error(`Scheduled function ${id} does not exist.`);
  for (const from of ["pending", "inProgress"] as const) moveJob(tx, table, id, from, { kind: "canceled" });
}

/**
 * Whether a job is in a state still: a cancel may have moved it on meanwhile. Then moves it to the next one, unless that
 * is null. A finished one gets its `completedTime`.
 */
export function moveJob(tx: Transaction, table: Table, id: string, from: Unfinished, to: JobState | null): boolean {
  const document = tx.peek(table, id)?.json;
  const state = document?.["state"];
  if (!isObject(state) || state["kind"] !== from) return false;
  if (to === null) return true;
  const isFinished = to.kind !== "inProgress";
  tx.put(table, id, { ...document, ...(isFinished ? { completedTime: tx.beginMs } : {}), state: { ...to } });
  if (isFinished) tx.also((db) => db.run("DELETE FROM jobs WHERE id = ?", id));
  return true;
}

/** Unfinished jobs, the earliest first. */
export function dueJobs(db: Connection, untilMs: number, limit: number): Job[] {
  const select = "SELECT id, table_id, due_ms, component, udf FROM jobs WHERE due_ms <= ? ORDER BY due_ms, id LIMIT ?";
  return db.all(select, untilMs, limit).map((row) => ({
    id: textOf(row, "id"),
    tableId: numberOf(row, "table_id"),
    dueMs: numberOf(row, "due_ms"),
    target: { component: textOf(row, "component"), udf: textOf(row, "udf") },
  }));
}

function jobTable(tx: Transaction, component: string): Table {
  const table = tx.catalog.table(component, SCHEDULED_FUNCTIONS);
  if (table === null) throw new Error(`Component "${component}" has no scheduler.`);
  return table;
}
