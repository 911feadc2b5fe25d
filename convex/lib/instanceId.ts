import type { InstanceId } from "@oa/contract";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
const BITS_A_LETTER = 5;
/** 128 random bits. */
export const INSTANCE_ID_BYTES = 16;

/**
 * An instance id from random bytes: lower-case base32 without padding, so that it is a path segment, a folder and a
 * container name as it is, and no two users' names can ever be made equal (unlike names derived from user ids).
 * Call it with `newInstanceIdBytes()`, in an action: mutations have no cryptographic random source.
 */
export function instanceIdOf(bytes: Uint8Array): InstanceId {
  let id = "";
  let bits = 0;
  let pending = 0;
  for (const byte of bytes) {
    pending = (pending << 8) | byte;
    bits += 8;
    while (bits >= BITS_A_LETTER) {
      bits -= BITS_A_LETTER;
      id += ALPHABET.charAt((pending >> bits) & 31);
    }
    pending &= (1 << bits) - 1;
  }
  return bits === 0 ? id : id + ALPHABET.charAt((pending << (BITS_A_LETTER - bits)) & 31);
}

/** Bytes for `instanceIdOf`. Only in actions. */
export function newInstanceIdBytes(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(INSTANCE_ID_BYTES));
}
