import { requireDouble } from "../kit/credentials.ts";

/** An application registered at a double. */
export interface OAuthClient {
  /** Begins with `double_`. */
  clientId: string;
  /** Begins with `double_`. */
  clientSecret: string;
  /** Shown on the consent page. */
  name: string;
  /** Compared character by character. The first is the default where a provider allows to leave it out. */
  redirectUris: readonly [string, ...string[]];
}

/** Throws an Error with a sentence when an id or secret is not a double's, or a redirect URI is no absolute URL. */
export function checkClients(clients: readonly OAuthClient[], standsFor: string): void {
  for (const client of clients) {
    requireDouble(client.clientId, "client id", standsFor);
    requireDouble(client.clientSecret, "client secret", standsFor);
    for (const uri of client.redirectUris) {
      if (!URL.canParse(uri)) throw new Error(`the redirect URI ${uri} of ${client.clientId} is not a URL`);
    }
  }
}

/** An application for a double that is started by hand: flags `--client-id`, `--client-secret`, `--redirect-uri`, `--app-name`. */
export const CLIENT_FLAGS = ["client-id", "client-secret", "redirect-uri", "app-name"];

/** What {@link CLIENT_FLAGS} gave. Throws an Error that names a missing redirect URI. */
export function clientFromFlags(flags: Readonly<Record<string, readonly string[]>>): OAuthClient {
  const [first, ...more] = flags["redirect-uri"] ?? [];
  if (first === undefined) throw new Error("--redirect-uri: the address people return to after signing in");
  return {
    clientId: flags["client-id"]?.[0] ?? "double_client",
    clientSecret: flags["client-secret"]?.[0] ?? "double_client_secret",
    name: flags["app-name"]?.[0] ?? "Managed OpenClaw",
    redirectUris: [first, ...more],
  };
}

/** The part of a usage text that explains {@link CLIENT_FLAGS}. */
export const CLIENT_USAGE = `  --redirect-uri <url>     address people return to, exactly as the application sends it; may be given more than once
  --client-id <id>         default double_client
  --client-secret <text>   default double_client_secret
  --app-name <text>        name on the consent page
  --port <number>          default: any free one
`;
