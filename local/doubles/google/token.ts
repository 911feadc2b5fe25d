import type { Context } from "hono";
import { refusal } from "../kit/credentials.ts";
import type { DoubleEnv } from "../kit/env.ts";
import type { OAuthClient } from "../oauth/clients.ts";
import { type GrantStore, sameText, verifierMatches } from "../oauth/grants.ts";
import { readForm } from "../oauth/oauth.ts";
import type { IdTokenSigner } from "./idToken.ts";

/** RFC 6749 section 5.2: errors are JSON with 400, or 401 where the client itself is wrong. */
type Problem = { status: 400 | 401; error: string; error_description: string };

/** `POST /token`: a code, its verifier and the client's secret for an access token and an ID token. */
export async function exchangeCode(
  c: Context<DoubleEnv>,
  options: { clients: readonly OAuthClient[]; grants: GrantStore; signer: IdTokenSigner; now: () => number },
): Promise<Response> {
  c.header("cache-control", "no-store");
  const form = await readForm(c);
  const fail = ({ status, ...body }: Problem): Response => c.json(body, status);
  if (form.get("grant_type") !== "authorization_code") {
    const given = form.get("grant_type") ?? "";
    return fail({ status: 400, error: "unsupported_grant_type", error_description: `Invalid grant_type: ${given}` });
  }
  const client = findClient(c, form, options.clients);
  if ("error" in client) return fail(client);
  const grant = options.grants.takeCode(form.get("code") ?? "");
  if (grant === null || grant.clientId !== client.clientId) {
    return fail({ status: 400, error: "invalid_grant", error_description: "Malformed auth code." });
  }
  if (form.get("redirect_uri") !== grant.redirectUri) {
    return fail({ status: 400, error: "redirect_uri_mismatch", error_description: "Bad Request" });
  }
  const verifier = form.get("code_verifier");
  if (!verifierMatches(grant.challenge, verifier)) {
    const error_description = verifier === null ? "Missing code verifier." : "Invalid code verifier.";
    return fail({ status: 400, error: "invalid_grant", error_description });
  }
  const { clientId, person, scopes } = grant;
  const accessToken = options.grants.issueToken({ clientId, person, scopes }, "ya29_");
  const answer = { access_token: accessToken, expires_in: 3599, scope: scopes.join(" "), token_type: "Bearer" };
  if (!scopes.includes("openid")) return c.json(answer);
  const issuer = new URL(c.req.url).origin;
  const idToken = await options.signer.sign({
    issuer,
    clientId,
    person,
    nonce: grant.nonce,
    accessToken,
    now: options.now(),
  });
  return c.json({ ...answer, id_token: idToken });
}

/** The client behind `client_secret_basic` or `client_secret_post`. */
function findClient(
  c: Context<DoubleEnv>,
  form: URLSearchParams,
  clients: readonly OAuthClient[],
): OAuthClient | Problem {
  const basic = /^basic +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  const [basicId, basicSecret] = basic === undefined ? [] : Buffer.from(basic, "base64").toString().split(":");
  const clientId = basicId === undefined ? (form.get("client_id") ?? "") : formDecode(basicId);
  const secret = basicSecret === undefined ? (form.get("client_secret") ?? "") : formDecode(basicSecret);
  const refused = refusal(clientId, "client id", "Google");
  if (refused !== null) return { status: 401, error: "invalid_client", error_description: refused };
  const client = clients.find((known) => known.clientId === clientId);
  if (client === undefined) {
    return { status: 401, error: "invalid_client", error_description: "The OAuth client was not found." };
  }
  if (!sameText(secret, client.clientSecret)) {
    return { status: 401, error: "invalid_client", error_description: "Unauthorized" };
  }
  return client;
}

/** RFC 6749 section 2.3.1: both halves of the Basic credentials are form-encoded first. */
function formDecode(text: string): string {
  return new URLSearchParams(`v=${text}`).get("v") ?? "";
}
