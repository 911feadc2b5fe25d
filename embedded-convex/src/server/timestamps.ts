/** Timestamps on the wire: a u64 of nanoseconds since 1970, little endian, in base64. */
import { EngineError } from "../engine/types.ts";

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
