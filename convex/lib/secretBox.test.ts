import type { ErrorBody } from "@oa/contract";
import { Base64 } from "convex/values";
import { describe, expect, it } from "vitest";
import { errorBodyOf } from "./errors.ts";
import { loadKeyring, openSecret, SECRET_ALG, sealSecret, type SecretPlace } from "./secretBox.ts";

const HEX_A = "a1".repeat(32);
const HEX_B = "b2".repeat(32);
const BASE64_A = Base64.fromByteArray(new Uint8Array(32).fill(0xa1));

const PLACE: SecretPlace = { instance_id: "inst0001", user_id: "user-1", field: "service_token", version: 1 };
const VALUE = "oc_svc_a secret with ünicode ✓";

const keyring = (active: string, previous?: string) =>
  loadKeyring({ OPENCLAW_ENCRYPTION_KEY: active, OPENCLAW_ENCRYPTION_KEYS_PREVIOUS: previous });

/** The code a promise is refused with. */
async function refusal(promise: Promise<unknown>): Promise<Partial<ErrorBody>> {
  const thrown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  return errorBodyOf(thrown) ?? {};
}

describe("a stored secret", () => {
  it("opens where it belongs, and only there", async () => {
    const keys = await keyring(HEX_A);
    const sealed = await sealSecret(keys, PLACE, VALUE);
    expect(sealed.alg).toBe(SECRET_ALG);
    expect(JSON.stringify(sealed)).not.toContain("secret with");
    expect(await openSecret(keys, PLACE, sealed)).toBe(VALUE);
  });

  it.each([
    ["another instance's row", { instance_id: "inst0002" }],
    ["another user's row", { user_id: "user-2" }],
    ["another field", { field: "provider_keys" }],
    ["an older version put back", { version: 2 }],
    ["letters moved from the instance id to the user id", { instance_id: "inst000", user_id: "1user-1" }],
  ] as const)("does not open in %s", async (_name, elsewhere) => {
    const keys = await keyring(HEX_A);
    const sealed = await sealSecret(keys, PLACE, VALUE);
    expect(await refusal(openSecret(keys, { ...PLACE, ...elsewhere }, sealed))).toMatchObject({
      code: "secret_corrupt",
    });
  });

  it("does not open where parts of the place are cut differently but read the same in a row", async () => {
    const keys = await keyring(HEX_A);
    const gap = "\0\0\0\0";
    const sealed = await sealSecret(keys, { ...PLACE, instance_id: `a${gap}b`, user_id: "c" }, VALUE);
    const elsewhere = { ...PLACE, instance_id: "a", user_id: `b${gap}c` };
    expect(await refusal(openSecret(keys, elsewhere, sealed))).toMatchObject({ code: "secret_corrupt" });
  });

  it("does not open with any one byte of ciphertext, tag or IV flipped", async () => {
    const keys = await keyring(HEX_A);
    const sealed = await sealSecret(keys, PLACE, VALUE);
    for (const part of ["ciphertext", "iv"] as const) {
      const bytes = Base64.toByteArray(sealed[part]);
      for (const index of bytes.keys()) {
        const flipped = bytes.with(index, (bytes[index] ?? 0) ^ 1);
        const changed = { ...sealed, [part]: Base64.fromByteArray(flipped) };
        expect((await refusal(openSecret(keys, PLACE, changed))).code, `${part} byte ${index}`).toBe("secret_corrupt");
      }
    }
  });

  it.each([
    ["cut short", (text: string) => text.slice(0, 8)],
    ["made longer", (text: string) => `${text.replace(/=+$/, "")}AAAA`],
    ["empty", () => ""],
    ["not base64", () => "%%%"],
    ["the plain text itself", () => VALUE],
  ])("does not open when it is %s, and is never handed back", async (_name, change) => {
    const keys = await keyring(HEX_A);
    const sealed = await sealSecret(keys, PLACE, VALUE);
    const changed = { ...sealed, ciphertext: change(sealed.ciphertext) };
    const { code, message } = await refusal(openSecret(keys, PLACE, changed));
    expect(code).toBe("secret_corrupt");
    expect(message).not.toContain(VALUE);
  });

  it("does not open under another key, even one that claims the same id", async () => {
    const sealed = await sealSecret(await keyring(HEX_A), PLACE, VALUE);
    const other = await keyring(HEX_B);
    const { code, message } = await refusal(openSecret(other, PLACE, sealed));
    expect(code).toBe("secret_corrupt");
    expect(message).toContain("OPENCLAW_ENCRYPTION_KEYS_PREVIOUS");
    expect(await refusal(openSecret(other, PLACE, { ...sealed, key_id: other.active.id }))).toMatchObject({
      code: "secret_corrupt",
    });
  });

  it("does not open when it names an algorithm we do not know", async () => {
    const keys = await keyring(HEX_A);
    const sealed = await sealSecret(keys, PLACE, VALUE);
    expect(await refusal(openSecret(keys, PLACE, { ...sealed, alg: "none" }))).toMatchObject({
      code: "secret_corrupt",
    });
  });

  it("sealed twice, shares neither IV nor ciphertext (R1: nothing here is predictable)", async () => {
    const keys = await keyring(HEX_A);
    const sealed = await Promise.all(Array.from({ length: 500 }, async () => await sealSecret(keys, PLACE, VALUE)));
    expect(new Set(sealed.map(({ iv }) => iv)).size).toBe(500);
    expect(new Set(sealed.map(({ ciphertext }) => ciphertext)).size).toBe(500);
    expect(Base64.toByteArray(sealed[0]?.iv ?? "").length).toBe(12);
  });
});

