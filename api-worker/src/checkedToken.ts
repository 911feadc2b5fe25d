import { crc32 } from "node:zlib";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** 62^43 > 2^256, 62^6 > 2^32. */
const BODY_LENGTH = 43;
const CHECK_LENGTH = 6;

/**
 * A prefix, 32 random bytes in base62, and a CRC-32 of all before it in base62 (the design of GitHub's tokens): the prefix
 * tells scanners and masks the kind, and a mistyped or cut token is known as such without asking anyone.
 */
export function newCheckedToken(
  prefix: string,
  bytes: Uint8Array = crypto.getRandomValues(new Uint8Array(32)),
): string {
  const number = BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
  const head = prefix + base62(number, BODY_LENGTH);
  return head + checksum(head);
}

/** True for a token of this prefix whose checksum is right; says nothing of whether anyone ever made it. */
export function isCheckedToken(prefix: string, token: string): boolean {
  if (!token.startsWith(prefix) || token.length !== prefix.length + BODY_LENGTH + CHECK_LENGTH) return false;
  const head = token.slice(0, -CHECK_LENGTH);
  return token.slice(-CHECK_LENGTH) === checksum(head);
}

function checksum(head: string): string {
  return base62(BigInt(crc32(head)), CHECK_LENGTH);
}

function base62(number: bigint, length: number): string {
  let rest = number;
  let text = "";
  while (text.length < length) {
    text = ALPHABET.charAt(Number(rest % 62n)) + text;
    rest /= 62n;
  }
  return text;
}
