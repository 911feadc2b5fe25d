import type * as z from "zod";
import type { ErrorAnswer } from "../kit/env.ts";

/** An error in OpenAI's shape, with the status it travels under. */
export interface Problem {
  status: number;
  message: string;
  type: string;
  code: string | null;
  param: string | null;
}

/** The body of an error answer. */
export function problemBody({ status: _status, ...error }: Problem): { error: Omit<Problem, "status"> } {
  return { error };
}

/** An error answer. A 429 or 503 carries `retry-after: 1`, so that clients which obey it are quick in tests. */
export function problemResponse(problem: Problem): Response {
  const headers = new Headers({ "content-type": "application/json" });
  if (problem.status === 429 || problem.status === 503) headers.set("retry-after", "1");
  return new Response(JSON.stringify(problemBody(problem)), { status: problem.status, headers });
}

/** A 400 of OpenAI's most common type. */
export function invalid(message: string, more: Partial<Problem> = {}): Problem {
  return { status: 400, message, type: "invalid_request_error", code: null, param: null, ...more };
}

/** How OpenAI words each status when a double is ordered to answer it. */
const BY_STATUS: Readonly<Record<number, readonly [type: string, code: string | null, message: string]>> = {
  400: ["invalid_request_error", "invalid_value", "The request was refused."],
  401: ["invalid_request_error", "invalid_api_key", "Incorrect API key provided."],
  402: ["insufficient_quota", "insufficient_quota", "The upstream account has no credit left."],
  403: ["invalid_request_error", "unsupported_country_region_territory", "The request is not allowed."],
  404: ["invalid_request_error", "model_not_found", "The model does not exist or you do not have access to it."],
  408: ["server_error", null, "The request took too long."],
  413: ["invalid_request_error", null, "The request is too large."],
  429: ["requests", "rate_limit_exceeded", "Rate limit reached. Please try again in 1s."],
  503: ["server_error", "service_unavailable", "The engine is currently overloaded, please try again later."],
};

/** The error that belongs to a status. */
export function problemOf(status: number): Problem {
  const fallback =
    status < 500
      ? (["invalid_request_error", null, "The request was refused."] as const)
      : (["server_error", null, "The server had an error while processing your request."] as const);
  const [type, code, message] = BY_STATUS[status] ?? fallback;
  return { status, type, code, message, param: null };
}

/** The double's own failures and ordered faults, worded like the rest. */
export const openaiError: ErrorAnswer = (status, message) => ({
  body: JSON.stringify(problemBody({ ...problemOf(status), message })),
  contentType: "application/json",
});

/** What OpenAI says about the first thing that is wrong with a body. */
export function problemOfBody(error: z.ZodError, body: unknown): Problem {
  const issue = error.issues[0];
  if (issue === undefined) return invalid("The request is invalid.");
  const param = parameterName(issue.path);
  if (param === "model") return invalid("you must provide a model parameter");
  if (issue.code === "invalid_type" && valueAt(body, issue.path) === undefined) {
    return invalid(`Missing required parameter: '${param}'.`, { param, code: "missing_required_parameter" });
  }
  if (issue.code === "too_small" && (issue.origin === "number" || issue.origin === "int")) {
    return invalid(`Invalid '${param}': integer below minimum value. Expected a value >= ${issue.minimum}.`, {
      param,
      code: "integer_below_min_value",
    });
  }
  const code = issue.code === "invalid_type" ? "invalid_type" : "invalid_value";
  return invalid(`Invalid value for '${param}': ${issue.message}.`, { param, code });
}

function parameterName(path: readonly PropertyKey[]): string {
  return path.map((key, i) => (typeof key === "number" ? `[${key}]` : `${i === 0 ? "" : "."}${String(key)}`)).join("");
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  let value = body;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}
