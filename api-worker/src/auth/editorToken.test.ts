import { EDITOR_TOKEN_TTL_MS } from "@oa/contract";
import { SignJWT, exportJWK, exportPKCS8, generateKeyPair, importPKCS8 } from "jose";
import { describe, expect, it } from "vitest";
import { convexToken } from "./convexToken.ts";
import { editorToken, readEditorToken } from "./editorToken.ts";

const NOW = Date.parse("2026-11-01T00:00:00Z");
const CLAIMS = { sub: "user1", sid: "family1", tv: 3, jti: "j1" };

async function newConfig() {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  return { privateKey: await exportPKCS8(privateKey), issuer: "https://issuer.example.com", keyId: "k1" };
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
