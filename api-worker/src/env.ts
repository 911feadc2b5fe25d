import * as z from "zod";

/**
 * Every variable the Worker reads. The descriptions below are the documentation: `ENVIRONMENT.md` is printed from
 * them, and `wrangler.jsonc` is checked against them by a test. Empty means unset.
 */

/** `http` is for this machine only: over a network every one of these calls carries a key. */
function isSafeOrigin(url: URL): boolean {
  if (url.protocol === "https:") return true;
  return url.protocol === "http:" && isLoopback(url.hostname);
}

/** True for `localhost`, 127.0.0.0/8 and ::1, as the URL parser spells them. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}

/** An address without credentials, query or fragment; trailing slashes are dropped. */
const BaseUrl = z.string().transform((value, ctx) => {
  const url = URL.parse(value);
  const problem =
    url === null
      ? "is not a URL"
      : !isSafeOrigin(url)
        ? "must be https (http only on loopback)"
        : url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== ""
          ? "must have no credentials, query or fragment"
          : null;
  if (problem !== null || url === null) {
    ctx.addIssue({ code: "custom", message: problem ?? "is not a URL" });
    return z.NEVER;
  }
  return url.href.replace(/\/+$/, "");
});

/** `{user_id}` once, in the path: in a host name letter case is lost, and two users would share a runtime. */
const UrlTemplate = z.string().refine((value) => {
  const parts = value.split("{user_id}");
  const url = URL.parse(parts.join("u"));
  if (parts.length !== 2 || url === null || !BaseUrl.safeParse(url.href).success) return false;
  const pathStart = value.indexOf("/", value.indexOf("://") + 3);
  return pathStart !== -1 && value.indexOf("{user_id}") > pathStart;
}, "must be a URL with {user_id} once, in its path");

const Key = z
  .string()
  .min(16, "must have at least 16 characters")
  .regex(/^[\x21-\x7e]+$/, "must be printable ASCII without spaces");

const Prefix = z.string().regex(/^[a-z0-9][a-z0-9-]{0,19}$/, "must be 1 to 20 lower-case letters, digits or hyphens");

const listOf = (value: string): string[] =>
  value
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

const Origin = z
  .string()
  .refine((value) => URL.parse(value)?.origin === value, "must be origins like https://app.example.com");

const PRINTABLE = /^[\x21-\x7e]+$/;

const Seconds = z.coerce.number().int().min(1, "must be 1 to 600 seconds").max(600, "must be 1 to 600 seconds");

/** How the upstream of one model is reached. */
const UpstreamEntry = z.strictObject({
  endpoint: BaseUrl,
  api_key: z.string().min(1).max(1000).regex(PRINTABLE),
  model: z.string().min(1).max(200).optional(),
  on_abort: z.enum(["cancel", "drain"]).optional(),
  max_tokens_field: z.enum(["max_tokens", "max_completion_tokens"]).optional(),
});
export type UpstreamEntry = z.infer<typeof UpstreamEntry>;

/** Problems name no part of the value: it holds keys. */
const UpstreamTable = z.string().transform((text, ctx) => {
  const parsed = z.record(z.string().regex(/^[^*]{1,200}\*?$|^\*$/), UpstreamEntry).safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  ctx.addIssue({
    code: "custom",
    message:
      'must be JSON like {"gpt-5*": {"endpoint": "https://…/v1", "api_key": "…"}}, endpoints https (http only on loopback)',
  });
  return z.NEVER;
});

/** A PKCS#8 PEM (a literal `\n` counts as a line break) or a private JWK. */
const SigningKey = z
  .string()
  .transform((value) => value.replaceAll("\\n", "\n").trim())
  .refine(
    (value) => value.startsWith("-----BEGIN PRIVATE KEY-----") || isJson(value),
    "must be a PKCS#8 PEM or a JWK for ES256",
  );

/** A public key as `/.well-known/jwks.json` has it. A private one is refused: what holds it is no secret. */
const PublicKey = z.object({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  x: z.string().min(1).max(100),
  y: z.string().min(1).max(100),
  kid: z.string().min(1).max(200),
  d: z.undefined().optional(),
});
export type PublicKey = Omit<z.infer<typeof PublicKey>, "d"> & { alg: "ES256"; use: "sig" };

const PublicKeys = z.string().transform((text, ctx): PublicKey[] => {
  const parsed = z.object({ keys: z.array(PublicKey).max(8) }).safeParse(jsonOf(text));
  if (parsed.success)
    return parsed.data.keys.map(({ kty, crv, x, y, kid }) => ({ kty, crv, x, y, kid, alg: "ES256", use: "sig" }));
  ctx.addIssue({
    code: "custom",
    message: 'must be JSON like {"keys": [{"kty": "EC", "crv": "P-256", "x": "…", …}]}, without "d"',
  });
  return z.NEVER;
});

