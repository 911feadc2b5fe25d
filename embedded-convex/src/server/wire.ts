/** Pieces of both wires, HTTP and sync: JSON around values that are JSON text already, and timestamps. */
import { EngineError } from "../engine/types.ts";

/** The JSON text of `fields`, and of those in `texts` that there are, whose values are JSON text already. */
export function spliced(fields: object, texts: { [field: string]: string | undefined }): string {
  const whole = JSON.stringify(fields).slice(0, -1);
  const rest = Object.entries(texts).map(([name, text]) => (text === undefined ? "" : `,"${name}":${text}`));
  return `${whole}${rest.join("")}}`;
}

/** A timestamp: a u64 of nanoseconds since 1970, little endian, in base64. */
export function encodeTs(ts: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(ts);
  return bytes.toString("base64");
}

/** @throws EngineError 400 when `encoded` is not eight bytes. */
export function decodeTs(encoded: string): bigint {
  const bytes = Buffer.from(encoded, "base64");
  if (bytes.length !== 8) throw new EngineError("InvalidTimestamp", `\`${encoded}\` is not a timestamp.`);
  return bytes.readBigUInt64LE();
}
