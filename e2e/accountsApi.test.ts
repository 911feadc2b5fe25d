import {
  ACCOUNT_PATHS,
  ADMIN_PATHS,
  CLI_AUTH_PATHS,
  CliMe,
  DeviceCode,
  EDITOR_PATHS,
  EditorFlow,
  EditorStarted,
  EditorTokens,
  FlowDecided,
  USER_ID_HEADER,
} from "@oa/contract";
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestStack, type TestStack } from "./support/stack.ts";
import { PASSWORD, program, type Reply, Visitor } from "./support/visitor.ts";

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
  await post("/auth/register", TAKEN);
});
afterAll(() => stack.dispose());

const TAKEN = { email: "taken@example.com", password: PASSWORD };

const post = (path: string, body?: unknown, token?: string) =>
  program(stack, "POST", path, { ...(body !== undefined && { body }), ...(token !== undefined && { token }) });
const get = (path: string, token?: string) => program(stack, "GET", path, token === undefined ? {} : { token });

let people = 0;
const someone = () => `program${(people += 1)}@example.com`;
const Key = z.object({ data: z.looseObject({ management_key: z.string(), user_id: z.string().optional() }) });
const keyOf = (reply: Reply) => Key.parse(reply.json()).data.management_key;
const Failure = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
const codeOf = (reply: Reply) => Failure.parse(reply.json()).error.code;
/** Name of an RFC 8628 error, and that the CLI's own form says the same. */
const problemOf = (reply: Reply) => {
  const { error, code } = z.looseObject({ error: z.string(), code: z.string() }).parse(reply.json());
  expect([reply.status, code]).toEqual([400, error.toUpperCase()]);
  return error;
};

/** The reference table of the CLI's auth endpoints: what is sent, what comes back. */
const WRONG: readonly (readonly [
  endpoint: string,
  method: "GET" | "POST",
  body: unknown,
  status: number,
  code: string,
])[] = [
  [CLI_AUTH_PATHS.register, "POST", {}, 400, "INVALID_INPUT"],
  [CLI_AUTH_PATHS.register, "POST", { email: "no address", password: PASSWORD }, 400, "INVALID_INPUT"],
  [CLI_AUTH_PATHS.register, "POST", { email: "a@example.com", password: "Short1" }, 400, "INVALID_INPUT"],
  [CLI_AUTH_PATHS.register, "POST", { email: "a@example.com", password: "no upper case 1" }, 400, "INVALID_INPUT"],
  [CLI_AUTH_PATHS.register, "POST", { email: "a@example.com", password: "No digit at all" }, 400, "INVALID_INPUT"],
  [CLI_AUTH_PATHS.register, "POST", { email: ["a@example.com"], password: PASSWORD }, 400, "INVALID_INPUT"],
  [CLI_AUTH_PATHS.register, "POST", "{", 400, "INVALID_INPUT"],
  [CLI_AUTH_PATHS.register, "POST", { email: "a@example.com", password: "x".repeat(70_000) }, 413, "PAYLOAD_TOO_LARGE"],
  [CLI_AUTH_PATHS.register, "POST", { email: "Taken@Example.com ", password: PASSWORD }, 409, "EMAIL_EXISTS"],
  [CLI_AUTH_PATHS.logIn, "POST", {}, 400, "INVALID_INPUT"],
  [CLI_AUTH_PATHS.logIn, "POST", { email: "nobody@example.com", password: PASSWORD }, 401, "INVALID_CREDENTIALS"],
  [CLI_AUTH_PATHS.logIn, "POST", { email: "taken@example.com", password: "Wrong 123456" }, 401, "INVALID_CREDENTIALS"],
  [CLI_AUTH_PATHS.me, "GET", undefined, 401, "UNAUTHORIZED"],
  [CLI_AUTH_PATHS.rotate, "POST", {}, 401, "UNAUTHORIZED"],
  [CLI_AUTH_PATHS.logOut, "POST", {}, 401, "UNAUTHORIZED"],
  [CLI_AUTH_PATHS.userInfo, "GET", undefined, 401, "UNAUTHORIZED"],
  ["/auth/nothing", "GET", undefined, 404, "NOT_FOUND"],
  [CLI_AUTH_PATHS.me, "POST", {}, 405, "METHOD_NOT_ALLOWED"],
];

