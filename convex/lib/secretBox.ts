import type { SecretKey } from "@oa/contract";
import { Base64 } from "convex/values";
import { apiError } from "./errors.ts";

/**
 * Encryption of what is stored: AES-256-GCM with a random 96-bit IV. A ciphertext is bound to its instance, user, field
 * and version by the additional authenticated data, so that one moved to another row or field, or an older one put back
 * in place of a newer, does not open. Runs in actions only: mutations have no cryptographic random source.
 *
 * `OPENCLAW_ENCRYPTION_KEY` encrypts; the keys of `OPENCLAW_ENCRYPTION_KEYS_PREVIOUS` only decrypt, until
 * `secrets:rotateSecrets` has brought every row under the active key.
 */

/** The only algorithm so far; stored with each secret, so that another can follow. */
export const SECRET_ALG = "AES-256-GCM";

const KEY_BYTES = 32;
const IV_BYTES = 12;
const LABEL = "openclaw/secret/v1";

/** What a ciphertext is bound to. */
export interface SecretPlace {
  instance_id: string;
  user_id: string;
  field: SecretKey;
  /** 1 for the first value a field has, one more each time it is sealed. */
  version: number;
}

/** A secret as it is stored. `ciphertext` (with GCM's tag) and `iv` are base64. */
export interface SealedSecret {
  ciphertext: string;
  iv: string;
  alg: string;
  key_id: string;
}

interface BoxKey {
  id: string;
  key: CryptoKey;
}

/** The keys of this deployment. */
export interface Keyring {
  active: BoxKey;
  byId: ReadonlyMap<string, BoxKey>;
}

/** The variables a keyring is made from. */
export interface KeyringEnv {
  OPENCLAW_ENCRYPTION_KEY?: string | undefined;
  OPENCLAW_ENCRYPTION_KEYS_PREVIOUS?: string | undefined;
}

/** The keys of the environment. Refuses with `not_configured`, naming the variable, what is missing or malformed. */
export async function loadKeyring(env: KeyringEnv): Promise<Keyring> {
  const active = await boxKey("OPENCLAW_ENCRYPTION_KEY", env.OPENCLAW_ENCRYPTION_KEY ?? "");
  const previous = (env.OPENCLAW_ENCRYPTION_KEYS_PREVIOUS ?? "")
    .split(",")
    .map((text) => text.trim())
    .filter((text) => text !== "");
  const olderKeys = await Promise.all(previous.map((text) => boxKey("OPENCLAW_ENCRYPTION_KEYS_PREVIOUS", text)));
  return { active, byId: new Map([...olderKeys, active].map((key) => [key.id, key])) };
}

/** Encrypts under the active key. */
export async function sealSecret(keyring: Keyring, place: SecretPlace, value: string): Promise<SealedSecret> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const sealed = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv, additionalData: boundTo(place) },
    keyring.active.key,
    new TextEncoder().encode(value),
  );
  return {
    ciphertext: Base64.fromByteArray(new Uint8Array(sealed)),
    iv: Base64.fromByteArray(iv),
    alg: SECRET_ALG,
    key_id: keyring.active.id,
  };
}

/**
 * Decrypts with the key the secret names. Refuses with `secret_corrupt` whatever does not open exactly as it was sealed;
 * there is no case in which the input is handed back.
 */
export async function openSecret(keyring: Keyring, place: SecretPlace, sealed: SealedSecret): Promise<string> {
  if (sealed.alg !== SECRET_ALG) {
    throw apiError("secret_corrupt", "A stored secret is encrypted in a way this version does not know.");
  }
  const key = keyring.byId.get(sealed.key_id);
  if (key === undefined) {
    throw apiError(
      "secret_corrupt",
      "A stored secret is encrypted under a key this deployment does not have. Add the key to OPENCLAW_ENCRYPTION_KEYS_PREVIOUS.",
      { key_id: sealed.key_id },
    );
  }
  try {
    const value = await crypto.subtle.decrypt(
      { name: "AES-GCM", iv: bytesOf(sealed.iv), additionalData: boundTo(place) },
      key.key,
      bytesOf(sealed.ciphertext),
    );
    return new TextDecoder("utf-8", { fatal: true }).decode(value);
  } catch {
    throw apiError(
      "secret_corrupt",
      "A stored secret does not decrypt: it was changed, or moved from where it belongs.",
    );
  }
}

const HEX_KEY = /^[0-9a-fA-F]{64}$/;
/** 32 bytes in base64 or base64url: 43 digits, with or without the one `=`. */
const BASE64_KEY = /^[A-Za-z0-9+/_-]{43}=?$/;

async function boxKey(variable: string, text: string): Promise<BoxKey> {
  const bytes = keyBytes(text.trim());
  if (bytes === null) {
    const found = text.trim() === "" ? "is not set" : "is malformed";
    throw apiError(
      "not_configured",
      `${variable} ${found} on the Convex deployment: each key is ${KEY_BYTES} bytes, as 64 hex digits or as base64.`,
      { variables: [variable] },
    );
  }
  const labelled = new Uint8Array([...new TextEncoder().encode("kid"), ...bytes]);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", labelled));
  const id = Array.from(digest.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { id, key: await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]) };
}

function keyBytes(text: string): Uint8Array<ArrayBuffer> | null {
  if (HEX_KEY.test(text)) {
    return Uint8Array.from({ length: KEY_BYTES }, (_, index) =>
      Number.parseInt(text.slice(2 * index, 2 * index + 2), 16),
    );
  }
  if (!BASE64_KEY.test(text)) return null;
  const bytes = bytesOf(`${text.replaceAll("-", "+").replaceAll("_", "/").replace("=", "")}=`);
  return bytes.length === KEY_BYTES ? bytes : null;
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Base64.toByteArray(base64));
}

/** Each part with its length before it: no two places give the same bytes, whatever their ids contain. */
function boundTo(place: SecretPlace): Uint8Array<ArrayBuffer> {
  const parts = [LABEL, place.instance_id, place.user_id, place.field, String(place.version)];
  const encoded = parts.map((part) => new TextEncoder().encode(part));
  const bytes = new Uint8Array(encoded.reduce((sum, part) => sum + 4 + part.length, 0));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const part of encoded) {
    view.setUint32(offset, part.length);
    bytes.set(part, offset + 4);
    offset += 4 + part.length;
  }
  return bytes;
}
