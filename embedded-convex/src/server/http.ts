/** The plain parts of speaking HTTP: bodies with limits, replies, errors as `{code, message}`. Knows no routes. */
import { z } from "zod";
import { EngineError, type Json } from "../engine/types.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Sizes in bytes, times in milliseconds. */
export const LIMITS = {
  /** A function call: 16 MiB of arguments and what JSON adds to them. */
  callBody: 24 * MIB,
  /** A push, unpacked: bundles and source maps of an app and its components. */
  pushBody: 128 * MIB,
  /** Everything else an admin sends. */
  adminBody: 4 * MIB,
  /** What an HTTP action may be sent; Convex's own limit. */
  httpActionBody: 20 * MIB,
  /** From the first byte of a request to its last. */
  requestTimeout: 5 * 60_000,
  headersTimeout: 30_000,
} as const;

/** Any JSON value: what `JSON.parse` gave is already one, so nothing is walked again. */
export const jsonValue = z.custom<Json>((value) => value !== undefined);

/** A JSON object, not an array. */
export const jsonObject = z.custom<{ [key: string]: Json }>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
);

/** An answer of JSON text. */
export function jsonText(body: string, status = 200): Response {
  return new Response(body, { status, headers: { "content-type": "application/json", "cache-control": "no-store" } });
}

/** 200 with `value` as JSON. */
export function json(value: unknown): Response {
  return jsonText(JSON.stringify(value));
}

/** The `{code, message}` answer for a request that failed. Unknown errors are a 500 that says nothing of the inside. */
export function errorReply(error: unknown): Response {
  const unknown = "The server failed on this request; its log has the cause.";
  const known = error instanceof EngineError ? error : new EngineError("InternalServerError", unknown, 500);
  return jsonText(JSON.stringify({ code: known.code, message: known.message }), known.status);
}

/** Parses JSON text with `schema`. @throws EngineError 400 "BadJsonBody". */
export function parseJson<T>(text: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new EngineError("BadJsonBody", "The body is not JSON.");
  }
  return checked(value, schema, "BadJsonBody");
}

/** `value` as `schema` takes it. @throws EngineError 400 with `code`, naming the first field that does not fit. */
export function checked<T>(value: unknown, schema: z.ZodType<T>, code: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? "what was sent" : `\`${issue.path.join(".")}\``;
  throw new EngineError(code, `Cannot read ${where}: ${issue?.message ?? "unexpected shape"}.`);
}

/**
 * Reads the whole body; unpacks what the CLI packs (`br`).
 * @throws EngineError 413 once more than `limit` bytes arrived or came out of the packing; 400 for a broken packing.
 */
export async function readBody({ body, headers }: Request, limit: number): Promise<string> {
  if (body === null) return "";
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity" && encoding !== "br")
    throw new EngineError("UnsupportedEncoding", `Content-Encoding ${encoding} is not supported.`, 415);
  const unpacked = encoding === "br" ? body.pipeThrough(new DecompressionStream("brotli")) : body;
  try {
    return await new Response(limited(unpacked, limit)).text();
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError("BadRequestBody", "The body could not be read to its end.");
  }
}

/** `body`, failing with EngineError 413, and with no more of it read, once it is larger than `limit` bytes. */
export function limited(body: ReadableStream<Uint8Array>, limit: number): ReadableStream<Uint8Array> {
  let left = limit;
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      left -= chunk.length;
      if (left < 0) throw new EngineError("RequestTooLarge", `The body is larger than ${limit} bytes.`, 413);
      controller.enqueue(chunk);
    },
  });
  return body.pipeThrough(counting);
}