describe.each(["", "/v1"])("the CLI's endpoints under %s/", (base) => {
  it.each(WRONG)("%s %s %j: %i %s", async (endpoint, method, body, status, code) => {
    const reply = await program(stack, method, base + endpoint, body === undefined ? {} : { body });
    expect([reply.status, codeOf(reply)]).toEqual([status, code]);
  });

  it("register, me, rotate, log in, log out", async () => {
    const account = { email: someone(), password: "Demo1234!" };
    const registered = await post(`${base}/auth/register`, account);
    expect(registered.status).toBe(201);
    const first = keyOf(registered);
    expect(first).toMatch(/^sk-mgmt-[0-9A-Za-z]{49}$/);
    const me = z.object({ data: CliMe }).parse((await get(`${base}/auth/me`, first)).json()).data;
    expect(me).toMatchObject({ email: account.email, credits_remaining: 5, keys_count: 0 });
    const rotated = await post(`${base}/auth/rotate`, {}, first);
    expect((await get(`${base}/auth/me`, first)).status).toBe(401);
    expect((await post(`${base}/auth/rotate`, {}, first)).status).toBe(401);
    const second = keyOf(await post(`${base}/auth/login`, account));
    expect(second).not.toBe(keyOf(rotated));
    for (const key of [keyOf(rotated), second]) expect((await get(`${base}/auth/me`, key)).status).toBe(200);
    expect((await post(`${base}/auth/logout`, {}, second)).json()).toEqual({ data: { revoked: true } });
    expect((await get(`${base}/auth/me`, second)).status).toBe(401);
    expect((await get(`${base}/auth/me`, keyOf(rotated))).status).toBe(200);
  });

  it("a key that is cut, changed or another kind's opens nothing", async () => {
    const key = keyOf(await post(`${base}/auth/register`, { email: someone(), password: PASSWORD }));
    const changed = key.slice(0, -1) + (key.endsWith("0") ? "1" : "0");
    for (const wrong of [key.slice(0, -1), changed, `${key}0`, key.toUpperCase(), "sk-mgmt-", "sk-prov-0"]) {
      expect((await get(`${base}/auth/me`, wrong)).status).toBe(401);
    }
    expect((await get(EDITOR_PATHS.me, key)).status).toBe(401);
  });
});

