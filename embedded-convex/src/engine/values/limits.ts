/**
 * Convex's limits (https://docs.convex.dev/production/state/limits), enforced here so that what passes on this
 * engine passes there.
 */
import type { Json } from "../types.ts";
import { special } from "./json.ts";

const MiB = 1 << 20;

export const MAX_DOCUMENT_BYTES = MiB;
export const MAX_VALUE_BYTES = 16 * MiB;
export const MAX_DOCUMENT_NESTING = 16;
const MAX_VALUE_NESTING = 64;
export const MAX_ARRAY_ITEMS = 8192;
export const MAX_OBJECT_FIELDS = 1024;
export const MAX_FIELD_NAME = 1024;
export const MAX_INDEX_FIELDS = 16;
export const MAX_TABLE_INDEXES = 64;
export const MAX_CALL_DEPTH = 8;
export const MAX_LOG_LINES = 256;
export const MAX_LOG_LINE_CHARS = 32_768;
export const MAX_SCHEDULE_AHEAD_MS = 5 * 365 * 24 * 60 * 60 * 1000;
export const MAX_SCHEDULED_ARGS_BYTES = 4 * MiB;

/** What one transaction may use. Nested calls can only lower it. */
export const TRANSACTION_BUDGET = {
  bytesRead: 16 * MiB,
  bytesWritten: 16 * MiB,
  databaseQueries: 4096,
  documentsRead: 32_000,
  documentsWritten: 16_000,
  functionsScheduled: 1000,
  scheduledFunctionArgsBytes: 16 * MiB,
};
export type Budget = typeof TRANSACTION_BUDGET;
export const METRICS = Object.keys(TRANSACTION_BUDGET).filter((key): key is keyof Budget => key in TRANSACTION_BUDGET);

/** The limits that an object of unknown shape names; the rest of it is left aside. */
export function limitsIn(given: unknown): Partial<Budget> {
  const limits: Partial<Budget> = {};
  for (const metric of METRICS) {
    const value: unknown = typeof given === "object" && given !== null ? Reflect.get(given, metric) : undefined;
    if (typeof value === "number") limits[metric] = value;
  }
  return limits;
}

/**
 * Checks a value's shape and returns its size in bytes as Convex counts it (type marker, payload, terminators).
 * `what` begins the error sentence, for example "Arguments" or "Document".
 */
export function measure(value: Json, what: string, depthLeft: number = MAX_VALUE_NESTING): number {
  if (value === null || typeof value === "boolean") return 1;
  if (typeof value === "number") return 9;
  if (typeof value === "string") return 2 + Buffer.byteLength(value);
  if (depthLeft === 0) throw new TypeError(`${what} is nested too deeply.`);
  if (Array.isArray(value)) {
    if (value.length > MAX_ARRAY_ITEMS) {
      throw new TypeError(`${what} has an array of length ${value.length} > maximum length ${MAX_ARRAY_ITEMS}.`);
    }
    return value.reduce<number>((total, item) => total + measure(item, what, depthLeft - 1), 2);
  }
  const decoded = special(value);
  if (decoded !== null) {
    if (decoded.kind === "undefined") throw new TypeError(`${what} contains undefined, which is not a Convex value.`);
    return decoded.kind === "bytes" ? 2 + decoded.value.byteLength : 9;
  }
  const entries = Object.entries(value);
  if (entries.length > MAX_OBJECT_FIELDS) {
    throw new TypeError(`${what} has an object with ${entries.length} fields > maximum number ${MAX_OBJECT_FIELDS}.`);
  }
  return entries.reduce((total, [name, item]) => {
    checkFieldName(name);
    return total + name.length + 1 + measure(item, what, depthLeft - 1);
  }, 2);
}

function checkFieldName(name: string): void {
  if (name.length > MAX_FIELD_NAME) {
    throw new TypeError(`Field name ${name} exceeds maximum field name length ${MAX_FIELD_NAME}.`);
  }
  if (name.startsWith("$")) throw new TypeError(`Field name ${name} starts with a '$', which is reserved.`);
  if (!/^[ -~]*$/.test(name)) {
    throw new TypeError(
      `Field name ${name} has an invalid character: field names can only contain non-control ASCII characters.`,
    );
  }
}
