import * as oauth from "oauth4webapi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";
import type { Double } from "../kit/double.ts";
import { choose, Clock } from "../testing/person.ts";
import { startGithubDouble } from "./github.ts";

const CALLBACK = "http://127.0.0.1:8787/web/oauth/github/callback";
const client = {
  clientId: "double_app",
  clientSecret: "double_secret",
  name: "Managed OpenClaw",
  redirectUris: [CALLBACK],
} as const;

let clock: Clock;
let github: Double;
beforeEach(async () => {
  clock = new Clock();
  github = await startGithubDouble({ port: 0, clients: [client], now: clock.now });
});
afterEach(() => github.close());

const authorizeUrl = (more: Record<string, string> = {}): string => {
  const query = { client_id: client.clientId, redirect_uri: CALLBACK, state: "s <1>", scope: "user:email", ...more };
  return `${github.url}/login/oauth/authorize?${new URLSearchParams(query).toString()}`;
};

const codeFor = async (person: string, more: Record<string, string> = {}): Promise<string> => {
  const { location } = await choose(authorizeUrl(more), { person });
  return location?.searchParams.get("code") ?? "none";
};

const Answer = z.record(z.string(), z.union([z.string(), z.number()]));

const exchange = async (fields: Record<string, string>): Promise<z.infer<typeof Answer>> => {
  const response = await fetch(`${github.url}/login/oauth/access_token`, {
    method: "POST",
    headers: { accept: "application/json" },
    body: new URLSearchParams({ client_id: client.clientId, client_secret: client.clientSecret, ...fields }),
  });
  expect(response.status).toBe(200);
  return Answer.parse(await response.json());
};

const get = (path: string, token: string): Promise<Response> =>
  fetch(`${github.url}${path}`, { headers: { authorization: `Bearer ${token}`, "user-agent": "test" } });

const signIn = async (person: string, scope = "user:email"): Promise<string> => {
  const { access_token } = await exchange({ code: await codeFor(person, { scope }) });
  return String(access_token);
};

describe("a person signs in with GitHub", () => {
  it("sees the application's name, chooses who to be and comes back with code and state", async () => {
    const page = await (await fetch(authorizeUrl())).text();
    expect(page).toContain("Managed OpenClaw");
    expect(page).toContain("double of GitHub");
    const { location, status } = await choose(authorizeUrl(), { person: "verified" });
    expect(status).toBe(303);
    expect(`${location?.origin}${location?.pathname}`).toBe(CALLBACK);
    expect(location?.searchParams.get("state")).toBe("s <1>");
    expect(location?.searchParams.get("code")).toMatch(/^[0-9a-f]{20}$/);
  });

  it("works with a real OAuth client, PKCE included", async () => {
    const server = {
      issuer: github.url,
      authorization_endpoint: `${github.url}/login/oauth/authorize`,
      token_endpoint: `${github.url}/login/oauth/access_token`,
    };
    const app = { client_id: client.clientId };
    const verifier = oauth.generateRandomCodeVerifier();
    const challenge = await oauth.calculatePKCECodeChallenge(verifier);
    const { location } = await choose(authorizeUrl({ code_challenge: challenge, code_challenge_method: "S256" }), {
      person: "verified",
    });
    const parameters = oauth.validateAuthResponse(server, app, location ?? new URL(CALLBACK), "s <1>");
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      app,
      oauth.ClientSecretPost(client.clientSecret),
      parameters,
      CALLBACK,
      verifier,
      { [oauth.allowInsecureRequests]: true },
    );
    const tokens = await oauth.processAuthorizationCodeResponse(server, app, response);
    expect(tokens.token_type).toBe("bearer");
    expect(tokens.access_token).toMatch(/^double_gho_/);
    const user = z.object({ id: z.int() }).parse(await (await get("/user", tokens.access_token)).json());
    expect(user.id).toBe(1001);
  });

  it("may decline, and the application learns access_denied", async () => {
    const { location } = await choose(authorizeUrl(), { decision: "deny" });
    expect(location?.searchParams.get("error")).toBe("access_denied");
    expect(location?.searchParams.get("state")).toBe("s <1>");
    expect(location?.searchParams.get("code")).toBeNull();
  });

  it("is the same account for the same typed e-mail, another for another", async () => {
    const idOf = async (email: string): Promise<number> => {
      const { location } = await choose(authorizeUrl(), { email, verified: "yes" });
      const { access_token } = await exchange({ code: location?.searchParams.get("code") ?? "" });
      return z.object({ id: z.int() }).parse(await (await get("/user", String(access_token))).json()).id;
    };
    expect(await idOf("Someone@example.com")).toBe(await idOf("someone@example.com "));
    expect(await idOf("someone@example.com")).not.toBe(await idOf("other@example.com"));
    expect(await idOf("verified@double.test")).toBe(1001);
  });

  it("is shown what is wrong with a typed e-mail", async () => {
    const { status, page } = await choose(authorizeUrl(), { email: "nobody" });
    expect(status).toBe(400);
    expect(page).toContain("not an e-mail address");
  });
});

