/**
 * The plain parts of speaking HTTP: bodies with limits, replies, errors as `{code, message}`, CORS. Knows no routes.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip } from "node:zlib";
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

/** A finished answer. */
export interface Reply {
  status: number;
  body: string;
  contentType: "application/json" | "text/plain";
}

/** What a request asks for. @throws EngineError 400 for a request line that is no address. */
export function addressOf(request: IncomingMessage): URL {
  const base = "http://localhost";
  const target = request.url ?? "/";
  if (!URL.canParse(target, base)) throw new EngineError("BadRequest", "The request names no address.");
  return new URL(target, base);
}

/** Any JSON value: what `JSON.parse` gave is already one, so nothing is walked again. */
export const jsonValue = z.custom<Json>((value) => value !== undefined);

/** A JSON object, not an array. */
export const jsonObject = z.custom<{ [key: string]: Json }>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
);

/** 200 with `text`, which is JSON already. */
export function jsonText(text: string): Reply {
  return { status: 200, body: text, contentType: "application/json" };
}

/** 200 with `value` as JSON. */
export function json(value: unknown): Reply {
  return jsonText(JSON.stringify(value));
}

/** 200 with plain text. */
export function text(body: string): Reply {
  return { status: 200, body, contentType: "text/plain" };
}

/** The `{code, message}` answer for a request that failed. Unknown errors are a 500 that says nothing of the inside. */
export function errorReply(error: unknown): Reply {
  const known =
    error instanceof EngineError
      ? { status: error.status, code: error.code, message: error.message }
      : {
          status: 500,
          code: "InternalServerError",
          message: "The server failed on this request; its log has the cause.",
        };
  const body = JSON.stringify({ code: known.code, message: known.message });
  return { status: known.status, body, contentType: "application/json" };
}

/**
 * Parses JSON text with `schema`.
 * @throws EngineError 400 "BadJsonBody" naming the first field that does not fit.
 */
export function parseJson<T>(text: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new EngineError("BadJsonBody", "The body is not JSON.");
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? "the body" : `\`${issue.path.join(".")}\``;
  throw new EngineError("BadJsonBody", `Cannot read ${where}: ${issue?.message ?? "unexpected shape"}.`);
}

/**
 * Reads the whole body, unpacked (`br`, `gzip`).
 * @throws EngineError 413 once more than `limit` bytes arrived or came out of the packing; 400 for a broken packing.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of unpacked(request)) {
      if (!Buffer.isBuffer(chunk)) continue;
      size += chunk.length;
      if (size > limit) {
        throw new EngineError(
          "RequestTooLarge",
          `The body is larger than the ${limit} bytes this endpoint takes.`,
          413,
        );
      }
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError("BadRequestBody", "The body could not be read to its end.");
  }
  return Buffer.concat(chunks, size).toString("utf8");
}

function unpacked(request: IncomingMessage): Readable {
  const encoding = request.headers["content-encoding"];
  if (encoding === undefined || encoding === "identity") return request;
  const unpack = encoding === "br" ? createBrotliDecompress() : encoding === "gzip" ? createGunzip() : null;
  if (unpack === null)
    throw new EngineError("UnsupportedEncoding", `Content-Encoding ${encoding} is not supported.`, 415);
  request.on("error", (error) => unpack.destroy(error));
  return request.pipe(unpack);
}

/** Browsers of any origin may call the API: it carries no cookies, so an origin gains nothing a token does not give. */
export function setCors(request: IncomingMessage, response: ServerResponse): void {
  const origin = request.headers.origin;
  response.setHeader("vary", "origin");
  if (origin === undefined) return;
  response.setHeader("access-control-allow-origin", origin);
  response.setHeader("access-control-allow-credentials", "true");
}

/** Answers a CORS preflight. */
export function replyPreflight(request: IncomingMessage, response: ServerResponse): void {
  setCors(request, response);
  response.setHeader("access-control-allow-methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  response.setHeader("access-control-allow-headers", request.headers["access-control-request-headers"] ?? "*");
  response.setHeader("access-control-max-age", "86400");
  response.writeHead(204).end();
}

/** Sends `reply`. A request whose body was not read to its end gets a closed connection: its rest must not be parsed. */
export function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  if (response.headersSent || response.destroyed) return;
  if (!request.complete) response.setHeader("connection", "close");
  const body = Buffer.from(reply.body, "utf8");
  response.writeHead(reply.status, {
    "content-type": reply.contentType === "text/plain" ? "text/plain; charset=utf-8" : reply.contentType,
    "content-length": body.length,
    "cache-control": "no-store",
  });
  response.end(request.method === "HEAD" ? undefined : body);
}
