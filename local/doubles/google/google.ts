import type { Context } from "hono";
import { html } from "hono/html";
import { createDoubleApp, type Double, listen, type PortOption } from "../kit/double.ts";
import type { DoubleEnv, ErrorAnswer } from "../kit/env.ts";
import { playFault, presetFault } from "../kit/faults.ts";
import { checkClients, type OAuthClient } from "../oauth/clients.ts";
import { GrantStore } from "../oauth/grants.ts";
import { showConsent, takeConsent, type WebFlow } from "../oauth/oauth.ts";
import { createIdTokenSigner, userinfo } from "./idToken.ts";
import { exchangeCode } from "./token.ts";

export interface GoogleDoubleOptions extends PortOption {
  clients: readonly OAuthClient[];
  /** Milliseconds since 1970; tests hand in a clock they can move. */
  now?: () => number;
}

const AUTHORIZE_PATH = "/o/oauth2/v2/auth";

/** An error as Google's API front end words it. */
const googleError: ErrorAnswer = (status, message) => ({
  body: JSON.stringify({ error: { code: status, message, status: status >= 500 ? "INTERNAL" : "INVALID_ARGUMENT" } }),
  contentType: "application/json; charset=utf-8",
});

/**
 * A double of Google's OpenID Connect provider: discovery, authorize page, token endpoint with a signed ID token, JWKS and
 * userinfo. Its issuer is its own address. Throws an Error with a sentence when a client's id or secret is not a double's.
 */
export async function startGoogleDouble(options: GoogleDoubleOptions): Promise<Double> {
  const { clients, now = Date.now } = options;
  checkClients(clients, "Google");
  const grants = new GrantStore(now);
  const signer = await createIdTokenSigner();
  const webFlow: WebFlow = {
    provider: "Google",
    path: AUTHORIZE_PATH,
    clients,
    grants,
    redirectUriRequired: true,
    responseTypeRequired: true,
    deniedDescription: "The user denied access.",
  };
  const app = createDoubleApp({
    name: "google",
    standsFor: "Google",
    errorAnswer: googleError,
    home: () =>
      html`<p>Sign-in for: ${clients.map((client) => client.name).join(", ")}.</p>
        <p><a href="/.well-known/openid-configuration">Discovery document</a></p>`,
  });
  app.get("/.well-known/openid-configuration", (c) => c.json(discovery(new URL(c.req.url).origin)));
  app.get("/oauth2/v3/certs", (c) => c.json({ keys: [signer.publicKey] }));
  app.get(AUTHORIZE_PATH, (c) => showConsent(c, webFlow));
  app.post(AUTHORIZE_PATH, (c) => takeConsent(c, webFlow));
  app.post("/token", (c) => exchangeCode(c, { clients, grants, signer, now }));
  app.get("/v1/userinfo", (c) => answerUserinfo(c, grants));
  return listen("google", app, options);
}

function discovery(issuer: string) {
  return {
    issuer,
    authorization_endpoint: `${issuer}${AUTHORIZE_PATH}`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/v1/userinfo`,
    jwks_uri: `${issuer}/oauth2/v3/certs`,
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    scopes_supported: ["openid", "email", "profile"],
    token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"],
    claims_supported: ["aud", "email", "email_verified", "exp", "given_name", "iat", "iss", "name", "sub"],
    code_challenge_methods_supported: ["S256"],
    grant_types_supported: ["authorization_code"],
  };
}

async function answerUserinfo(c: Context<DoubleEnv>, grants: GrantStore): Promise<Response> {
  const token = /^bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  const grant = token === undefined ? null : grants.tokenGrant(token);
  if (grant === null) {
    return c.json({ error: "invalid_request", error_description: "Invalid Credentials" }, 401, {
      "www-authenticate": 'Bearer error="invalid_token"',
    });
  }
  const { fault } = grant.person;
  const played = fault === null ? null : await playFault(presetFault(fault, c.req.path), c.env.outgoing, googleError);
  return played ?? c.json(userinfo(grant.person));
}