describe("a wrong authorize request", () => {
  it.each([
    ["an address that is not registered", { redirect_uri: `${CALLBACK}/` }, "not registered"],
    ["an unknown application", { client_id: "double_other" }, "No application"],
    ["a live client id", { client_id: "Ov23liABCDEFGHIJKLMN" }, "must not be sent here"],
  ])("never redirects: %s", async (_, more, sentence) => {
    const { location, status, page } = await choose(authorizeUrl(more), { person: "verified" });
    expect(location).toBeNull();
    expect(status).toBe(400);
    expect(page).toContain(sentence);
  });

  it("goes back to the application when its challenge is not S256", async () => {
    const { location } = await choose(authorizeUrl({ code_challenge: "a".repeat(43) }), { person: "verified" });
    expect(location?.searchParams.get("error")).toBe("invalid_request");
  });

  it("escapes what it shows", async () => {
    const page = await (await fetch(authorizeUrl({ scope: "<script>alert(1)</script>" }))).text();
    expect(page).not.toContain("<script>");
  });

  it("uses the registered address when none is sent, as GitHub does", async () => {
    const url = `${github.url}/login/oauth/authorize?client_id=${client.clientId}`;
    const { location } = await choose(url, { person: "verified" });
    expect(location?.href.startsWith(`${CALLBACK}?code=`)).toBe(true);
  });
});

describe("the token endpoint", () => {
  it("answers errors with 200, as JSON or as a form", async () => {
    expect(await exchange({ code: "nonsense" })).toMatchObject({ error: "bad_verification_code" });
    const form = await fetch(`${github.url}/login/oauth/access_token`, {
      method: "POST",
      body: new URLSearchParams({ client_id: client.clientId, client_secret: "double_wrong", code: "x" }),
    });
    expect(form.status).toBe(200);
    expect(form.headers.get("content-type")).toContain("application/x-www-form-urlencoded");
    expect(new URLSearchParams(await form.text()).get("error")).toBe("incorrect_client_credentials");
  });

  it("takes a code once, within ten minutes", async () => {
    const used = await codeFor("verified");
    expect(await exchange({ code: used })).toHaveProperty("access_token");
    expect(await exchange({ code: used })).toMatchObject({ error: "bad_verification_code" });
    const late = await codeFor("verified");
    clock.pass(600);
    expect(await exchange({ code: late })).toMatchObject({ error: "bad_verification_code" });
    const inTime = await codeFor("verified");
    clock.pass(599);
    expect(await exchange({ code: inTime })).toHaveProperty("access_token");
  });

  it("refuses another redirect_uri than the code was made for", async () => {
    const answer = await exchange({ code: await codeFor("verified"), redirect_uri: `${CALLBACK}2` });
    expect(answer).toMatchObject({ error: "redirect_uri_mismatch" });
  });

  it("refuses a wrong, a missing and an unexpected verifier", async () => {
    const verifier = oauth.generateRandomCodeVerifier();
    const pkce = {
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    };
    const wrong = { error: "bad_verification_code" };
    const other = oauth.generateRandomCodeVerifier();
    expect(await exchange({ code: await codeFor("verified", pkce), code_verifier: other })).toMatchObject(wrong);
    expect(await exchange({ code: await codeFor("verified", pkce) })).toMatchObject(wrong);
    expect(await exchange({ code: await codeFor("verified"), code_verifier: verifier })).toMatchObject(wrong);
  });

  it("refuses a live client id with a sentence", async () => {
    const answer = await exchange({ client_id: "Iv1.0123456789abcdef", code: "x" });
    expect(answer).toMatchObject({ error: "incorrect_client_credentials" });
    expect(answer["error_description"]).toMatch(/double of GitHub.*must not be sent here/);
  });

  it("does not start with live credentials at all", async () => {
    const live = { ...client, clientId: "Ov23liABCDEFGHIJKLMN" };
    await expect(startGithubDouble({ port: 0, clients: [live] })).rejects.toThrow(/begins with double_/);
  });
});

describe("what an application learns about a person", () => {
  const Emails = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }));

  it("is which of the e-mails are primary and verified", async () => {
    const several = Emails.parse(await (await get("/user/emails", await signIn("several"))).json());
    expect(several.filter((one) => one.verified).map((one) => one.email)).toEqual([
      "several@double.test",
      "several.work@double.test",
    ]);
    const unverified = Emails.parse(await (await get("/user/emails", await signIn("unverified"))).json());
    expect(unverified).toEqual([{ email: "unverified@double.test", primary: true, verified: false }]);
  });

  it("is no e-mail on the profile of someone who hides it", async () => {
    const profile: unknown = await (await get("/user", await signIn("private"))).json();
    expect(profile).toMatchObject({ email: null, name: null, login: "private-person" });
  });

  it("is nothing without the scope, with a wrong token or without a User-Agent", async () => {
    expect((await get("/user/emails", await signIn("verified", "repo"))).status).toBe(404);
    expect((await get("/user", "double_gho_wrong")).status).toBe(401);
    const silent = await fetch(`${github.url}/user`, { headers: { "user-agent": "" } });
    expect(silent.status).toBe(403);
    expect(await silent.text()).toContain("User-Agent");
  });

  it("is nothing when the API fails, late when it is slow, never when it hangs", async () => {
    expect((await get("/user", await signIn("failing"))).status).toBe(500);
    const hanging = fetch(`${github.url}/user`, {
      headers: { authorization: `Bearer ${await signIn("hanging")}`, "user-agent": "test" },
      signal: AbortSignal.timeout(300),
    });
    await expect(hanging).rejects.toThrow(/timeout/);
    const token = await signIn("slow");
    const from = performance.now();
    expect((await get("/user", token)).status).toBe(200);
    expect(performance.now() - from).toBeGreaterThan(2900);
  });
});
