/** What every credential that a double accepts begins with. */
export const DOUBLE_PREFIX = "double_";

/**
 * The shapes of real credentials: keys and tokens of Stripe, OpenAI and its like, Resend, GitHub and Google, client ids and
 * secrets of the latter two.
 */
const LIVE_SHAPES = [
  /^(sk|rk|pk|whsec)_/,
  /^sk-/,
  /^re_/,
  /^gh[a-z]_/,
  /^github_pat_/,
  /^(Iv1\.|Iv23|Ov23)/,
  /^[0-9a-f]{20}$/,
  /^[0-9a-f]{40}$/,
  /\.apps\.googleusercontent\.com$/,
  /^GOCSPX-/,
  /^AIza/,
  /^ya29\./,
];

/** True for a credential that looks as if a real service had given it out. */
export function looksLive(credential: string): boolean {
  return LIVE_SHAPES.some((shape) => shape.test(credential));
}

/** Why a double does not take a credential; null when it does. The sentence never holds the credential itself. */
export function refusal(credential: string, what: string, standsFor: string): string | null {
  if (credential.startsWith(DOUBLE_PREFIX)) return null;
  const rule = `A double takes only a ${what} that begins with ${DOUBLE_PREFIX}.`;
  return looksLive(credential)
    ? `This is a double of ${standsFor}, and this ${what} looks like a real one: it must not be sent here. ${rule} ` +
        `To use ${standsFor} itself, remove the setting that points to this address.`
    : `This is a double of ${standsFor}. ${rule}`;
}

/** Throws an Error with the refusal's sentence: for credentials a double is started with. */
export function requireDouble(credential: string, what: string, standsFor: string): void {
  const why = refusal(credential, what, standsFor);
  if (why !== null) throw new Error(why);
}