describe("the editor's endpoints", () => {
  it.each([
    [EDITOR_PATHS.signUp, { email: "no address", password: PASSWORD }, 422, "unprocessable"],
    [EDITOR_PATHS.signUp, { email: "a@example.com", password: "short" }, 422, "unprocessable"],
    [EDITOR_PATHS.signUp, TAKEN, 409, "taken"],
    [EDITOR_PATHS.logIn, { email: "nobody@example.com", password: PASSWORD }, 401, "invalid_credentials"],
    [EDITOR_PATHS.logIn, {}, 422, "unprocessable"],
    [EDITOR_PATHS.refresh, {}, 401, "unauthorized"],
    [EDITOR_PATHS.refresh, { refresh_token: "x".repeat(43) }, 401, "unauthorized"],
    [EDITOR_PATHS.logOut, undefined, 401, "unauthorized"],
    [EDITOR_PATHS.start, { code_challenge: "short" }, 400, "invalid_request"],
  ])("POST %s %j: %i %s", async (path, body, status, code) => {
    const reply = await post(path, body);
    expect([reply.status, codeOf(reply)]).toEqual([status, code]);
  });

  it("a token that is tampered with, unsigned, or the browser's own opens nothing", async () => {
    const { token } = EditorTokens.parse(
      (await post(EDITOR_PATHS.signUp, { email: someone(), password: PASSWORD })).json(),
    );
    const [head = "", payload = "", signature = ""] = token.split(".");
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString());
    expect(claims).toMatchObject({ aud: "openclaw-api" });
    const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const browser = new Visitor(stack);
    await browser.signUp(someone());
    const convexToken = z.object({ data: z.object({ token: z.string() }) });
    const own = convexToken.parse((await browser.send("POST", "/web/convex-token")).json()).data.token;
    const forged = [
      `${head}.${b64({ ...Object(claims), sub: "someone-else" })}.${signature}`,
      `${b64({ alg: "none", typ: "JWT" })}.${payload}.`,
      `${b64({ alg: "HS256", typ: "JWT" })}.${payload}.${signature}`,
      `${head}.${payload}.${"A".repeat(86)}`,
      own,
    ];
    for (const wrong of forged) expect((await get(EDITOR_PATHS.me, wrong)).status).toBe(401);
    expect((await get(EDITOR_PATHS.me, token)).status).toBe(200);
    const asConvex = await fetch(`${stack.info().convex.url}/api/query`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ path: "accounts:mine", args: {}, format: "json" }),
    });
    expect(await asConvex.text()).not.toContain('"status":"success"');
  });

  it("nobody becomes another by a header", async () => {
    const victim = new Visitor(stack);
    const victimId = await victim.signUp(someone());
    const { token } = EditorTokens.parse(
      (await post(EDITOR_PATHS.signUp, { email: someone(), password: PASSWORD })).json(),
    );
    const key = keyOf(await post("/auth/register", { email: someone(), password: PASSWORD }));
    const headers = { [USER_ID_HEADER]: victimId };
    for (const [path, bearer] of [
      [EDITOR_PATHS.me, token],
      ["/auth/me", key],
      ["/v1/auth/me", key],
    ] as const) {
      const reply = await program(stack, "GET", path, { token: bearer, headers });
      expect([reply.status, reply.text.includes(victimId)]).toEqual([403, false]);
    }
    const admin = ADMIN_PATHS.devices.replace("{userId}", victimId);
    expect((await program(stack, "GET", admin, { headers })).status).toBe(403);
  });
});

/** A client's own secret, and what it shows of it. */
function pkce() {
  const verifier = randomBytes(32).toString("base64url");
  return { verifier, challenge: createHash("sha256").update(verifier).digest("base64url") };
}

async function startEditor(callback?: string) {
  const { verifier, challenge } = pkce();
  const started = await post(EDITOR_PATHS.start, {
    code_challenge: challenge,
    state: "st 1",
    ...(callback !== undefined && { callback }),
  });
  return { verifier, ...EditorStarted.parse(started.json()) };
}

