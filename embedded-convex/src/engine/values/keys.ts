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
  const writer = new KeyWriter();
  for (const value of values) writer.value(value);
  return writer.take();
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

class KeyWriter {
  private buffer = Buffer.allocUnsafe(128);
  private length = 0;

  take(): Uint8Array {
    return new Uint8Array(this.buffer.subarray(0, this.length));
  }

  value(value: Json | undefined): void {
    if (value === undefined) this.byte(UNDEFINED);
    else if (value === null) this.byte(NULL);
    else if (typeof value === "string") this.string(value);
    else if (typeof value === "number") this.float(value);
    else if (typeof value === "boolean") this.byte(value ? TRUE : FALSE);
    else if (Array.isArray(value)) {
      this.byte(ARRAY);
      for (const item of value) this.value(item);
      this.byte(END);
    } else this.object(value);
  }

  private object(value: JsonObject): void {
    const decoded = special(value);
    if (decoded === null) {
      this.byte(OBJECT);
      for (const key of Object.keys(value).sort()) {
        this.string(key);
        this.value(value[key]);
      }
      this.byte(END);
    } else if (decoded.kind === "undefined") this.byte(UNDEFINED);
    else if (decoded.kind === "int64") this.int64(decoded.value);
    // A pending commit timestamp sorts after every known one until the commit fixes it.
    else if (decoded.kind === "commitTs") this.int64(MAX_INT64);
    else if (decoded.kind === "float") this.floatBits(Buffer.from(decoded.bytes.toReversed()));
    else {
      this.byte(BYTES);
      this.terminated(decoded.value);
    }
  }

  private string(value: string): void {
    this.byte(STRING);
    this.terminated(Buffer.from(value, "utf8"));
  }

  /** 0x00 inside becomes 0x00 0xFF, so the closing 0x00 sorts before any continuation. */
  private terminated(bytes: Uint8Array): void {
    this.reserve(bytes.length * 2 + 1);
    if (bytes.indexOf(0) === -1) {
      this.buffer.set(bytes, this.length);
      this.length += bytes.length;
    } else {
      for (const byte of bytes) {
        this.byte(byte);
        if (byte === 0) this.byte(0xff);
      }
    }
    this.byte(END);
  }

  private int64(value: bigint): void {
    this.byte(INT64);
    this.reserve(8);
    this.buffer.writeBigUInt64BE(BigInt.asUintN(64, value) ^ (1n << 63n), this.length);
    this.length += 8;
  }

  private float(value: number): void {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeDoubleBE(value);
    this.floatBits(bytes);
  }

  /** IEEE total order: flip the sign bit of positives, every bit of negatives. */
  private floatBits(bigEndian: Buffer): void {
    this.byte(FLOAT64);
    const negative = (bigEndian.readUInt8(0) & 0x80) !== 0;
    this.reserve(8);
    for (const [i, byte] of bigEndian.entries()) {
      this.buffer[this.length++] = negative ? ~byte : i === 0 ? byte | 0x80 : byte;
    }
  }

  private byte(byte: number): void {
    this.reserve(1);
    this.buffer[this.length++] = byte;
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + bytes));
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }
}
