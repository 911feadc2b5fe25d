import * as z from "zod";
import type { ApiError } from "./errors.ts";
import { ErrorCodeSchema } from "./errors.ts";

/** `{ ok: true, data }` or `{ ok: false, error }`: the answer form of the control, worker, runtime and fleet hops. */
export type Envelope<T> = { ok: true; data: T } | { ok: false; error: ErrorBody };

export const ErrorBody = z.object({
  code: ErrorCodeSchema,
  message: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
});
export type ErrorBody = z.infer<typeof ErrorBody>;

export const ErrorEnvelope = z.object({ ok: z.literal(false), error: ErrorBody });

/** The schema of an answer whose `data` is `data`. */
export function envelopeOf<S extends z.ZodType>(data: S) {
  return z.discriminatedUnion("ok", [z.object({ ok: z.literal(true), data }), ErrorEnvelope]);
}

const OkHead = z.object({ ok: z.literal(true), data: z.unknown() });

/** Reads an answer at the boundary. Throws a ZodError for anything that is no envelope, or whose data is not `data`'s. */
export function parseEnvelope<S extends z.ZodType>(data: S, body: unknown): Envelope<z.output<S>> {
  const failure = ErrorEnvelope.safeParse(body);
  if (failure.success) return failure.data;
  return { ok: true, data: data.parse(OkHead.parse(body).data) };
}

export function okBody<T>(data: T): { ok: true; data: T } {
  return { ok: true, data };
}

export function errorBody(error: ApiError): { ok: false; error: ErrorBody } {
  const body: ErrorBody = { code: error.code, message: error.message };
  if (error.details !== undefined) body.details = { ...error.details };
  return { ok: false, error: body };
}

/** One line a field, for `details.issues` of `invalid_request`. */
export function issuesOf(error: z.ZodError): { path: string; message: string }[] {
  return error.issues.map((issue) => ({ path: issue.path.map(String).join("."), message: issue.message }));
}