describe("keys of a deployment", () => {
  it("the same key in hex, base64 and base64url is one key", async () => {
    const ids = await Promise.all(
      [
        HEX_A,
        HEX_A.toUpperCase(),
        BASE64_A,
        BASE64_A.replace("=", ""),
        BASE64_A.replaceAll("+", "-").replaceAll("/", "_"),
      ].map(async (text) => (await keyring(text)).active.id),
    );
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[0-9a-f]{16}$/);
  });

  it("a previous key opens what it sealed, and seals nothing new", async () => {
    const old = await keyring(HEX_A);
    const sealed = await sealSecret(old, PLACE, VALUE);
    const now = await keyring(HEX_B, `${"c3".repeat(32)}, ${HEX_A}`);
    expect(await openSecret(now, PLACE, sealed)).toBe(VALUE);
    expect((await sealSecret(now, PLACE, VALUE)).key_id).toBe(now.active.id);
    expect(now.active.id).not.toBe(old.active.id);
  });

  it.each([
    ["nothing", ""],
    ["a password", "correct horse battery staple"],
    ["31 bytes of hex", "a1".repeat(31)],
    ["33 bytes of hex", "a1".repeat(33)],
    ["16 bytes of base64", Base64.fromByteArray(new Uint8Array(16))],
    ["33 bytes of base64", Base64.fromByteArray(new Uint8Array(33))],
    ["hex with a letter too far", "g1".repeat(32)],
  ])("%s is not a key, and the variable is named", async (_name, text) => {
    const { message, ...rest } = await refusal(keyring(text));
    expect(rest).toEqual({ code: "not_configured", details: { variables: ["OPENCLAW_ENCRYPTION_KEY"] } });
    expect(message).toContain("OPENCLAW_ENCRYPTION_KEY");
  });

  it("a malformed previous key is named as such, and not repeated", async () => {
    const { message, ...rest } = await refusal(keyring(HEX_A, "almost-a-key"));
    expect(rest).toMatchObject({
      code: "not_configured",
      details: { variables: ["OPENCLAW_ENCRYPTION_KEYS_PREVIOUS"] },
    });
    expect(message).not.toContain("almost-a-key");
  });
});
