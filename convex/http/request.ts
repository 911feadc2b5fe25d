import { issuesOf, USER_ID_HEADER } from "@oa/contract";
import type * as z from "zod";
import { apiError } from "../lib/errors.ts";
import { exact, type Exact } from "../lib/exact.ts";
import { readLimited } from "../lib/readLimited.ts";
import { extractUserId } from "../lib/userId.ts";

/** A request that has passed the gate. */
export interface ControlRequest {
  /** Value of `x-oa-user-id`. */
  userHeader: string | null;
  query: URLSearchParams;
  /** The parsed JSON body; undefined where there is none. */
  body: unknown;
  requestId: string;
}

/** Bytes a body may have: what it carries must fit into one document (1 MiB) with room to spare. */
const MAX_BODY_BYTES = 512 * 1024;

/** Reads a request. Refuses with `payload_too_large` and, for a body that is not JSON, `invalid_request`. */
export async function readRequest(request: Request, requestId: string): Promise<ControlRequest> {
  const text = request.method === "GET" ? "" : await readLimited(request.body, MAX_BODY_BYTES);
  if (text === null) throw apiError("payload_too_large", `A body has at most ${MAX_BODY_BYTES} bytes.`);
  return {
    userHeader: request.headers.get(USER_ID_HEADER),
    query: new URL(request.url).searchParams,
    body: text === "" ? undefined : jsonOf(text),
    requestId,
  };
}

/** The user a request is about; see `extractUserId`. */
export function userOf(request: ControlRequest): string {
  return extractUserId({ header: request.userHeader, query: request.query, body: request.body });
}

/** The body by its schema. Refuses with `invalid_request`; `details.issues` names each field. */
export function bodyOf<S extends z.ZodType>(schema: S, request: ControlRequest): Exact<z.output<S>> {
  return parsed(schema, request.body);
}

/** The body of a request about a user, who may be named in header, query or body: the schema sees them as `user_id`. */
export function bodyForUser<S extends z.ZodType>(schema: S, request: ControlRequest): Exact<z.output<S>> {
  const body = request.body ?? {};
  const named = typeof body === "object" && !Array.isArray(body) ? { ...body, user_id: userOf(request) } : body;
  return parsed(schema, named);
}

/** Values of the query by their schema; a parameter that is given twice is refused. */
export function queryOf<S extends z.ZodType>(schema: S, request: ControlRequest): Exact<z.output<S>> {
  const values: Record<string, string> = {};
  for (const [name, value] of request.query) {
    if (Object.hasOwn(values, name)) throw apiError("invalid_request", `Give the query parameter ${name} once.`);
    values[name] = value;
  }
  return parsed(schema, values);
}

function parsed<S extends z.ZodType>(schema: S, value: unknown): Exact<z.output<S>> {
  const result = schema.safeParse(value);
  if (result.success) return exact(result.data);
  const issues = issuesOf(result.error);
  const first = issues[0];
  const where = first === undefined || first.path === "" ? "The request" : first.path;
  throw apiError("invalid_request", `${where}: ${first?.message ?? "does not fit"}.`, { issues });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw apiError("invalid_request", "The body is not JSON.");
  }
}
