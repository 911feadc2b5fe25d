import { EDITOR_TOKEN_TTL_MS } from "@oa/contract";
import { SignJWT, exportJWK, exportPKCS8, generateKeyPair, importPKCS8 } from "jose";
import { describe, expect, it } from "vitest";
import { convexToken } from "./convexToken.ts";
import type { PublicKey } from "../env.ts";
import { editorToken, readEditorToken } from "./editorToken.ts";
import { signerOf } from "./signer.ts";

const NOW = Date.parse("2026-11-01T00:00:00Z");
const CLAIMS = { sub: "user1", sid: "family1", tv: 3, jti: "j1" };

async function newConfig(keyId = "k1") {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const key = await exportPKCS8(privateKey);
  return { privateKey: key, issuer: "https://issuer.example.com", keyId, previousKeys: new Array<PublicKey>() };
}

/** The next key in the place of this configuration's, which is published as one of before. */
async function nextOf(config: Awaited<ReturnType<typeof newConfig>>, keyId: string) {
  const { publicKeys } = await signerOf(config);
  return { ...(await newConfig(keyId)), previousKeys: publicKeys };
}

describe("an editor's JWT", () => {
  it("is read back for seven days, and not a second longer", async () => {
    const config = await newConfig();
    const token = await editorToken(config, CLAIMS, NOW);
    expect(await readEditorToken(config, token, NOW + EDITOR_TOKEN_TTL_MS - 1000)).toEqual(CLAIMS);
    expect(await readEditorToken(config, token, NOW + EDITOR_TOKEN_TTL_MS)).toBeNull();
  });

  it("of another key, issuer or audience is none of ours", async () => {
    const config = await newConfig();
    const others = [
      await editorToken(await newConfig(), CLAIMS, NOW),
      await editorToken({ ...config, issuer: "https://other.example.com" }, CLAIMS, NOW),
      (await convexToken(config, { userId: "user1", tokenVersion: 3, sessionId: "s1" }, NOW)).token,
    ];
    for (const token of others) expect(await readEditorToken(config, token, NOW)).toBeNull();
  });

  it("goes on after the key was changed, while the one of before is named; its tokens are signed by the new one alone", async () => {
    const before = await newConfig("2026-10");
    const now = await nextOf(before, "2026-11");
    const [old, fresh] = [await editorToken(before, CLAIMS, NOW), await editorToken(now, CLAIMS, NOW)];
    expect([await readEditorToken(now, old, NOW), await readEditorToken(now, fresh, NOW)]).toEqual([CLAIMS, CLAIMS]);
    expect(await readEditorToken(before, fresh, NOW)).toBeNull();
    expect(await readEditorToken({ ...now, previousKeys: [] }, old, NOW)).toBeNull();
    // A key that only calls itself the one of before.
    expect(await readEditorToken(now, await editorToken(await newConfig("2026-10"), CLAIMS, NOW), NOW)).toBeNull();
    const { publicKeys } = await signerOf(now);
    expect(publicKeys.map(({ kid }) => kid)).toEqual(["2026-11", "2026-10"]);
  });

  it("is made by no key that another one shares its name with: which of the two is meant could not be told", async () => {
    const before = await newConfig("k1");
    const now = await nextOf(before, "k1");
    await expect(editorToken(now, CLAIMS, NOW)).rejects.toThrow(/OA_CONVEX_JWT_KEY_ID/);
    // The present key among those of before is the same key, and no harm.
    const twice = { ...before, previousKeys: (await signerOf(before)).publicKeys };
    expect(await readEditorToken(twice, await editorToken(twice, CLAIMS, NOW), NOW)).toEqual(CLAIMS);
  });

  it("that is changed, unsigned, signed by the public key, or without an end is none", async () => {
    const config = await newConfig();
    const token = await editorToken(config, CLAIMS, NOW);
    const [head = "", payload = "", signature = ""] = token.split(".");
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const key = await importPKCS8(config.privateKey, "ES256", { extractable: true });
    const { d: _secret, ...open } = await exportJWK(key);
    const confused = await new SignJWT({ ...CLAIMS })
      .setProtectedHeader({ alg: "HS256" })
      .setIssuer(config.issuer)
      .setAudience("openclaw-api")
      .setExpirationTime("1h")
      .sign(new TextEncoder().encode(JSON.stringify(open)));
    const endless = await new SignJWT({ sid: "family1", tv: 3 })
      .setProtectedHeader({ alg: "ES256" })
      .setIssuer(config.issuer)
      .setAudience("openclaw-api")
      .setSubject("user1")
      .setJti("j1")
      .setIssuedAt(NOW / 1000)
      .sign(key);
    const forged = [
      `${head}.${encode({ ...CLAIMS, sub: "user2" })}.${signature}`,
      `${encode({ alg: "none" })}.${payload}.`,
      `${head}.${payload}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`,
      confused,
      endless,
      "",
      "x.y.z",
    ];
    for (const wrong of forged) expect(await readEditorToken(config, wrong, NOW)).toBeNull();
  });
});
