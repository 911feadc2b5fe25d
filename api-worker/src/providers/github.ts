import { Email } from "@oa/contract";
import type { ProviderPerson } from "@oa/contract";
import {
  ClientSecretPost,
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  customFetch,
  processAuthorizationCodeResponse,
  validateAuthResponse,
} from "oauth4webapi";
import type { AuthorizationServer } from "oauth4webapi";
import * as z from "zod";
import { challengeOf } from "../auth/secrets.ts";
import { boundedFetch } from "../outbound/boundedFetch.ts";
import type { ProviderConfig } from "../outsideConfig.ts";
import { ProviderRefusal, withProvider } from "./provider.ts";
import type { Provider } from "./provider.ts";

/** The least that tells who someone is and which of their addresses are verified. */
export const GITHUB_SCOPE = "read:user user:email";

/** Where GitHub is. A double serves site and API at one address. */
export function githubPlaces(config: ProviderConfig) {
  const site = config.base ?? "https://github.com";
  const api = config.base ?? "https://api.github.com";
  return {
    api,
    server: {
      issuer: `${site}/login/oauth`,
      authorization_endpoint: `${site}/login/oauth/authorize`,
      token_endpoint: `${site}/login/oauth/access_token`,
      device_authorization_endpoint: `${site}/login/device/code`,
    } satisfies AuthorizationServer,
  };
}

/** How the library is to call: bounded, and over http only where a double is configured on this machine. */
export function callOptions(config: ProviderConfig) {
  return { [customFetch]: boundedFetch, [allowInsecureRequests]: config.base !== null };
}

/** GitHub's web flow: https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps. */
export function githubProvider(config: ProviderConfig): Provider {
  const { server } = githubPlaces(config);
  const client = { client_id: config.clientId };
  return {
    authorizeUrl(trip) {
      const url = new URL(server.authorization_endpoint);
      url.search = new URLSearchParams({
        client_id: config.clientId,
        redirect_uri: trip.redirectUri,
        response_type: "code",
        scope: GITHUB_SCOPE,
        state: trip.state,
        code_challenge: challengeOf(trip.verifier),
        code_challenge_method: "S256",
      }).toString();
      return Promise.resolve(url.href);
    },
    person: (callback, trip) =>
      withProvider(async () => {
        const params = validateAuthResponse(server, client, callback, trip.state);
        const response = await authorizationCodeGrantRequest(
          server,
          client,
          ClientSecretPost(config.clientSecret),
          params,
          trip.redirectUri,
          trip.verifier,
          callOptions(config),
        );
        await refuseErrorBody(response);
        const { access_token } = await processAuthorizationCodeResponse(server, client, response);
        return await githubPerson(config, access_token);
      }),
  };
}

const ErrorBody = z.object({ error: z.string() });

/** GitHub answers errors with status 200: the body tells. Reads a copy. @throws ProviderRefusal */
async function refuseErrorBody(response: Response): Promise<void> {
  const body = ErrorBody.safeParse(await response.clone().json());
  if (body.success) throw new ProviderRefusal(body.data.error === "access_denied");
}

const Profile = z.object({
  id: z.int().positive(),
  name: z.string().max(200).nullable().catch(null),
  avatar_url: z.url().max(500).nullable().catch(null),
});
const Emails = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }));

/** Who a token speaks for. The e-mail is the primary one, and only where GitHub has verified it. */
export async function githubPerson(config: ProviderConfig, token: string): Promise<ProviderPerson> {
  const { api } = githubPlaces(config);
  const ask = async <S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>> => {
    const response = await boundedFetch(`${api}${path}`, {
      headers: {
        accept: "application/vnd.github+json",
        authorization: `Bearer ${token}`,
        // GitHub refuses requests that do not say what they come from.
        "user-agent": "managed-openclaw",
        "x-github-api-version": "2022-11-28",
      },
    });
    if (!response.ok) throw new Error(`GitHub answered ${response.status}`);
    return schema.parse(await response.json());
  };
  const [profile, emails] = await Promise.all([ask("/user", Profile), ask("/user/emails", Emails)]);
  return {
    provider: "github",
    subject: String(profile.id),
    email: Email.safeParse(emails.find((email) => email.primary && email.verified)?.email).data ?? null,
    name: profile.name,
    avatar_url: profile.avatar_url,
  };
}
