import type { Environment, Problem } from "./env.ts";
import { isLoopback } from "./env.ts";

/** An OAuth client registered at a provider. */
export interface ProviderConfig {
  clientId: string;
  clientSecret: string;
  /** A double's address on this machine; null for the provider itself. */
  base: string | null;
}

export interface MailConfig {
  url: string;
  apiKey: string;
  from: string;
}

/** Services outside this installation; null where one is not configured. */
export interface OutsideConfig {
  /** Origin of this site as people know it; null only where nothing needs it. */
  publicUrl: string | null;
  mail: MailConfig | null;
  github: ProviderConfig | null;
  google: ProviderConfig | null;
}

/** What every credential that a double takes begins with. */
export const DOUBLE_PREFIX = "double_";

/**
 * Checks what belongs together: half a configuration is a problem, and so is a real credential beside a double's address
 * (it would be sent to a program that is not the provider) or a double's credential without one.
 */
export function outsideConfig(env: Environment): { config: OutsideConfig } | { problems: Problem[] } {
  const problems: Problem[] = [];
  const github = provider("GITHUB", env.GITHUB_CLIENT_ID, env.GITHUB_CLIENT_SECRET, env.GITHUB_BASE_URL, problems);
  const google = provider("GOOGLE", env.GOOGLE_CLIENT_ID, env.GOOGLE_CLIENT_SECRET, env.GOOGLE_BASE_URL, problems);
  const mail = mailer(env, problems);
  const publicUrl = env.OA_PUBLIC_URL ?? null;
  if (publicUrl === null && (github ?? google ?? mail) !== null) {
    problems.push({ variable: "OA_PUBLIC_URL", message: "is not set, and mail and sign-in with a provider need it" });
  }
  return problems.length > 0 ? { problems } : { config: { publicUrl, mail, github, google } };
}

function provider(
  name: "GITHUB" | "GOOGLE",
  clientId: string | undefined,
  clientSecret: string | undefined,
  base: string | undefined,
  problems: Problem[],
): ProviderConfig | null {
  if (clientId === undefined && clientSecret === undefined && base === undefined) return null;
  const missing = [
    ...(clientId === undefined ? [`${name}_CLIENT_ID`] : []),
    ...(clientSecret === undefined ? [`${name}_CLIENT_SECRET`] : []),
  ];
  for (const variable of missing) {
    problems.push({ variable, message: `is not set, and sign-in with this provider needs it` });
  }
  if (clientId === undefined || clientSecret === undefined) return null;
  checkDouble(`${name}_BASE_URL`, base, `${name}_CLIENT_ID`, clientId, problems);
  checkDouble(`${name}_BASE_URL`, base, `${name}_CLIENT_SECRET`, clientSecret, problems);
  return { clientId, clientSecret, base: base ?? null };
}

function mailer(env: Environment, problems: Problem[]): MailConfig | null {
  const { OA_MAIL_URL: url, OA_MAIL_API_KEY: apiKey, OA_MAIL_FROM: from } = env;
  if (url === undefined && apiKey === undefined && from === undefined) return null;
  for (const [variable, value] of Object.entries({ OA_MAIL_URL: url, OA_MAIL_API_KEY: apiKey, OA_MAIL_FROM: from })) {
    if (value === undefined) problems.push({ variable, message: "is not set, and sending mail needs it" });
  }
  if (url === undefined || apiKey === undefined || from === undefined) return null;
  checkDouble("OA_MAIL_URL", isLoopback(new URL(url).hostname) ? url : undefined, "OA_MAIL_API_KEY", apiKey, problems);
  return { url, apiKey, from };
}

function checkDouble(
  addressName: string,
  address: string | undefined,
  credentialName: string,
  credential: string,
  problems: Problem[],
): void {
  const forDouble = credential.startsWith(DOUBLE_PREFIX);
  if (address === undefined && forDouble) {
    problems.push({ variable: credentialName, message: `is a double's, and ${addressName} is not a double's address` });
  }
  if (address !== undefined && !isLoopback(new URL(address).hostname)) {
    problems.push({ variable: addressName, message: "must be an address on this machine: it is for doubles only" });
  }
  if (address !== undefined && !forDouble) {
    problems.push({
      variable: credentialName,
      message: `does not begin with ${DOUBLE_PREFIX}: a real credential must not be sent to a double (unset ${addressName})`,
    });
  }
}
