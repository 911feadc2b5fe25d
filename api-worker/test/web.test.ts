import { ConvexToken, WebConfig, WebSession } from "@oa/contract";
import { createLocalJWKSet, decodeProtectedHeader, exportJWK, exportPKCS8, generateKeyPair, jwtVerify } from "jose";
import { beforeEach, describe, expect, it } from "vitest";
import { sha256Hex } from "../src/secretEqual.ts";
import { matching, openWorld } from "./support/world.ts";
import type { Answer, SendOptions, TestWorld } from "./support/world.ts";

const ADA = { email: "Ada@Example.com ", password: "correct horse battery" };

let world: TestWorld;
beforeEach(async () => {
  world = await openWorld();
});

const post = (path: string, body: unknown, options: SendOptions = {}) =>
  world.send("POST", path, { ...options, headers: { "sec-fetch-site": "same-origin", ...options.headers }, body });

/** The cookie an answer sets, as a browser sends it back. */
function cookieOf(answer: Answer): string {
  const cookie = /^([^;]+)/.exec(answer.headers.get("set-cookie") ?? "")?.[1];
  if (cookie === undefined) throw new Error(`no cookie: ${answer.text}`);
  return cookie;
}

const hashOf = (cookie: string) => sha256Hex(cookie.split("=")[1] ?? "");