describe("an editor that is signed in through a browser", () => {
  it("by callback: a code that works once, with the right verifier, within a minute; never a token", async () => {
    const { flow, url, verifier } = await startEditor("occ-editor://openclaw.occ-credits/auth");
    expect(url).toContain(`/editor/authorize?flow=${flow}`);
    const exchange = (change: object) => post(EDITOR_PATHS.exchange, { flow, code_verifier: verifier, ...change });
    expect(problemOf(await exchange({}))).toBe("authorization_pending");
    const person = new Visitor(stack);
    const userId = await person.signUp(someone());
    const shown = await person.data(EditorFlow, "POST", ACCOUNT_PATHS.webEditorFlow, { flow });
    expect(shown).toMatchObject({ client: "editor", callback: { kind: "app" }, state: "waiting" });
    const decided = await person.data(FlowDecided, "POST", ACCOUNT_PATHS.webEditorDecide, { flow, approve: true });
    const redirect = new URL(decided.redirect ?? "");
    expect(redirect.protocol + redirect.host).toBe("occ-editor:openclaw.occ-credits");
    expect([...redirect.searchParams.keys()].toSorted()).toEqual(["code", "state"]);
    expect(redirect.searchParams.get("state")).toBe("st 1");
    const code = redirect.searchParams.get("code") ?? "";
    expect(problemOf(await exchange({ code, code_verifier: pkce().verifier }))).toBe("invalid_grant");
    expect(problemOf(await exchange({ code: "x".repeat(43) }))).toBe("invalid_grant");
    const tokens = EditorTokens.parse((await exchange({ code })).json());
    expect(tokens.user.id).toBe(userId);
    expect((await get(EDITOR_PATHS.me, tokens.token)).status).toBe(200);
    expect(problemOf(await exchange({ code }))).toBe("invalid_grant");
  });

  it("by code typed elsewhere: polled, with slow_down for impatience", async () => {
    const { flow, user_code, verifier, interval } = await startEditor();
    const poll = () => post(EDITOR_PATHS.exchange, { flow, code_verifier: verifier });
    expect(problemOf(await poll())).toBe("authorization_pending");
    const early = await poll();
    expect(problemOf(early)).toBe("slow_down");
    expect(early.json()).toMatchObject({ interval: interval + 5 });
    const person = new Visitor(stack);
    await person.signUp(someone());
    const typed = { user_code: user_code.toLowerCase().replace("-", " ") };
    await person.data(EditorFlow, "POST", ACCOUNT_PATHS.webEditorFlow, typed);
    const decided = await person.data(FlowDecided, "POST", ACCOUNT_PATHS.webEditorDecide, { ...typed, approve: true });
    expect(decided).toEqual({ redirect: null, code: null });
    expect(EditorTokens.parse((await poll()).json()).balance_usd).toBe(5);
    expect(problemOf(await poll())).toBe("invalid_grant");
    expect((await person.send("POST", ACCOUNT_PATHS.webEditorDecide, { ...typed, approve: true })).status).toBe(410);
  });

  it("refused, it is told so; a link sent to somebody else gives its sender nothing", async () => {
    const refused = await startEditor();
    const person = new Visitor(stack);
    await person.signUp(someone());
    await person.send("POST", ACCOUNT_PATHS.webEditorDecide, { flow: refused.flow, approve: false });
    const taking = { flow: refused.flow, code_verifier: refused.verifier };
    expect(problemOf(await post(EDITOR_PATHS.exchange, taking))).toBe("access_denied");
    const phished = await startEditor("https://editor.example.com/callback");
    const shown = await person.data(EditorFlow, "POST", ACCOUNT_PATHS.webEditorFlow, { flow: phished.flow });
    expect(shown.callback).toEqual({ kind: "web", host: "editor.example.com" });
    await person.send("POST", ACCOUNT_PATHS.webEditorDecide, { flow: phished.flow, approve: true });
    const sender = { flow: phished.flow, code_verifier: phished.verifier };
    expect(problemOf(await post(EDITOR_PATHS.exchange, sender))).toBe("authorization_pending");
  });

  it.each([
    "javascript:alert(1)",
    "data:text/html,x",
    "http://evil.example/cb",
    "occ-editor://auth",
    "file:///etc/passwd",
    "https://user:pw@evil.example/",
    "evil://openclaw.occ-credits/auth",
  ])("takes no callback like %s", async (callback) => {
    const { challenge } = pkce();
    const reply = await post(EDITOR_PATHS.start, { code_challenge: challenge, callback });
    expect([reply.status, codeOf(reply)]).toEqual([400, "invalid_request"]);
  });
});

