import { OAUTH_PATHS, type OAuthProvider } from "@oa/contract/accountsApi";

/** Where a click on a provider's button goes; the server brings the browser back to `returnTo`, a path of this site. */
export function providerAddress(provider: OAuthProvider, returnTo: string): string {
  return `${OAUTH_PATHS.start.replace("{provider}", provider)}?return_to=${encodeURIComponent(returnTo)}`;
}

export const PROVIDER_NAMES: Readonly<Record<OAuthProvider, string>> = { github: "GitHub", google: "Google" };