function isJson(value: string): boolean {
  return typeof jsonOf(value) === "object";
}

function jsonOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

export const Environment = z.object({
  CONVEX_URL: BaseUrl.describe("Convex deployment the browser connects to for live data."),
  CONVEX_SITE_URL: BaseUrl.describe("HTTP actions of the same deployment: where `/control/*` is served."),
  OA_CONTROL_KEY: Key.describe("Opens Convex's `/control/*`. The same value is set in Convex."),
  OA_INTERNAL_KEY: Key.describe("Proves a service caller (`X-OA-Internal-Key`) and Convex's own drives."),
  OA_CONVEX_JWT_PRIVATE_KEY: SigningKey.describe(
    "ES256 key (PKCS#8 PEM or JWK) that signs the browser's Convex tokens.",
  ),
  OA_CONVEX_JWT_KEY_ID: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe("`kid` of those tokens, as in Convex's JWKS. By default the JWK's own, else its RFC 7638 thumbprint."),
  OA_CONVEX_JWT_PUBLIC_KEYS_PREVIOUS: PublicKeys.default([]).describe(
    'Keys that signed before, as `/.well-known/jwks.json` had them: `{"keys": […]}`. Editors\' tokens of theirs stay good until they expire, in seven days.',
  ),
  OA_CONVEX_JWT_ISSUER: z
    .string()
    .min(1)
    .max(200)
    .describe("`iss` of those tokens; equals the issuer in Convex's auth configuration."),
  OA_CORS_ORIGINS: z
    .string()
    .transform(listOf)
    .pipe(z.array(Origin))
    .default([])
    .describe("Origins, comma-separated, whose pages may call `/api/openclaw/*`. None by default."),
  OA_DOUBLES: z
    .string()
    .transform(listOf)
    .pipe(z.array(z.enum(["stripe", "github", "google", "mail", "upstream"])))
    .default([])
    .describe("Local doubles that stand in for real services, comma-separated, for the page to say so."),
  OA_PUBLIC_URL: Origin.optional().describe(
    "Where people find this site. Links in mails and the addresses providers return to are made from it, never from what a request says of itself. Required by mail and by sign-in with a provider.",
  ),
  OA_MAIL_URL: BaseUrl.optional().describe("A mail provider with Resend's API, like `https://api.resend.com`."),
  OA_MAIL_API_KEY: z.string().min(1).max(200).optional().describe("Its API key."),
  OA_MAIL_FROM: z.string().min(3).max(200).optional().describe("Sender: `Name <address@example.com>`."),
  GITHUB_CLIENT_ID: z.string().min(1).max(200).optional().describe("Sign-in with GitHub: the OAuth app's id."),
  GITHUB_CLIENT_SECRET: z.string().min(1).max(200).optional().describe("The OAuth app's secret."),
  GITHUB_BASE_URL: BaseUrl.optional().describe(
    "A double of GitHub on this machine; refuses real credentials. GitHub itself where unset.",
  ),
  GOOGLE_CLIENT_ID: z.string().min(1).max(200).optional().describe("Sign-in with Google: the OAuth client's id."),
  GOOGLE_CLIENT_SECRET: z.string().min(1).max(200).optional().describe("The OAuth client's secret."),
  GOOGLE_BASE_URL: BaseUrl.optional().describe(
    "A double of Google on this machine; refuses real credentials. Google itself where unset.",
  ),
  INFERENCE_ENDPOINT: BaseUrl.optional().describe(
    "An OpenAI-compatible endpoint that answers model calls, like `https://api.openai.com/v1`. Unset: there are none.",
  ),
  INFERENCE_API_KEY: z
    .string()
    .min(1)
    .max(1000)
    .regex(PRINTABLE, "must be printable ASCII")
    .optional()
    .describe("Its API key. Any word where the endpoint asks for none."),
  INFERENCE_UPSTREAMS: UpstreamTable.optional().describe(
    'Endpoints of single models, as JSON: `{"<model or beginning*>": {"endpoint", "api_key", "model"?, "on_abort"?: "cancel" or "drain", "max_tokens_field"?: "max_tokens" or "max_completion_tokens"}}`. The longest match wins; `INFERENCE_ENDPOINT` takes the rest. `model`: what the endpoint calls it. `drain` is for endpoints that charge in full when a caller goes away.',
  ),
  INFERENCE_MODELS: z
    .string()
    .transform(listOf)
    .pipe(z.array(z.string().max(200)))
    .optional()
    .describe(
      "Models that are offered, comma-separated; the first is the default of hosted OpenClaws. By default whatever the endpoints list and has a price.",
    ),
  INFERENCE_START_SECONDS: Seconds.default(60).describe("How long an endpoint may take to begin a streamed answer."),
  INFERENCE_IDLE_SECONDS: Seconds.default(120).describe("How long it may be silent within an answer."),
  OPENCLAW_INFERENCE_URL: BaseUrl.optional().describe(
    "Where gateways call models: this Worker's `/v1`, at an address they reach. `OA_PUBLIC_URL` with `/v1` where unset.",
  ),
  OPENCLAW_FLEET: z
    .enum(["host", "static"])
    .optional()
    .describe("Where runtimes run. `static` when a runtime URL is set, else `host`."),
  OPENCLAW_RUNTIME_HOST_URL: BaseUrl.optional().describe("Fleet `host`: the runtime host's address."),
  OA_FLEET_KEY: Key.optional().describe(
    "Opens the runtime host's `/fleet/*`, and the events it reports. Required by the fleet `host`.",
  ),
  OPENCLAW_RUNTIME_URL: BaseUrl.optional().describe(
    'Fleet `static`: the one runtime, for one user. It stays theirs when they delete their OpenClaw, which empties nothing there; once you have emptied it, `npx convex run openclaw:releaseRuntime \'{"user_id": "…"}\'` frees it for another.',
  ),
  OPENCLAW_RUNTIME_URL_TEMPLATE: UrlTemplate.optional().describe(
    "Fleet `static`: a runtime for each user, `{user_id}` in the path.",
  ),
  OPENCLAW_SERVICE_TOKEN: Key.optional().describe(
    "Fleet `static` with `OPENCLAW_RUNTIME_URL`: the service token that runtime was started with.",
  ),
  OPENAGENTS_SERVICE_TOKEN: Key.optional().describe(
    "The same as `OPENCLAW_SERVICE_TOKEN`, which wins where both are set.",
  ),
  OPENCLAW_RUNTIME_NAME_PREFIX: Prefix.default("oc").describe("Runtimes are named `<prefix>-<instance id>`."),
  OPENCLAW_R2_BUCKET_PREFIX: Prefix.optional().describe(
    "Buckets are named `<prefix>-<instance id>`; without it no bucket is recorded.",
  ),
  OPENCLAW_DEV_MODE: z
    .enum(["true", "false"])
    .optional()
    .describe("Handed to each runtime: `true` turns on the gateway's debug logs."),
  OPENCLAW_BIND_MODE: z
    .enum(["loopback", "lan"])
    .optional()
    .describe("Handed to each runtime: the address its gateway binds."),
  OPENCLAW_VERSION: z.string().max(64).optional().describe("Handed to each runtime: the OpenClaw version to run."),
});
export type Environment = z.infer<typeof Environment>;

