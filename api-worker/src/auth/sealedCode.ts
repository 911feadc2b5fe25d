import { createHash } from "node:crypto";

/**
 * Encrypts a provider's device code under our own device code, which only the client has: what is stored opens nothing by
 * itself. Each key is random, has 256 bits and seals one thing, so the fixed IV is used once under it.
 */
export async function sealCode(secret: string, code: string): Promise<string> {
  const key = await keyOf(secret);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: IV }, key, new TextEncoder().encode(code));
  return Buffer.from(sealed).toString("base64url");
}

/** Rejects where it does not open. */
export async function openCode(secret: string, sealed: string): Promise<string> {
  const key = await keyOf(secret);
  const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv: IV }, key, Buffer.from(sealed, "base64url"));
  return new TextDecoder().decode(opened);
}

const IV = new Uint8Array(12);

async function keyOf(secret: string): Promise<CryptoKey> {
  // Another hash than the one that is stored of this secret.
  const bytes = createHash("sha256").update("device code key\n").update(secret).digest();
  return await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}