describe("a terminal's device flows", () => {
  const start = async (path: string) => DeviceCode.parse((await post(path, {})).json());
  const poll = (path: string, device_code: string) => post(path, { device_code });

  it("our own: confirmed in the browser, one key, once", async () => {
    const started = await start("/v1/auth/device/code");
    expect(problemOf(await poll("/auth/device/token", started.device_code))).toBe("authorization_pending");
    const person = new Visitor(stack);
    const userId = await person.signUp(someone());
    const { user_code } = started;
    const shown = await person.data(EditorFlow, "POST", ACCOUNT_PATHS.webEditorFlow, { user_code });
    expect(shown).toMatchObject({ client: "terminal", asked_from: { device: "openclaw-token" } });
    await person.send("POST", ACCOUNT_PATHS.webEditorDecide, { user_code, approve: true });
    const granted = await poll("/v1/auth/device/token", started.device_code);
    const key = keyOf(granted);
    expect(granted.json()).toMatchObject({ access_token: key, token_type: "bearer" });
    expect((await get("/auth/me", key)).json()).toMatchObject({ data: { user_id: userId } });
    expect(problemOf(await poll("/auth/device/token", started.device_code))).toBe("bad_device_code");
  });

  it("a foreign device code, or half of one, gets nothing", async () => {
    const mine = await start("/auth/device/code");
    const theirs = await start("/auth/device/code");
    const [flow] = theirs.device_code.split(".");
    const [, verifier] = mine.device_code.split(".");
    const github = await start("/oauth/device/code");
    for (const code of [`${flow}.${verifier}`, `${flow}.`, "x", github.device_code]) {
      expect(problemOf(await poll("/auth/device/token", code))).toBe("bad_device_code");
    }
    for (const code of ["x".repeat(43), mine.device_code, github.user_code]) {
      expect(problemOf(await poll("/oauth/device/token", code))).toBe("bad_device_code");
    }
  });

  const decide = async (user_code: string, decision: "approve" | "deny", person: string, verified = true) => {
    const url = `${stack.info().doubles.github ?? ""}/double/device`;
    const body = JSON.stringify({ user_code, decision, person, verified });
    await (await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body })).text();
  };

  it("GitHub's: pending, slow_down, then a key for the person and nobody else", async () => {
    const email = someone();
    const started = await start("/v1/oauth/device/code");
    const mine = () => poll("/oauth/device/token", started.device_code);
    expect(problemOf(await mine())).toBe("authorization_pending");
    expect(problemOf(await mine())).toBe("slow_down");
    const other = await start("/oauth/device/code");
    await decide(started.user_code, "approve", email);
    expect(problemOf(await poll("/oauth/device/token", other.device_code))).toBe("authorization_pending");
    await sleep(10_200);
    const { access_token } = z.looseObject({ access_token: z.string() }).parse((await mine()).json());
    expect(access_token).not.toMatch(/^gh/);
    expect(problemOf(await mine())).toBe("bad_device_code");
    const info = await get("/v1/oauth/userinfo", access_token);
    expect(info.json()).toMatchObject({ data: { email, merged: false } });
    expect((await get("/oauth/userinfo", access_token)).status).toBe(401);
    expect((await get("/auth/me", keyOf(info))).status).toBe(200);
    const browser = new Visitor(stack);
    await browser.signInWith("github", { email, verified: "yes" });
    expect(await browser.whoAmI()).toBe(Key.parse(info.json()).data.user_id);
  });

  it("GitHub's: declined, and without a verified e-mail", async () => {
    const declined = await start("/oauth/device/code");
    await decide(declined.user_code, "deny", "verified");
    expect(problemOf(await poll("/oauth/device/token", declined.device_code))).toBe("access_denied");
    expect(problemOf(await poll("/oauth/device/token", declined.device_code))).toBe("bad_device_code");
    const unverified = await start("/oauth/device/code");
    await decide(unverified.user_code, "approve", someone(), false);
    const reply = await poll("/oauth/device/token", unverified.device_code);
    expect(reply.json()).toMatchObject({ code: "EMAIL_REQUIRED" });
    expect((await post("/oauth/device/code", { client_id: "somebody-else" })).status).toBe(400);
  });
});
