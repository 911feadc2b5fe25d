import { ApiError, ERROR_STATUS, errorBody, issuesOf } from "@oa/contract";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type * as z from "zod";

/** Largest request body of the runtime and fleet APIs, in bytes: a spec with 200 models fits well. */
export const MAX_BODY_BYTES = 256 * 1024;

/** The envelope of an error, with its status. Never says more about an unexpected one than that it happened. */
export function errorAnswer(c: Context, error: unknown, report: (error: unknown) => void): Response {
  const known = toApiError(error);
  if (known.code === "internal") report(error);
  return c.json(errorBody(known), ERROR_STATUS[known.code]);
}

function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof HTTPException && error.status === 413) return tooLarge();
  if (error instanceof HTTPException && error.status < 500) return new ApiError("invalid_request", error.message);
  return new ApiError("internal", "Something went wrong on this machine; the request id finds it in the host's log.");
}

/** Raised by the body limit. */
export function tooLarge(): ApiError {
  return new ApiError("payload_too_large", `The request body is larger than ${MAX_BODY_BYTES} bytes.`);
}

/** Parses what came over a wire, or raises `invalid_request` that names each field. */
export function parse<S extends z.ZodType>(schema: S, value: unknown, what: string): z.infer<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = issuesOf(parsed.error);
  const first = issues[0]?.message ?? "it does not fit its schema";
  throw new ApiError("invalid_request", `The ${what} is not valid: ${first}.`, { issues });
}

/** The request's JSON body, or `invalid_request`. */
export async function jsonBody(c: Context): Promise<unknown> {
  const text = await c.req.text();
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    throw new ApiError("invalid_request", "The request body is not JSON.");
  }
}