/** Variables whose values must never be seen; set by `wrangler secret put`, in development by the environment. */
export const SECRET_VARIABLES: readonly (keyof Environment)[] = [
  "OA_CONTROL_KEY",
  "OA_INTERNAL_KEY",
  "OA_CONVEX_JWT_PRIVATE_KEY",
  "OA_FLEET_KEY",
  "OA_MAIL_API_KEY",
  "INFERENCE_API_KEY",
  "INFERENCE_UPSTREAMS",
  "GITHUB_CLIENT_SECRET",
  "GOOGLE_CLIENT_SECRET",
  "OPENCLAW_SERVICE_TOKEN",
  "OPENAGENTS_SERVICE_TOKEN",
];

/** One variable that keeps the Worker from serving, and what to do about it. */
export interface Problem {
  variable: string;
  message: string;
}

/** Reads the variables out of the Worker's bindings. Problems name variables and rules, never values. */
export function readEnvironment(
  bindings: Record<string, unknown>,
): { ok: true; env: Environment } | { ok: false; problems: Problem[] } {
  const given = Object.fromEntries(
    Object.keys(Environment.shape).map((name) => [name, bindings[name] === "" ? undefined : bindings[name]]),
  );
  const parsed = Environment.safeParse(given);
  if (parsed.success) return { ok: true, env: parsed.data };
  const problems = parsed.error.issues.map((issue) => {
    const variable = String(issue.path[0]);
    return { variable, message: given[variable] === undefined ? "is not set" : issue.message };
  });
  return { ok: false, problems };
}
