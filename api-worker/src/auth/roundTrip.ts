import { OAUTH_PATHS } from "@oa/contract";
import type { OAuthProvider } from "@oa/contract";
import type { AppContext, Services } from "../context.ts";
import { providerOf } from "../providers/provider.ts";
import type { RoundTrip } from "../providers/provider.ts";
import { secretEqual, sha256Hex } from "../secretEqual.ts";
import { assertCookieAllowed, clearTripCookie, setTripCookie, tripSecretOf } from "./cookie.ts";
import { newSecret } from "./secrets.ts";

/** Where a trip to a provider ends, and for whom. */
interface Trip {
  /** A path of this site. */
  returnTo: string;
  /** The user an identity is to be linked to; null to sign in. */
  linkUserId: string | null;
}

/**
 * Begins a trip to a provider and gives the address the browser is to go to. `state` stands in Convex as a hash, good once
 * and for ten minutes; the browser gets a secret of its own in a cookie, of which PKCE verifier and nonce are made. A
 * callback needs both, so one that was begun elsewhere (a login forced on somebody, a stolen code) goes nowhere.
 *
 * @throws ApiError `not_configured`, `provider_unreachable`
 */
export async function setOut(c: AppContext, services: Services, name: OAuthProvider, trip: Trip): Promise<string> {
  assertCookieAllowed(c);
  const provider = providerOf(services.config, name);
  const state = newSecret();
  const binding = newSecret();
  const url = await provider.authorizeUrl(tripOf(services, name, state.token, binding.token));
  await services.control.startOAuth({
    provider: name,
    state_hash: state.hash,
    binding_hash: binding.hash,
    return_to: trip.returnTo,
    link_user_id: trip.linkUserId,
  });
  setTripCookie(c, binding.token);
  return url;
}

/** A trip that came back to the browser that began it. */
export interface Return extends Trip {
  trip: RoundTrip;
}

/**
 * The trip a callback belongs to, used up; null where there is none: unknown or old `state`, another provider's, or not
 * this browser's. The state is used up before anything is compared, so that it cannot be tried.
 */
export async function comeBack(
  c: AppContext,
  services: Services,
  name: OAuthProvider,
  state: string,
): Promise<Return | null> {
  const secret = tripSecretOf(c);
  clearTripCookie(c);
  const ticket = await services.control.takeOAuth(sha256Hex(state));
  if (ticket === null || ticket.provider !== name || secret === null) return null;
  if (!secretEqual(sha256Hex(secret), ticket.binding_hash)) return null;
  return {
    returnTo: ticket.return_to,
    linkUserId: ticket.link_user_id,
    trip: tripOf(services, name, state, secret),
  };
}

function tripOf(services: Services, name: OAuthProvider, state: string, secret: string): RoundTrip {
  return {
    state,
    // Two hashes of one secret: neither tells the other, nor the cookie.
    verifier: sha256Hex(`pkce ${secret}`),
    nonce: sha256Hex(`nonce ${secret}`),
    redirectUri: `${services.config.outside.publicUrl ?? ""}${OAUTH_PATHS.callback.replace("{provider}", name)}`,
  };
}

/** A path of this site, or `/`: an address a link may have put there must not lead elsewhere after sign-in. */
export function localPath(wanted: string | undefined): string {
  const origin = "https://this.site";
  if (wanted === undefined || !wanted.startsWith("/") || wanted.includes("\\")) return "/";
  const url = URL.parse(wanted, origin);
  // Dots are gone from a parsed path: `/.//host` has become `//host`, which a browser reads as another site's address.
  if (url === null || url.origin !== origin || url.pathname.startsWith("//")) return "/";
  return `${url.pathname}${url.search}${url.hash}`;
}
