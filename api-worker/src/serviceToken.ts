import { crc32 } from "node:zlib";

/** Kind of a token, readable in its prefix: secret scanners and masks go by it. */
const PREFIX = "oc_svc_";
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** 62^43 > 2^256, 62^6 > 2^32. */
const BODY_LENGTH = 43;
const CHECK_LENGTH = 6;

/**
 * `oc_svc_`, 32 random bytes in base62, and a CRC-32 of all before it in base62 (the design of GitHub's tokens): a
 * mistyped or cut token is known as such without asking anyone.
 */
export function newServiceToken(bytes: Uint8Array = crypto.getRandomValues(new Uint8Array(32))): string {
  const number = BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
  const head = PREFIX + base62(number, BODY_LENGTH);
  return head + base62(BigInt(crc32(head)), CHECK_LENGTH);
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
