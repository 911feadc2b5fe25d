import { ERROR_STATUS, ErrorBody, type ErrorCode } from "@oa/contract";
import { ConvexError, type Value } from "convex/values";

/**
 * An error with a code of the contract, in the form that crosses every call between Convex functions. The HTTP gate turns
 * it into the envelope; in a browser it is a `ConvexError` whose `data` carries the same code and sentence.
 * A mutation that throws it has written nothing.
 */
export function apiError(code: ErrorCode, message: string, details?: Record<string, Value>): ConvexError<Value> {
  const body: Record<string, Value> = { code, message };
  if (details !== undefined) body.details = details;
  return new ConvexError(body);
}

/** The code, sentence and details of a thrown `apiError`; null for anything else. */
export function errorBodyOf(thrown: unknown): ErrorBody | null {
  if (!(thrown instanceof ConvexError)) return null;
  const parsed = ErrorBody.safeParse(thrown.data);
  if (!parsed.success) return null;
  const { code, message, details } = parsed.data;
  return details === undefined ? { code, message } : { code, message, details };
}

/** HTTP status of an error. */
export function statusOf(body: ErrorBody): number {
  return ERROR_STATUS[body.code];
}
