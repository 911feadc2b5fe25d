import { createHash } from "node:crypto";
import { MANAGEMENT_KEY_PREFIX, PROVISIONED_KEY_PREFIX } from "@oa/contract";
import { isCheckedToken, newCheckedToken } from "../checkedToken.ts";
import { sha256Hex } from "../secretEqual.ts";

/** A secret for someone else to keep: here only its hash is. */
export interface Secret {
  token: string;
  hash: string;
}

/** Characters of a key that are shown to tell it from others. */
const SHOWN = 12;

/** 32 random bytes, base64url. */
export function newSecret(): Secret {
  const token = randomText(32);
  return { token, hash: sha256Hex(token) };
}

/** Random bytes as base64url. */
export function randomText(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("base64url");
}

/** A new `sk-mgmt-…` key. */
export function newManagementKey(): Secret & { prefix: string } {
  return newKey(MANAGEMENT_KEY_PREFIX);
}

/** A new secret of a provisioned key, `sk-prov-…`. */
export function newProvisionedSecret(): Secret & { prefix: string } {
  return newKey(PROVISIONED_KEY_PREFIX);
}

function newKey(kind: string): Secret & { prefix: string } {
  const token = newCheckedToken(kind);
  return { token, hash: sha256Hex(token), prefix: shownPrefix(token) };
}

/** The beginning of a key, by which people tell it from others. */
export function shownPrefix(token: string): string {
  return token.slice(0, SHOWN);
}

/** A provisioned key's public name: 64 random bits, in hex. */
export function newKeyHash(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString("hex");
}

/** Hash of a management key; null for what cannot be one, so that nobody is asked about it. */
export function managementKeyHash(token: string): string | null {
  return isCheckedToken(MANAGEMENT_KEY_PREFIX, token) ? sha256Hex(token) : null;
}

/** RFC 7636 S256: base64url of the SHA-256 of a verifier. */
export function challengeOf(verifier: string): string {
  return createHash("sha256").update(verifier, "utf8").digest("base64url");
}

/** Letters that are neither vowels nor look-alikes, so that a code is neither a word nor misread (RFC 8628 section 6.1). */
const CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ";

/** `XXXX-XXXX`: 20^8 codes, good for ten minutes, looked up at most a few times a minute. */
export function newUserCode(): string {
  const letters: string[] = [];
  // Bytes from 240 on are drawn again: 240 is the largest multiple of 20 below 256, so every letter is as likely.
  while (letters.length < 8) {
    for (const byte of crypto.getRandomValues(new Uint8Array(16))) {
      if (byte < 240 && letters.length < 8) letters.push(CODE_LETTERS.charAt(byte % CODE_LETTERS.length));
    }
  }
  return `${letters.slice(0, 4).join("")}-${letters.slice(4).join("")}`;
}

/** The token of an `Authorization: Bearer` header; null for none. */
export function bearerOf(header: string | undefined): string | null {
  return /^Bearer +([\x21-\x7e]{1,2000})$/i.exec(header ?? "")?.[1] ?? null;
}

/** Hash under which a JWT stands as its sign-in's first refresh token. */
export function jtiHash(jti: string): string {
  return sha256Hex(`jti ${jti}`);
}
