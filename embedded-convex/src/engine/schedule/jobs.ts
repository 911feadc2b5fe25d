/** Scheduled functions as documents of `_scheduled_functions`: making, cancelling and finishing them in a transaction. */
import type { FunctionPath, Json } from "../types.ts";
import { SCHEDULED_FUNCTIONS, type Table } from "../storage/catalog.ts";
import { numberOf, textOf, type Connection } from "../storage/connection.ts";
import type { Change } from "../transaction/overlay.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { decodeId, newId } from "../values/ids.ts";
import { asText, isObject, type JsonObject } from "../values/json.ts";
import { MAX_SCHEDULED_ARGS_BYTES, MAX_SCHEDULE_AHEAD_MS, measure } from "../values/limits.ts";
import { SyscallError } from "./errors.ts";

export type JobState = { kind: "pending" | "inProgress" | "success" | "canceled" } | { kind: "failed"; error: string };

/** An unfinished job as the scheduler needs it. */
export interface Job {
  id: string;
  tableId: number;
  dueMs: number;
  target: FunctionPath;
}

/** Which function a job calls; kept beside the document, because it may be in another component. */
const targets = new WeakMap<Transaction, Map<string, FunctionPath>>();

/** Adds a job; returns its id. `dueMs` is milliseconds since 1970. */
export function scheduleJob(
  tx: Transaction,
  component: string,
  target: FunctionPath,
  args: Json,
  dueMs: number,
): string {
  if (Math.abs(dueMs - tx.beginMs) > MAX_SCHEDULE_AHEAD_MS) {
    throw new SyscallError(`Functions can be scheduled at most 5 years ${dueMs > tx.beginMs ? "ahead" : "back"}.`);
  }
  const argsBytes = measure(args, "Scheduled arguments");
  if (argsBytes > MAX_SCHEDULED_ARGS_BYTES) {
    const sizes = `${argsBytes} bytes > maximum ${MAX_SCHEDULED_ARGS_BYTES} bytes`;
    throw new SyscallError(`Arguments of a scheduled function are too large (${sizes}).`);
  }
  tx.usage.add("functionsScheduled", 1);
  tx.usage.add("scheduledFunctionArgsBytes", argsBytes);
  const table = jobTable(tx, component);
  const id = newId(table.number, tx.beginMs);
  const [module, name] = target.udf.split(":");
  const job = { args: [args], name: `${module}.js:${name}`, scheduledTime: dueMs, state: { kind: "pending" } };
  tx.put(table, id, { _creationTime: tx.creationTime(), _id: id, ...job }, 0);
  const known = targets.get(tx) ?? new Map<string, FunctionPath>();
  targets.set(tx, known.set(id, target));
  return id;
}

/** Cancels what has not run; a running action goes on, but is shown as canceled. */
export function cancelJob(tx: Transaction, component: string, id: string, own: string | null): void {
  if (id === own) throw new SyscallError("A scheduled function cannot cancel itself.");
  const table = jobTable(tx, component);
  const document = decodeId(id)?.tableNumber === table.number ? tx.get(table, id) : null;
  if (document === null) throw new SyscallError(`Scheduled function ${id} does not exist.`);
  const state = jobState(document.json);
  if (state === "pending" || state === "inProgress") finishJob(tx, table, document.json, { kind: "canceled" });
}

export function jobState(document: JsonObject): string {
  const state = document["state"];
  return isObject(state) ? asText(state["kind"]) : "";
}

/** Moves a job to a state; finished ones get their `completedTime`. */
export function finishJob(tx: Transaction, table: Table, document: JsonObject, state: JobState): void {
  const finished = state.kind !== "pending" && state.kind !== "inProgress";
  const id = asText(document["_id"]);
  tx.put(table, id, { ...document, ...(finished ? { completedTime: tx.beginMs } : {}), state: { ...state } }, 0);
}

/** Keeps the scheduler's list in step with the documents. Returns whether anything is to be looked at again. */
export function syncJobs(db: Connection, tx: Transaction, changes: readonly Change[]): boolean {
  let changed = false;
  for (const { table, id, before, after } of changes) {
    if (table.name !== SCHEDULED_FUNCTIONS) continue;
    changed = true;
    const state = after === null ? "" : jobState(after.json);
    const target = targets.get(tx)?.get(id);
    if (before === null && target !== undefined && state === "pending") {
      const insert = "INSERT INTO jobs (id, table_id, due_ms, component, udf) VALUES (?, ?, ?, ?, ?)";
      db.run(insert, id, table.id, Number(after?.json["scheduledTime"]), target.component, target.udf);
    } else if (state !== "pending" && state !== "inProgress") db.run("DELETE FROM jobs WHERE id = ?", id);
  }
  return changed;
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
  if (table === null) throw new SyscallError(`Component "${component}" has no scheduler.`);
  return table;
}
