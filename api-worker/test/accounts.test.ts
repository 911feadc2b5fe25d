import { ACCOUNT_PATHS, EDITOR_PATHS } from "@oa/contract";
import { beforeEach, describe, expect, it } from "vitest";
import { ROUTES } from "../src/routes/index.ts";
import { sha256Hex } from "../src/secretEqual.ts";
import { ORIGIN, openWorld } from "./support/world.ts";
import type { SendOptions, TestWorld } from "./support/world.ts";

const ADA = { email: "ada@example.com", password: "correct horse battery" };

let world: TestWorld;
beforeEach(async () => {
  world = await openWorld();
});

const post = (path: string, body: unknown, options: SendOptions = {}) =>
  world.send("POST", path, { ...options, headers: { "sec-fetch-site": "same-origin", ...options.headers }, body });

describe("limits", () => {
  it("are counted by address and by the hash of the e-mail, before a password is looked at", async () => {
    await post("/web/sign-in", ADA, { headers: { "cf-connecting-ip": "203.0.113.7" } });
    expect((await world.state()).convex.limits).toEqual([
      { name: "sign_in_ip", key: "203.0.113.7" },
      { name: "sign_in_email", key: sha256Hex("ada@example.com") },
    ]);
  });

  it.each([
    ["/web/sign-up", '"ok":false'],
    ["/web/sign-in", '"ok":false'],
    [EDITOR_PATHS.signUp, '{"error":{"code":"rate_limited"'],
    [EDITOR_PATHS.logIn, '{"error":{"code":"rate_limited"'],
    ["/auth/login", '{"error":{"code":"RATE_LIMITED"'],
    ["/v1/auth/register", '{"error":{"code":"RATE_LIMITED"'],
    ["/auth/device/code", '{"error":"rate_limited"'],
  ])("%s answers 429 with Retry-After, in its own form", async (path, form) => {
    await world.set(["convex", "retryAfterMs"], 41_500);
    const headers = { "cf-connecting-ip": "203.0.113.7" };
    const answer = await post(path, { ...ADA, password: "Correct horse battery 1" }, { headers });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "42"]);
    expect(answer.text).toContain(form);
    expect((await world.state()).convex.users).toEqual([]);
  });

  it("stand before every act that someone without an account may try", () => {
    const open = ROUTES.filter((route) => route.method === "POST" && (route.gate === "open" || route.gate === "none"));
    const unlimited = open.filter((route) => !route.errors.includes("rate_limited")).map(({ path }) => path);
    expect(unlimited).toEqual(["/web/sign-out"]);
  });
});

it("a wrong password is told to its owner; an unknown e-mail to nobody", async () => {
  await post("/web/sign-up", ADA);
  await post("/web/sign-in", { ...ADA, password: "wrong" });
  await post("/web/sign-in", { ...ADA, email: "nobody@example.com" });
  expect((await world.state()).convex.failedSignIns).toEqual(["user1"]);
});

describe("what is not configured says so", () => {
  it.each([
    ["GET", "/api/v1/auth/github"],
    ["GET", "/api/v1/auth/google"],
    ["POST", "/oauth/device/code"],
    ["POST", ACCOUNT_PATHS.webPasswordForgot],
  ])("%s %s: 503", async (method, path) => {
    const headers = { "sec-fetch-site": "same-origin" };
    const body = path === ACCOUNT_PATHS.webPasswordForgot ? { email: ADA.email } : {};
    const answer = await world.send(method, path, { headers, ...(method === "POST" && { body }) });
    expect(answer.status).toBe(503);
    expect(answer.error().code).toBe("not_configured");
  });

  it("and the page is told, so that it shows no button for it", async () => {
    const config = (await world.send("GET", "/web/config")).text;
    expect(config).toContain('"sign_in_with":[]');
    expect(config).toContain('"mail":false');
  });
});

describe("a visit of a browser that cannot be sent on", () => {
  const GITHUB = {
    OA_PUBLIC_URL: ORIGIN,
    GITHUB_CLIENT_ID: "double_id",
    GITHUB_CLIENT_SECRET: "double_secret",
    GITHUB_BASE_URL: "http://127.0.0.1:9",
  };
  const visit = async (path: string) => {
    const answer = await world.send("GET", path, { headers: { "cf-connecting-ip": "203.0.113.7" } });
    return [answer.status, answer.headers.get("location")];
  };
  beforeEach(async () => {
    world = await openWorld(GITHUB);
  });

  it.each(["/api/v1/auth/github", "/api/v1/auth/github/callback?code=c&state=s"])(
    "%s ends on a page that says why, and not in JSON",
    async (path) => {
      await world.set(["convex", "retryAfterMs"], 41_500);
      expect(await visit(path)).toEqual([302, "/sign-in?error=rate_limited"]);
      await world.fault("convex", { path: "/control/accounts", fault: { kind: "html" } });
      expect(await visit(path)).toEqual([302, "/sign-in?error=unavailable"]);
    },
  );
});

it("publishes the keys of its tokens, and nothing private of them", async () => {
  const { text } = await world.send("GET", EDITOR_PATHS.jwks);
  expect(JSON.parse(text)).toMatchObject({ keys: [{ kty: "EC", crv: "P-256", alg: "ES256", use: "sig" }] });
  expect(text).not.toContain('"d"');
});

it("another site's page cannot even make a program's door answer it: JSON is asked for, and no origin allowed", async () => {
  const headers = { "content-type": "text/plain", origin: "https://evil.example.net", "sec-fetch-site": "cross-site" };
  const answer = await world.send("POST", EDITOR_PATHS.logIn, { headers, body: JSON.stringify(ADA) });
  expect(answer.status).toBe(400);
  expect(answer.headers.get("access-control-allow-origin")).toBeNull();
});
