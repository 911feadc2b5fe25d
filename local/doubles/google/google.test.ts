import * as oauth from "oauth4webapi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";
import type { Double } from "../kit/double.ts";
import { choose, Clock } from "../testing/person.ts";
import { startGoogleDouble } from "./google.ts";

const CALLBACK = "http://127.0.0.1:8787/web/oauth/google/callback";
const client = {
  clientId: "double_app",
  clientSecret: "double_secret",
  name: "Managed OpenClaw",
  redirectUris: [CALLBACK],
} as const;
const app = { client_id: client.clientId };
const insecure = { [oauth.allowInsecureRequests]: true };

let google: Double;
let clock: Clock;
beforeEach(async () => {
  clock = new Clock();
  clock.ms = Date.now();
  google = await startGoogleDouble({ port: 0, clients: [client], now: clock.now });
});
afterEach(() => google.close());

const discover = async (): Promise<oauth.AuthorizationServer> => {
  const issuer = new URL(google.url);
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
};

const authorizeUrl = (more: Record<string, string> = {}): string => {
  const query = {
    client_id: client.clientId,
    redirect_uri: CALLBACK,
    response_type: "code",
    scope: "openid email profile",
    state: "s1",
    ...more,
  };
  return `${google.url}/o/oauth2/v2/auth?${new URLSearchParams(query).toString()}`;
};

/** A whole sign-in by a real OpenID Connect client, signature included. */
const signIn = async (person: string): Promise<{ tokens: oauth.TokenEndpointResponse; claims: oauth.IDToken }> => {
  const server = await discover();
  const verifier = oauth.generateRandomCodeVerifier();
  const nonce = oauth.generateRandomNonce();
  const challenge = await oauth.calculatePKCECodeChallenge(verifier);
  const url = authorizeUrl({ nonce, code_challenge: challenge, code_challenge_method: "S256" });
  const { location } = await choose(url, { person });
  const parameters = oauth.validateAuthResponse(server, app, location ?? new URL(CALLBACK), "s1");
  const secret = oauth.ClientSecretBasic(client.clientSecret);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    app,
    secret,
    parameters,
    CALLBACK,
    verifier,
    insecure,
  );
  const tokens = await oauth.processAuthorizationCodeResponse(server, app, response, {
    expectedNonce: nonce,
    requireIdToken: true,
  });
  await oauth.validateApplicationLevelSignature(server, response, insecure);
  const claims = oauth.getValidatedIdTokenClaims(tokens);
  if (claims === undefined) throw new Error("no ID token");
  return { tokens, claims };
};

const exchange = (fields: Record<string, string>): Promise<Response> =>
  fetch(`${google.url}/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      client_id: client.clientId,
      client_secret: client.clientSecret,
      redirect_uri: CALLBACK,
      ...fields,
    }),
  });

const newCode = async (more: Record<string, string> = {}): Promise<string> => {
  const { location } = await choose(authorizeUrl(more), { person: "verified" });
  return location?.searchParams.get("code") ?? "none";
};

const errorOf = async (response: Response): Promise<string> =>
  `${response.status} ${z.object({ error: z.string() }).parse(await response.json()).error}`;

describe("a person signs in with Google", () => {
  it("ends in an ID token that a real client accepts: issuer, audience, nonce, signature", async () => {
    const { tokens, claims } = await signIn("verified");
    expect(claims).toMatchObject({ iss: google.url, sub: "1001", email: "verified@double.test", email_verified: true });
    const server = await discover();
    const response = await oauth.userInfoRequest(server, app, tokens.access_token, insecure);
    const info = await oauth.processUserInfoResponse(server, app, claims.sub, response);
    expect(info.email).toBe("verified@double.test");
  });

  it("says so when Google has not verified the e-mail", async () => {
    expect((await signIn("unverified")).claims["email_verified"]).toBe(false);
  });

  it("may decline", async () => {
    const { location } = await choose(authorizeUrl(), { decision: "deny" });
    expect(location?.searchParams.get("error")).toBe("access_denied");
  });

  it("gets no ID token without the openid scope", async () => {
    const answer: unknown = await (await exchange({ code: await newCode({ scope: "email" }) })).json();
    expect(answer).not.toHaveProperty("id_token");
    expect(answer).toHaveProperty("access_token");
  });
});

describe("a wrong request", () => {
  it.each([
    ["an address that is not registered", { redirect_uri: "https://elsewhere.example/" }, "not registered"],
    ["a live client id", { client_id: "1234-abc.apps.googleusercontent.com" }, "must not be sent here"],
  ])("never redirects: %s", async (_, more, sentence) => {
    const { location, page } = await choose(authorizeUrl(more), { person: "verified" });
    expect(location).toBeNull();
    expect(page).toContain(sentence);
  });

  it.each([
    [{ response_type: "token" }, "unsupported_response_type"],
    [{ scope: "" }, "invalid_scope"],
  ])("goes back to the application: %o", async (more, error) => {
    const { location } = await choose(authorizeUrl(more), { person: "verified" });
    expect(location?.searchParams.get("error")).toBe(error);
    expect(location?.searchParams.get("state")).toBe("s1");
  });

  it("at the token endpoint is answered with a status and a code", async () => {
    expect(await errorOf(await exchange({ code: "invented" }))).toBe("400 invalid_grant");
    expect(await errorOf(await exchange({ grant_type: "password" }))).toBe("400 unsupported_grant_type");
    expect(await errorOf(await exchange({ client_secret: "double_wrong" }))).toBe("401 invalid_client");
    expect(await errorOf(await exchange({ client_id: "double_unknown" }))).toBe("401 invalid_client");
    const other = { code: await newCode(), redirect_uri: `${CALLBACK}2` };
    expect(await errorOf(await exchange(other))).toBe("400 redirect_uri_mismatch");
  });

  it("with a code used twice, too old, or without its verifier is refused", async () => {
    const used = await newCode();
    expect((await exchange({ code: used })).status).toBe(200);
    expect(await errorOf(await exchange({ code: used }))).toBe("400 invalid_grant");
    const old = await newCode();
    clock.pass(600);
    expect(await errorOf(await exchange({ code: old }))).toBe("400 invalid_grant");
    const challenge = await oauth.calculatePKCECodeChallenge(oauth.generateRandomCodeVerifier());
    const bound = await newCode({ code_challenge: challenge, code_challenge_method: "S256" });
    expect(await errorOf(await exchange({ code: bound }))).toBe("400 invalid_grant");
  });

  it("for userinfo with a wrong token is 401", async () => {
    const response = await fetch(`${google.url}/v1/userinfo`, { headers: { authorization: "Bearer double_x" } });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toContain("invalid_token");
  });
});

describe("Google fails", () => {
  it("for the preset people whose API call fails or hangs", async () => {
    const call = async (person: string): Promise<Response> => {
      const { tokens } = await signIn(person);
      return fetch(`${google.url}/v1/userinfo`, {
        headers: { authorization: `Bearer ${tokens.access_token}` },
        signal: AbortSignal.timeout(1000),
      });
    };
    expect((await call("failing")).status).toBe(500);
    await expect(call("hanging")).rejects.toThrow(/timeout/);
  });
});
