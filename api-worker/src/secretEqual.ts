import { createHash, timingSafeEqual } from "node:crypto";

/** Compares two secrets in constant time; digests first, so that unequal lengths take the same path. */
export function secretEqual(given: string, expected: string): boolean {
  return timingSafeEqual(sha256(given), sha256(expected));
}

function sha256(value: string): Buffer {
  return createHash("sha256").update(value, "utf8").digest();
}

/** SHA-256 as lower-case hex: what is stored of a session cookie. */
export function sha256Hex(value: string): string {
  return sha256(value).toString("hex");
}
