import { ApiError } from "@oa/contract";
import type { OAuthProvider, ProviderPerson } from "@oa/contract";
import {
  AuthorizationResponseError,
  OperationProcessingError,
  ResponseBodyError,
  UnsupportedOperationError,
} from "oauth4webapi";
import type { Config } from "../config.ts";
import { githubProvider } from "./github.ts";
import { googleProvider } from "./google.ts";

/** What binds a round trip to the browser that began it; all of it is derived from that browser's cookie. */
export interface RoundTrip {
  state: string;
  /** RFC 7636: a hash of it goes out, it itself comes with the code. */
  verifier: string;
  /** OpenID Connect: comes back inside the signed ID token. */
  nonce: string;
  redirectUri: string;
}

/** A provider people sign in with. Tokens it gives out are used once, to ask who the person is, and dropped. */
export interface Provider {
  /** Where the browser is sent. */
  authorizeUrl(trip: RoundTrip): Promise<string>;
  /**
   * Who came back. Rejects with `ProviderRefusal` when the person declined or the provider refused, with ApiError
   * `provider_unreachable` when it did not answer in its form.
   */
  person(callback: URLSearchParams, trip: RoundTrip): Promise<ProviderPerson>;
}

/** The provider's answer was a refusal: `access_denied` is the person's own. */
export class ProviderRefusal extends Error {
  readonly denied: boolean;

  constructor(denied: boolean) {
    super(denied ? "the person declined" : "the provider refused");
    this.name = "ProviderRefusal";
    this.denied = denied;
  }
}

/** @throws ApiError `not_configured` */
export function providerOf(config: Config, name: OAuthProvider): Provider {
  const { github, google } = config.outside;
  if (name === "github" && github !== null) return githubProvider(github);
  if (name === "google" && google !== null) return googleProvider(google);
  throw notConfigured(name);
}

export function notConfigured(name: OAuthProvider): ApiError {
  const label = name === "github" ? "GitHub" : "Google";
  return new ApiError("not_configured", `Sign-in with ${label} is not set up in this installation.`);
}

/** Providers that are configured, for the page to show their buttons. */
export function providersOf(config: Config): OAuthProvider[] {
  const { github, google } = config.outside;
  return [...(github === null ? [] : (["github"] as const)), ...(google === null ? [] : (["google"] as const))];
}

/** Runs a step of a provider's flow; what the library throws becomes one of the two errors above. Its words are dropped. */
export async function withProvider<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof ProviderRefusal || error instanceof ApiError) throw error;
    if (error instanceof AuthorizationResponseError) throw new ProviderRefusal(error.error === "access_denied");
    if (error instanceof ResponseBodyError) throw new ProviderRefusal(error.error === "access_denied");
    const kind =
      error instanceof OperationProcessingError || error instanceof UnsupportedOperationError ? error.code : "network";
    console.warn(JSON.stringify({ level: "warn", event: "provider_unreachable", kind }));
    throw new ApiError(
      "provider_unreachable",
      "The sign-in provider does not answer right now. Try again in a moment.",
    );
  }
}
