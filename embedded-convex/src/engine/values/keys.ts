/**
 * Index keys: a byte encoding of value tuples whose memcmp order is Convex's order of values
 * (undefined < null < int64 < float64 < boolean < string < bytes < array < object). Every value is
 * self-delimiting, starts with a tag below 0x10, and containers end with 0x00, so a prefix of a tuple is a
 * prefix of its key and `prefixEnd` bounds everything that starts with it.
 */
import type { Json, KeyRange } from "../types.ts";
import { field, special, type JsonObject } from "./json.ts";

const END = 0x00;
const UNDEFINED = 0x01;
const NULL = 0x02;
const INT64 = 0x03;
const FLOAT64 = 0x04;
const FALSE = 0x05;
const TRUE = 0x06;
const STRING = 0x07;
const BYTES = 0x08;
const ARRAY = 0x09;
const OBJECT = 0x0a;
const MAX_INT64 = 2n ** 63n - 1n;

/** All of an index: no key is greater than or equal to the upper bound. */
export function wholeIndex(index: { id: number }): KeyRange {
  return { index: index.id, lower: new Uint8Array(0), upper: Uint8Array.of(0xff) };
}

export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

/** The least key greater than `key`. */
export function successor(key: Uint8Array): Uint8Array {
  return append(key, 0x00);
}

/** The least key greater than every key that starts with `prefix`. */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  return append(prefix, 0xff);
}

function append(key: Uint8Array, byte: number): Uint8Array {
  const out = new Uint8Array(key.length + 1);
  out.set(key);
  out[key.length] = byte;
  return out;
}

/** Encodes a tuple; `undefined` items are missing fields. */
export function encodeTuple(values: ReadonlyArray<Json | undefined>): Uint8Array {
  // A copy of its own: small buffers share their memory, which a kept key would hold on to.
  return new Uint8Array(Buffer.concat(values.map(encode)));
}

/** The order of two values (negative, 0, positive), as `compareValues` of convex/values has it. */
export function compareJson(a: Json | undefined, b: Json | undefined): number {
  if (typeof a === "number" && typeof b === "number" && a !== 0 && b !== 0) return a < b ? -1 : a > b ? 1 : 0;
  if (a === b && typeof a !== "object") return 0;
  return compareKeys(encodeTuple([a]), encodeTuple([b]));
}

/** What an index's key consists of: the declared fields, then what tells equal ones apart. */
export function keyFields(declared: readonly string[]): readonly string[] {
  if (declared[0] === "_id") return declared;
  return declared.at(-1) === "_creationTime" ? [...declared, "_id"] : [...declared, "_creationTime", "_id"];
}

/** The key of a document in the index over these declared fields. */
export function documentKey(declared: readonly string[], document: JsonObject): Uint8Array {
  return encodeTuple(keyFields(declared).map((path) => field(document, path)));
}

function encode(value: Json | undefined): Buffer {
  if (value === undefined) return Buffer.of(UNDEFINED);
  if (value === null) return Buffer.of(NULL);
  if (typeof value === "string") return terminated(STRING, Buffer.from(value));
  if (typeof value === "boolean") return Buffer.of(value ? TRUE : FALSE);
  if (typeof value === "number") {
    const key = Buffer.allocUnsafe(9);
    key.writeDoubleBE(value, 1);
    return float(key);
  }
  if (Array.isArray(value)) return Buffer.concat([Buffer.of(ARRAY), ...value.map(encode), Buffer.of(END)]);
  const decoded = special(value);
  if (decoded === null) {
    const names = Object.keys(value).sort();
    const fields = names.flatMap((name) => [encode(name), encode(value[name])]);
    return Buffer.concat([Buffer.of(OBJECT), ...fields, Buffer.of(END)]);
  }
  switch (decoded.kind) {
    case "undefined":
      return Buffer.of(UNDEFINED);
    case "int64":
      return int64(decoded.value);
    case "commitTs":
      // A pending commit timestamp sorts after every known one until the commit fixes it.
      return int64(MAX_INT64);
    case "float":
      return float(Buffer.from([FLOAT64, ...decoded.bytes.toReversed()]));
    case "bytes":
      return terminated(BYTES, decoded.value);
  }
}

/** 0x00 inside becomes 0x00 0xFF, so the closing 0x00 sorts before any continuation. */
function terminated(tag: number, bytes: Uint8Array): Buffer {
  if (bytes.includes(0))
    return Buffer.from([tag, ...[...bytes].flatMap((byte) => (byte === 0 ? [0, 0xff] : byte)), END]);
  const key = Buffer.allocUnsafe(bytes.length + 2);
  key[0] = tag;
  key.set(bytes, 1);
  key[bytes.length + 1] = END;
  return key;
}

function int64(value: bigint): Buffer {
  const key = Buffer.allocUnsafe(9);
  key[0] = INT64;
  key.writeBigUInt64BE(BigInt.asUintN(64, value) ^ (1n << 63n), 1);
  return key;
}

/** IEEE total order of the eight bytes after the first: flips the sign bit of positives, every bit of negatives. */
function float(key: Buffer): Buffer {
  const isNegative = (key.readUInt8(1) & 0x80) !== 0;
  key[0] = FLOAT64;
  for (let at = 1; at < key.length; at++) {
    const flipped = isNegative ? 0xff : at === 1 ? 0x80 : 0;
    key[at] = key.readUInt8(at) ^ flipped;
  }
  return key;
}
