import type * as z from "zod";
import type { ErrorAnswer } from "../kit/env.ts";

/** An error in Resend's shape: https://resend.com/docs/api-reference/errors. */
export interface Problem {
  statusCode: number;
  name: string;
  message: string;
}

/** Names of the statuses that a fault can order. */
const NAMES: Readonly<Record<number, string>> = {
  401: "missing_api_key",
  403: "invalid_api_key",
  404: "not_found",
  409: "concurrent_idempotent_requests",
  422: "validation_error",
  429: "rate_limit_exceeded",
};

/** The double's own failures and ordered faults, worded like the rest. */
export const resendError: ErrorAnswer = (status, message) => {
  const name = NAMES[status] ?? (status < 500 ? "validation_error" : "application_error");
  const problem: Problem = { statusCode: status, name, message };
  return { body: JSON.stringify(problem), contentType: "application/json" };
};

/** What Resend says about the first field that is wrong. */
export function problemOfBody(error: z.ZodError, body: unknown): Problem {
  const field = String(error.issues[0]?.path[0] ?? "body");
  const missing = typeof body !== "object" || body === null || Reflect.get(body, field) === undefined;
  if (missing) return { statusCode: 422, name: "missing_required_field", message: `Missing \`${field}\` field.` };
  const isAddress = ["from", "to", "cc", "bcc", "reply_to"].includes(field);
  const hint = isAddress
    ? " The email address needs to follow the `email@example.com` or `Name <email@example.com>` format."
    : "";
  return { statusCode: 422, name: "validation_error", message: `Invalid \`${field}\` field.${hint}` };
}
