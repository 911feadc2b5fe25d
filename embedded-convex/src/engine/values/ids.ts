/**
 * Convex document ids: lower-case Crockford base32 of `varint(table number) | 14 random bytes | day | checksum`.
 * The day (2 bytes, big endian, days since 1970) keeps ids of one day close; the checksum is Fletcher-16 of the
 * bytes before it. 31 to 37 characters, one string per id.
 */
import { randomBytes } from "node:crypto";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const RANDOM_BYTES = 14;
const INTERNAL_BYTES = RANDOM_BYTES + 2;
const CHECKSUM_BYTES = 2;
const MAX_VARINT_BYTES = 5;
const MIN_LENGTH = 31;
const MAX_LENGTH = 37;
const DAY_MS = 24 * 60 * 60 * 1000;

const digits = new Map(Array.from(ALPHABET, (character, value) => [character, value]));

export interface DecodedId {
  tableNumber: number;
  /** The 16 bytes that tell documents of one table apart. */
  internal: Uint8Array;
}

/** A new id. `random` is for tests; ids need to be unique, not secret. */
export function newId(tableNumber: number, nowMs: number, random: Uint8Array = randomBytes(RANDOM_BYTES)): string {
  const day = Math.floor(nowMs / DAY_MS) & 0xffff;
  const body = [...varint(tableNumber), ...random.subarray(0, RANDOM_BYTES), day >> 8, day & 0xff];
  return base32([...body, ...fletcher16(body)]);
}

/** Null for anything that is not exactly an id: wrong length, alphabet, checksum or a second spelling of one. */
export function decodeId(id: string): DecodedId | null {
  if (id.length < MIN_LENGTH || id.length > MAX_LENGTH) return null;
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

function base32(bytes: readonly number[]): string {
  let out = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out += ALPHABET.charAt((held >> bits) & 31);
      held &= (1 << bits) - 1;
    }
  }
  return bits === 0 ? out : out + ALPHABET.charAt((held << (5 - bits)) & 31);
}

function unbase32(text: string): Uint8Array | null {
  const out = new Uint8Array(Math.floor((text.length * 5) / 8));
  let at = 0;
  let bits = 0;
  let held = 0;
  for (const character of text) {
    const digit = digits.get(character);
    if (digit === undefined) return null;
    held = (held << 5) | digit;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  // Left-over bits must be zero, and fewer than a digit's worth, or two strings would spell one id.
  return held === 0 && bits < 5 ? out : null;
}
