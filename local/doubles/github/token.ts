import type { Context } from "hono";
import { refusal } from "../kit/credentials.ts";
import type { DoubleEnv } from "../kit/env.ts";
import type { OAuthClient } from "../oauth/clients.ts";
import { type GrantStore, sameText, verifierMatches } from "../oauth/grants.ts";
import { readForm } from "../oauth/oauth.ts";
import type { DeviceFlow } from "./device.ts";

/** An OAuth app; its device flow is on unless switched off, which GitHub answers with `device_flow_disabled`. */
export interface GithubClient extends OAuthClient {
  deviceFlow?: boolean;
}

const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";

/** An answer of GitHub's OAuth endpoints before it is put into the form the caller accepts. */
type Answer = Readonly<Record<string, string | number>>;

/** What each error says to a developer. */
const DESCRIPTIONS = {
  incorrect_client_credentials: "The client_id and/or client_secret passed are incorrect.",
  redirect_uri_mismatch: "The redirect_uri is not the one the code was made for.",
  bad_verification_code: "The code passed is incorrect or expired.",
  unsupported_grant_type: `The grant_type must be ${DEVICE_GRANT} when a device_code is sent.`,
  incorrect_device_code: "The device_code provided is not valid.",
  expired_token: "This 'device_code' has expired.",
  access_denied: "The person declined the authorization.",
  authorization_pending: "The authorization request is still pending.",
  slow_down: "Too many requests have been made in the same timeframe.",
  device_flow_disabled: "The device flow is switched off for this application.",
} as const;

/** An error as GitHub answers it: with status 200, which is why a client must read the body. */
function problem(error: keyof typeof DESCRIPTIONS, more: Answer = {}): Answer {
  return {
    error,
    error_description: DESCRIPTIONS[error],
    error_uri: "https://docs.github.com/apps/oauth-apps/maintaining-oauth-apps",
    ...more,
  };
}

/** JSON when the caller accepts it, else form encoding; errors and successes alike with 200. */
export function answerAs(c: Context<DoubleEnv>, answer: Answer): Response {
  c.header("cache-control", "no-store");
  if (c.req.header("accept")?.includes("application/json") === true) return c.json(answer);
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(answer)) form.set(name, String(value));
  return c.body(form.toString(), 200, { "content-type": "application/x-www-form-urlencoded; charset=utf-8" });
}

/** `POST /login/device/code`. An unknown client is answered 404, as GitHub does. */
export async function deviceCode(
  c: Context<DoubleEnv>,
  flow: DeviceFlow,
  clients: readonly GithubClient[],
): Promise<Response> {
  const form = await readForm(c);
  const clientId = form.get("client_id") ?? "";
  const client = clients.find((known) => known.clientId === clientId);
  if (client === undefined) {
    return c.json(
      { error: "Not Found", error_description: refusal(clientId, "client id", "GitHub") ?? "Not Found" },
      404,
    );
  }
  if (client.deviceFlow === false) return answerAs(c, problem("device_flow_disabled"));
  const scopes = (form.get("scope") ?? "").split(/[\s,]+/).filter((scope) => scope !== "");
  const request = flow.start(clientId, scopes);
  return answerAs(c, {
    device_code: request.deviceCode,
    user_code: request.userCode,
    verification_uri: new URL("/login/device", c.req.url).href,
    expires_in: flow.limits.expiresInSeconds,
    interval: flow.limits.intervalSeconds,
  });
}

/** `POST /login/oauth/access_token`, for codes of the web flow and for device codes. */
export async function accessToken(
  c: Context<DoubleEnv>,
  options: { clients: readonly GithubClient[]; grants: GrantStore; device: DeviceFlow },
): Promise<Response> {
  const form = await readForm(c);
  const clientId = form.get("client_id") ?? "";
  const refused = refusal(clientId, "client id", "GitHub");
  if (refused !== null) return answerAs(c, problem("incorrect_client_credentials", { error_description: refused }));
  const client = options.clients.find((known) => known.clientId === clientId);
  if (client === undefined) return answerAs(c, problem("incorrect_client_credentials"));
  const byDevice = form.has("device_code") || form.get("grant_type") === DEVICE_GRANT;
  return answerAs(c, byDevice ? redeemDevice(form, client, options) : redeemCode(form, client, options.grants));
}

function redeemDevice(
  form: URLSearchParams,
  client: GithubClient,
  options: { grants: GrantStore; device: DeviceFlow },
): Answer {
  if (form.get("grant_type") !== DEVICE_GRANT) return problem("unsupported_grant_type");
  if (client.deviceFlow === false) return problem("device_flow_disabled");
  const poll = options.device.poll(form.get("device_code") ?? "", client.clientId);
  if (poll.kind === "slow_down") return problem("slow_down", { interval: poll.intervalSeconds });
  if (poll.kind !== "approved") return problem(poll.kind);
  return success(options.grants, { clientId: client.clientId, person: poll.person, scopes: poll.scopes });
}

function redeemCode(form: URLSearchParams, client: GithubClient, grants: GrantStore): Answer {
  if (!sameText(form.get("client_secret") ?? "", client.clientSecret)) return problem("incorrect_client_credentials");
  const grant = grants.takeCode(form.get("code") ?? "");
  if (grant === null || grant.clientId !== client.clientId) return problem("bad_verification_code");
  const redirectUri = form.get("redirect_uri");
  if (redirectUri !== null && redirectUri !== grant.redirectUri) return problem("redirect_uri_mismatch");
  if (!verifierMatches(grant.challenge, form.get("code_verifier"))) return problem("bad_verification_code");
  return success(grants, grant);
}

function success(grants: GrantStore, grant: Parameters<GrantStore["issueToken"]>[0]): Answer {
  const { clientId, person, scopes } = grant;
  const token = grants.issueToken({ clientId, person, scopes }, "gho_");
  return { access_token: token, token_type: "bearer", scope: scopes.join(",") };
}
