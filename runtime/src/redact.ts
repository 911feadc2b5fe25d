/**
 * Takes secrets out of text before it is stored or shown. Two nets: the exact secrets of this instance, and the shapes of
 * keys that people put into a gateway (providers, chat platforms, clouds). A shape keeps its prefix, so that a reader still
 * knows which kind of key a line spoke of.
 */

const MASK = "[redacted]";

/** Shapes with a distinctive prefix: `$1` is kept. */
const SHAPES: readonly RegExp[] = [
  /\b(sk-(?:[a-z]+-)*)[A-Za-z0-9_-]{6,}/g,
  /\b(oc_[a-z]+_)[A-Za-z0-9]{16,}/g,
  /\b(gh[pousr]_|github_pat_)[A-Za-z0-9_]{16,}/g,
  /\b(xox[a-z]-|xapp-)[A-Za-z0-9-]{8,}/g,
  /\b(AKIA|ASIA)[A-Z0-9]{12,}/g,
  /\b(xai-|nvapi-|hf_|tgp_v1_)[A-Za-z0-9_-]{16,}/g,
  /\b(AIza)[A-Za-z0-9_-]{20,}/g,
  /\b(whsec_|rk_live_|rk_test_|sk_live_|sk_test_)[A-Za-z0-9]{8,}/g,
  // A Telegram bot token: the bot's number stays, the secret half goes.
  /\b(\d{6,12}:)[A-Za-z0-9_-]{30,}/g,
  // A JWT: three base64url parts, the first of which starts with `{"`.
  /\b(eyJ)[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g,
  /\b(bearer\s+)[A-Za-z0-9._~+/=-]{6,}/gi,
  /\b(basic\s+)[A-Za-z0-9+/]{12,}={0,2}/gi,
  // user:password@ of a URL.
  /(:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/g,
  // token=…, api_key: "…", "password":"…": the word, an assignment, a value.
  /((?:token|secret|passw(?:or)?d|api[_-]?key|access[_-]?key|private[_-]?key|authorization)["']?\s*[:=]\s*["']?)(?!\[redacted\]|Bearer\b|Basic\b)[^\s"',;&}\]]{6,}/gi,
];

const PEM = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;

/** Shorter strings are not treated as secrets: masking them would eat ordinary words. */
const SHORTEST_SECRET = 8;

/** Masks the given secrets (exact) and everything that has the shape of one. */
export function redact(text: string, secrets: readonly string[]): string {
  let out = text;
  for (const secret of secrets) {
    if (secret.length >= SHORTEST_SECRET) out = out.replaceAll(secret, MASK);
  }
  out = out.replaceAll(PEM, MASK);
  for (const shape of SHAPES) out = out.replace(shape, `$1${MASK}`);
  return out;
}
