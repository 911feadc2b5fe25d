import { Email } from "@oa/contract";
import type { ProviderPerson } from "@oa/contract";
import {
  ClientSecretPost,
  authorizationCodeGrantRequest,
  discoveryRequest,
  getValidatedIdTokenClaims,
  processAuthorizationCodeResponse,
  processDiscoveryResponse,
  validateApplicationLevelSignature,
  validateAuthResponse,
} from "oauth4webapi";
import type { AuthorizationServer } from "oauth4webapi";
import * as z from "zod";
import { challengeOf } from "../auth/secrets.ts";
import type { ProviderConfig } from "../outsideConfig.ts";
import { callOptions } from "./github.ts";
import { withProvider } from "./provider.ts";
import type { Provider } from "./provider.ts";

const GOOGLE = "https://accounts.google.com";
/** How long a discovery document is believed. */
const DISCOVERY_TTL_MS = 60 * 60 * 1000;

const discovered = new Map<string, { until: number; server: AuthorizationServer }>();

/** Google by OpenID Connect: https://developers.google.com/identity/openid-connect/openid-connect. */
export function googleProvider(config: ProviderConfig): Provider {
  const client = { client_id: config.clientId };
  return {
    authorizeUrl: (trip) =>
      withProvider(async () => {
        const server = await serverOf(config);
        const url = new URL(server.authorization_endpoint ?? "");
        url.search = new URLSearchParams({
          client_id: config.clientId,
          redirect_uri: trip.redirectUri,
          response_type: "code",
          scope: "openid email profile",
          state: trip.state,
          nonce: trip.nonce,
          code_challenge: challengeOf(trip.verifier),
          code_challenge_method: "S256",
        }).toString();
        return url.href;
      }),
    person: (callback, trip) =>
      withProvider(async () => {
        const server = await serverOf(config);
        const options = callOptions(config);
        const params = validateAuthResponse(server, client, callback, trip.state);
        const response = await authorizationCodeGrantRequest(
          server,
          client,
          ClientSecretPost(config.clientSecret),
          params,
          trip.redirectUri,
          trip.verifier,
          options,
        );
        // Issuer, audience, nonce and expiry here; the signature against Google's published keys below.
        const tokens = await processAuthorizationCodeResponse(server, client, response, {
          expectedNonce: trip.nonce,
          requireIdToken: true,
        });
        await validateApplicationLevelSignature(server, response, options);
        return personOf(getValidatedIdTokenClaims(tokens));
      }),
  };
}

async function serverOf(config: ProviderConfig): Promise<AuthorizationServer> {
  const issuer = config.base ?? GOOGLE;
  const before = discovered.get(issuer);
  if (before !== undefined && Date.now() < before.until) return before.server;
  const url = new URL(issuer);
  const response = await discoveryRequest(url, { algorithm: "oidc", ...callOptions(config) });
  const server = await processDiscoveryResponse(url, response);
  discovered.set(issuer, { until: Date.now() + DISCOVERY_TTL_MS, server });
  return server;
}

const IdClaims = z.object({
  sub: z.string().min(1).max(255),
  email: z.string().optional(),
  email_verified: z.boolean().optional(),
  name: z.string().max(200).optional().catch(undefined),
  picture: z.url().max(500).optional().catch(undefined),
});

function personOf(claims: unknown): ProviderPerson {
  const { sub, email, email_verified, name, picture } = IdClaims.parse(claims);
  return {
    provider: "google",
    subject: sub,
    email: email_verified === true ? (Email.safeParse(email).data ?? null) : null,
    name: name ?? null,
    avatar_url: picture ?? null,
  };
}