describe("signing up and in", () => {
  it("opens an account and a session; of both secrets only hashes are stored", async () => {
    const answer = await post("/web/sign-up", ADA, {
      headers: { "cf-connecting-ip": "203.0.113.7", "user-agent": "A browser" },
    });
    expect(answer.status).toBe(201);
    expect(answer.data(WebSession).user?.email).toBe("ada@example.com");
    expect(answer.headers.get("set-cookie")).toMatch(
      /^__Host-sid=[A-Za-z0-9_-]{43}; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    const { convex } = await world.state();
    expect(convex.sessions).toEqual({
      [hashOf(cookieOf(answer))]: { user_id: "user1", ip: "203.0.113.7", user_agent: "A browser" },
    });
    expect(convex.users[0]?.password_hash).toMatch(/^scrypt\$14\$8\$5\$/);
    expect(JSON.stringify(convex)).not.toContain(ADA.password);
  });

  it("tells who is signed in, and whose session a request is", async () => {
    expect((await world.send("GET", "/web/session")).data(WebSession)).toEqual({ user: null });
    const cookie = cookieOf(await post("/web/sign-up", ADA));
    expect((await world.send("GET", "/web/session", { headers: { cookie } })).data(WebSession).user?.user_id).toBe(
      "user1",
    );
    expect((await world.send("GET", "/api/openclaw/instance", { headers: { cookie } })).text).toContain(
      '"instance":null',
    );
  });

  it("gives a new session at every sign-in and ends the one before, so a planted cookie is worth nothing", async () => {
    const first = cookieOf(await post("/web/sign-up", ADA));
    const planted = `__Host-sid=${"p".repeat(43)}`;
    const second = cookieOf(await post("/web/sign-in", ADA, { headers: { cookie: planted } }));
    const third = cookieOf(await post("/web/sign-in", ADA, { headers: { cookie: first } }));
    expect(new Set([first, second, third, planted]).size).toBe(4);
    expect(Object.keys((await world.state()).convex.sessions).toSorted()).toEqual(
      [hashOf(second), hashOf(third)].toSorted(),
    );
  });

  it("answers alike to an e-mail nobody has and to a wrong password", async () => {
    await post("/web/sign-up", ADA);
    const wrong = await post("/web/sign-in", { ...ADA, password: "another password" });
    const unknown = await post("/web/sign-in", { ...ADA, email: "nobody@example.com" });
    expect([wrong.status, wrong.text]).toEqual([401, unknown.text]);
    expect(wrong.headers.get("set-cookie")).toBeNull();
    expect(unknown.status).toBe(401);
  });

  it("takes the same password however a keyboard composes it", async () => {
    await post("/web/sign-up", { email: "eve@example.com", password: "caf\u00e9 au lait" });
    expect((await post("/web/sign-in", { email: "eve@example.com", password: "cafe\u0301 au lait" })).status).toBe(200);
  });

  it("stores the password anew when its parameters have risen", async () => {
    await post("/web/sign-up", ADA);
    const { convex } = await world.state();
    const weak = "scrypt$10$8$1$MDEyMzQ1Njc4OWFiY2RlZg$";
    await world.set(["convex", "users", "0", "password_hash"], weak + (await weakHash()));
    expect((await post("/web/sign-in", ADA)).status).toBe(200);
    const after = (await world.state()).convex.users[0]?.password_hash;
    expect(after).toMatch(/^scrypt\$14\$8\$5\$/);
    expect(after).not.toBe(convex.users[0]?.password_hash);
  });

  it("says what is wrong with what was typed, by field", async () => {
    const answer = await post("/web/sign-up", { email: "not an e-mail", password: "short" });
    expect(answer.error()).toMatchObject({
      code: "invalid_request",
      details: {
        issues: [
          { path: "email", message: "that is not an e-mail address" },
          { path: "password", message: "use at least 10 characters" },
        ],
      },
    });
    await post("/web/sign-up", ADA);
    expect((await post("/web/sign-up", ADA)).error().code).toBe("taken");
    expect((await post("/web/sign-in", "{")).error().code).toBe("invalid_request");
    expect((await post("/web/sign-in", ADA, { headers: { "content-type": "text/plain" } })).error().code).toBe(
      "invalid_request",
    );
    expect((await post("/web/sign-in", { ...ADA, password: "x".repeat(70_000) })).error().code).toBe(
      "payload_too_large",
    );
  });

  it("signs out, and a second time without a session", async () => {
    const cookie = cookieOf(await post("/web/sign-up", ADA));
    for (const _ of [1, 2]) {
      const answer = await post("/web/sign-out", undefined, { headers: { cookie } });
      expect(answer.status).toBe(200);
      expect(answer.headers.get("set-cookie")).toContain("Max-Age=0");
    }
    expect((await world.state()).convex.sessions).toEqual({});
    expect((await world.send("GET", "/api/openclaw/instance", { headers: { cookie } })).error().code).toBe(
      "unauthorized",
    );
  });
});

describe("where the cookie travels", () => {
  it("is a plain one on http loopback, where browsers refuse __Host-", async () => {
    const origin = "http://localhost:8787";
    const answer = await post("/web/sign-up", ADA, { origin });
    expect(answer.headers.get("set-cookie")).toMatch(
      /^sid=[A-Za-z0-9_-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    const session = await world.send("GET", "/web/session", { headers: { cookie: cookieOf(answer) }, origin });
    expect(session.data(WebSession).user).not.toBeNull();
    // The loopback cookie is nothing over https: a page on plain http could have set it.
    const secure = await world.send("GET", "/web/session", { headers: { cookie: cookieOf(answer) } });
    expect(secure.data(WebSession).user).toBeNull();
  });

  it("is not over an unencrypted network at all", async () => {
    const answer = await post("/web/sign-up", ADA, { origin: "http://app.example.com" });
    expect(answer.error()).toMatchObject({ code: "forbidden", message: matching(/https/) });
    expect((await world.state()).convex.users).toEqual([]);
  });
});

describe("the browser's own connection to Convex", () => {
  const mint = async () => {
    const cookie = cookieOf(await post("/web/sign-up", ADA));
    return (await post("/web/convex-token", undefined, { headers: { cookie } })).data(ConvexToken);
  };

  it("opens with an ES256 token for this user, this token version, half an hour", async () => {
    const pair = await generateKeyPair("ES256", { extractable: true });
    world.env["OA_CONVEX_JWT_PRIVATE_KEY"] = await exportPKCS8(pair.privateKey);
    world.env["OA_CONVEX_JWT_KEY_ID"] = "local-1";
    const { token, expires_at } = await mint();
    const jwks = createLocalJWKSet({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: "local-1", alg: "ES256" }] });
    const { payload, protectedHeader } = await jwtVerify(token, jwks, {
      issuer: "https://issuer.example.com",
      audience: "convex",
    });
    expect(protectedHeader).toMatchObject({ alg: "ES256", kid: "local-1" });
    expect(payload).toMatchObject({ sub: "user1", tv: 1 });
    expect(payload.exp).toBe(Math.floor(expires_at / 1000));
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(30 * 60 + 2);
  });

  it("takes the key as a JWK too, and names it by the JWK's kid, else by its thumbprint", async () => {
    const pair = await generateKeyPair("ES256", { extractable: true });
    const jwk = await exportJWK(pair.privateKey);
    const kidFor = async (key: object) => {
      world = await openWorld({ OA_CONVEX_JWT_PRIVATE_KEY: JSON.stringify(key) });
      return decodeProtectedHeader((await mint()).token).kid;
    };
    expect(await kidFor({ ...jwk, kid: "mine" })).toBe("mine");
    const thumbprint = await kidFor(jwk);
    expect(thumbprint).toMatch(/^[A-Za-z0-9_-]{43}$/);
    world = await openWorld({
      OA_CONVEX_JWT_PRIVATE_KEY: (await exportPKCS8(pair.privateKey)).replaceAll("\n", "\\n"),
    });
    expect(decodeProtectedHeader((await mint()).token).kid).toBe(thumbprint);
  });

  it("says so when the key is no key", async () => {
    const noKey = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
    world = await openWorld({ OA_CONVEX_JWT_PRIVATE_KEY: noKey });
    const cookie = cookieOf(await post("/web/sign-up", ADA));
    const answer = await post("/web/convex-token", undefined, { headers: { cookie } });
    expect(answer.error()).toMatchObject({ code: "not_configured", message: matching(/OA_CONVEX_JWT_PRIVATE_KEY/) });
    expect(answer.text).not.toContain("AAAA");
  });
});

it("tells the page where Convex is and what is a double", async () => {
  world = await openWorld({ OA_DOUBLES: "stripe, github" });
  expect((await world.send("GET", "/web/config")).data(WebConfig)).toEqual({
    convex_url: "https://convex.example.com",
    doubles: ["stripe", "github"],
    sign_in_with: [],
    mail: false,
    inference: false,
    outbox_url: null,
  });
});

it("tells the page whether model calls are answered here", async () => {
  const inference = { INFERENCE_ENDPOINT: "https://models.example.com/v1", INFERENCE_API_KEY: "key-of-the-models" };
  world = await openWorld(inference);
  const { text } = await world.send("GET", "/web/config");
  expect(JSON.parse(text)).toMatchObject({ data: { inference: true } });
  expect(text).not.toContain("models.example.com");
  expect(text).not.toContain(inference.INFERENCE_API_KEY);
});

async function weakHash(): Promise<string> {
  const { scryptSync } = await import("node:crypto");
  return scryptSync(ADA.password, Buffer.from("0123456789abcdef"), 32, { N: 2 ** 10, r: 8, p: 1 }).toString(
    "base64url",
  );
}
