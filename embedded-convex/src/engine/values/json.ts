/**
 * Convex values in their JSON encoding. The engine keeps documents, arguments and results in this form and
 * decodes only what it must (index keys, filters, sizes), because most values pass through it untouched.
 */
import type { Json } from "../types.ts";

export type JsonObject = { [key: string]: Json };

/** What a one-key `{"$…": …}` object stands for. */
export type Special =
  | { kind: "undefined" }
  | { kind: "commitTs" }
  | { kind: "int64"; value: bigint }
  | { kind: "float"; value: number; bytes: Uint8Array }
  | { kind: "bytes"; value: Uint8Array };

const DOLLAR = 36;

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The items of an array; none of anything else. */
export function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

/** A field that should be text: itself, or some spelling of what is there instead. */
export function asText(value: Json | undefined): string {
  if (typeof value === "string") return value;
  return value === undefined ? "" : JSON.stringify(value);
}

/** `JSON.parse` with a type: what it returns is JSON by construction. */
export function parseJson(text: string): Json {
  const value: unknown = JSON.parse(text);
  if (!isParsed(value)) throw new TypeError("not JSON");
  return value;
}

/** What `JSON.parse` returns is JSON by construction; nothing inside needs to be looked at again. */
function isParsed(value: unknown): value is Json {
  return value !== undefined;
}

/** Parses text that must be a JSON object. Throws `TypeError` for anything else. */
export function parseObject(text: string): JsonObject {
  const value = parseJson(text);
  if (!isObject(value)) throw new TypeError("expected a JSON object");
  return value;
}

/** Decodes a `$`-object; null for an ordinary object. Throws a sentence for a malformed one. */
export function special(value: JsonObject): Special | null {
  for (const key in value) {
    if (key.charCodeAt(0) !== DOLLAR) return null;
    return decodeSpecial(key, value[key], value);
  }
  return null;
}

function decodeSpecial(key: string, inner: Json | undefined, whole: JsonObject): Special {
  if (Object.keys(whole).length === 1) {
    if (key === "$undefined" && inner === null) return { kind: "undefined" };
    if (key === "$commitTs" && inner === null) return { kind: "commitTs" };
    if (typeof inner === "string") {
      if (key === "$bytes") return { kind: "bytes", value: Buffer.from(inner, "base64") };
      const bytes = Buffer.from(inner, "base64");
      if (bytes.byteLength === 8) {
        if (key === "$integer") return { kind: "int64", value: bytes.readBigInt64LE(0) };
        if (key === "$float") return { kind: "float", value: bytes.readDoubleLE(0), bytes };
      }
    }
  }
  throw new TypeError(
    `${JSON.stringify(whole).slice(0, 200)} is not a valid Convex value: field names must not start with "$".`,
  );
}

/** True for an object that stands for itself. */
export function isPlainObject(value: Json): value is JsonObject {
  return isObject(value) && special(value) === null;
}

/** int64 in Convex's encoding. */
export function int64(value: bigint): JsonObject {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return { $integer: bytes.toString("base64") };
}

/** The value at a dotted path ("a.b.c"); undefined when any part is missing. */
export function field(document: JsonObject, path: string): Json | undefined {
  if (!path.includes(".")) return own(document, path);
  let value: Json | undefined = document;
  for (const part of path.split(".")) {
    if (!isObject(value)) return undefined;
    value = own(value, part);
  }
  return value;
}

function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Replaces every pending commit timestamp in encoded text by the int64 it becomes at commit. */
export function resolveCommitTs(text: string, ts: bigint): string {
  // False positives only cost a parse.
  if (!text.includes('"$commitTs"')) return text;
  return JSON.stringify(replaceCommitTs(parseJson(text), int64(ts)));
}

function replaceCommitTs(value: Json, ts: Json): Json {
  if (Array.isArray(value)) return value.map((item) => replaceCommitTs(item, ts));
  if (!isObject(value)) return value;
  if (special(value)?.kind === "commitTs") return ts;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceCommitTs(item, ts)]));
}
