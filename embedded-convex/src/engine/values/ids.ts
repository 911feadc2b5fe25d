/**
 * Convex document ids: lower-case Crockford base32 of `varint(table number) | 14 random bytes | day | checksum`.
 * The day (2 bytes, big endian, days since 1970) keeps ids of one day close; the checksum is Fletcher-16 of the
 * bytes before it. 31 to 37 characters, one string per id.
 */
import { randomBytes } from "node:crypto";
import { base32crockford } from "@scure/base";

/** The one spelling of an id: Crockford's alphabet has others for some digits. */
const SPELLING = /^[0-9a-hjkmnp-tv-z]{31,37}$/;
const RANDOM_BYTES = 14;
const INTERNAL_BYTES = RANDOM_BYTES + 2;
const CHECKSUM_BYTES = 2;
const MAX_VARINT_BYTES = 5;
const DAY_MS = 24 * 60 * 60 * 1000;

export interface DecodedId {
  tableNumber: number;
  /** The 16 bytes that tell documents of one table apart. */
  internal: Uint8Array;
}

/** A new id. `random` is for tests; ids need to be unique, not secret. */
export function newId(tableNumber: number, nowMs: number, random: Uint8Array = randomBytes(RANDOM_BYTES)): string {
  const day = Math.floor(nowMs / DAY_MS) & 0xffff;
  const body = [...varint(tableNumber), ...random.subarray(0, RANDOM_BYTES), day >> 8, day & 0xff];
  return base32crockford.encode(Uint8Array.of(...body, ...fletcher16(body))).toLowerCase();
}

/** Null for anything that is not exactly an id: wrong length, alphabet, checksum or a second spelling of one. */
export function decodeId(id: string): DecodedId | null {
  const bytes = unbase32(id);
  if (bytes === null) return null;
  let tableNumber = 0;
  let at = 0;
  for (; at < MAX_VARINT_BYTES; at++) {
    const byte = bytes[at] ?? 0;
    tableNumber += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) break;
  }
  const bodyLength = at + 1 + INTERNAL_BYTES;
  if (bytes.length !== bodyLength + CHECKSUM_BYTES) return null;
  const [low, high] = fletcher16(bytes.subarray(0, bodyLength));
  if (bytes[bodyLength] !== low || bytes[bodyLength + 1] !== high) return null;
  const minimal = varint(tableNumber).length === at + 1;
  return minimal ? { tableNumber, internal: bytes.subarray(at + 1, bodyLength) } : null;
}

function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    out.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  out.push(rest);
  return out;
}

function fletcher16(bytes: Iterable<number>): [number, number] {
  let low = 0;
  let high = 0;
  for (const byte of bytes) {
    low = (low + byte) & 0xff;
    high = (high + low) & 0xff;
  }
  return [low, high];
}

/** Null for another alphabet, and for left-over bits: two strings would spell one id. */
function unbase32(text: string): Uint8Array | null {
  if (!SPELLING.test(text)) return null;
  try {
    return base32crockford.decode(text.toUpperCase());
  } catch {
    return null;
  }
}
