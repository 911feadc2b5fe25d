import * as z from "zod";
import { Email, Password } from "./accounts.ts";
import { FlowId } from "./accountsApi.ts";
import { ErrorBody } from "./envelope.ts";
import { InferenceEndpoint, UsageSource } from "./holds.ts";
import { HistoryType, MAX_HISTORY_OFFSET } from "./usage.ts";

/**
 * The editor's API: `/api/v1/*`, `Authorization: Bearer <JWT>`. Answers are bare objects, errors `{ error: { code, message } }`
 * with the codes of `errors.ts`; times are ISO-8601. No cookie is read, so a page of another site has nothing to borrow.
 */
export const EDITOR_PATHS = {
  /** POST `EditorSignUp` -> 201 `EditorTokens`; 409 `taken`, 422 `unprocessable`. Grants $5.00 once. */
  signUp: "/api/v1/auth/signup",
  /** POST `EditorLogIn` -> `EditorTokens`; 401 `invalid_credentials`, 422 `unprocessable`. */
  logIn: "/api/v1/auth/login",
  /**
   * POST `RefreshRequest`, or the JWT of the seed's redirect as `Authorization: Bearer` and no body -> `EditorTokens`. Each
   * refresh token works once; a second use within 10 s of the first, with the child unused, counts as a lost answer.
   * Any other second use ends the sign-in. 401 `unauthorized`.
   */
  refresh: "/api/v1/auth/refresh",
  /** POST, JWT -> `{}`: ends this sign-in, its refresh token too. */
  logOut: "/api/v1/auth/logout",
  /** GET, JWT -> `EditorMe`. */
  me: "/api/v1/me",
  /** GET, JWT -> `EditorBalance`, with an `ETag`; 304 where `If-None-Match` still fits. */
  balance: "/api/v1/balance",
  /** GET `EditorPageQuery`, JWT -> `EditorUsage`: every call, newest first. */
  usage: "/api/v1/usage",
  /** GET `EditorPageQuery`, JWT -> `EditorHistory`: usage, top-ups and grants, newest first. */
  billingHistory: "/api/v1/billing/history",
  /** POST `EditorStart` -> `EditorStarted`. */
  start: "/api/v1/auth/editor/start",
  /** POST `EditorExchange` -> `EditorTokens`; errors in the form of `OAuthError`. */
  exchange: "/api/v1/auth/editor/exchange",
  /** GET: public keys of the JWTs. */
  jwks: "/.well-known/jwks.json",
} as const;

/** What the JWTs are for. The browser's Convex tokens have another audience, so neither opens the other's door. */
export const EDITOR_AUDIENCE = "openclaw-api";
/** Days, as the seed has it. */
export const EDITOR_TOKEN_TTL_MS = 7 * 24 * 60 * 60 * 1000;
/** A refresh token that is not used for this long is over. */
export const REFRESH_TOKEN_TTL_MS = 30 * 24 * 60 * 60 * 1000;
/** The bar of the editor is full at the sign-up grant. */
export const EDITOR_BALANCE_CAP_USD = 5;

export const EditorErrorBody = z.object({ error: ErrorBody });

export const EditorSignUp = z.object({ email: Email, password: Password });
export const EditorLogIn = z.object({
  email: Email,
  password: z
    .string()
    .max(256)
    .transform((value) => value.normalize("NFKC")),
});

export const EditorTokens = z.object({
  token: z.string(),
  refresh_token: z.string(),
  user: z.object({ id: z.string(), email: z.string() }),
  balance_usd: z.number(),
  /** The same figure under the name of the seed's redirect. */
  balance: z.number(),
});
export type EditorTokens = z.infer<typeof EditorTokens>;

export const RefreshRequest = z.object({ refresh_token: z.string().min(1).max(2000).optional() });

export const EditorMe = z.object({
  id: z.string(),
  email: z.string(),
  balance_usd: z.number(),
  balance: z.number(),
  /** All that was ever credited. */
  lifetime_usd: z.number(),
  created_at: z.iso.datetime(),
});
export const EditorBalance = z.object({ balance_usd: z.number(), cap_usd: z.number(), currency: z.literal("USD") });

/** Pages are counted from 1. What lies deeper than they reach is in the exports of the CLI and the website. */
export const EditorPageQuery = z
  .object({
    page: z.coerce.number().int().min(1).default(1),
    limit: z.coerce.number().int().min(1).max(100).default(20),
  })
  .refine(({ page, limit }) => (page - 1) * limit <= MAX_HISTORY_OFFSET, {
    path: ["page"],
    message: `pages reach ${MAX_HISTORY_OFFSET} rows deep`,
  });
export type EditorPageQuery = z.infer<typeof EditorPageQuery>;

const paged = <S extends z.ZodType>(item: S) =>
  z.object({ items: z.array(item), total: z.int(), page: z.int(), limit: z.int() });

/** The seed's `usage_log`, and what a call was paid by. Amounts in dollars. */
export const EditorUsage = paged(
  z.object({
    id: z.string(),
    model: z.string(),
    tokens_in: z.int(),
    tokens_cached: z.int(),
    tokens_out: z.int(),
    cost_usd: z.number(),
    endpoint: InferenceEndpoint,
    /** Name of the provisioned key; null for the editor's own calls. */
    key_name: z.string().nullable(),
    usage_source: UsageSource,
    price_version: z.string(),
    created_at: z.iso.datetime(),
  }),
);
export const EditorHistory = paged(
  z.object({
    id: z.string(),
    type: HistoryType,
    /** Negative for what was spent. */
    amount_usd: z.number(),
    balance_after_usd: z.number(),
    description: z.string(),
    created_at: z.iso.datetime(),
  }),
);

/** Schemes of editors that take a URI to an extension: `<scheme>://<publisher>.<extension>/…`. */
export const EDITOR_SCHEMES = [
  "occ-editor",
  "vscode",
  "vscode-insiders",
  "vscodium",
  "code-oss",
  "cursor",
  "windsurf",
] as const;

/** base64url of a SHA-256: RFC 7636, method S256 only. */
const Challenge = z.string().regex(/^[A-Za-z0-9_-]{43}$/, "a code_challenge is base64url of a SHA-256");
/** RFC 7636 section 4.1. */
const Verifier = z.string().regex(/^[A-Za-z0-9._~-]{43,128}$/, "a code_verifier is 43 to 128 unreserved characters");

export const EditorStart = z.object({
  /**
   * Where `code` and `state` go: `<scheme of EDITOR_SCHEMES>://<publisher>.<extension>/…`, https, or http on loopback.
   * Left out: the client polls `exchange`.
   */
  callback: z
    .string()
    .max(500)
    .refine(isCallback, "a callback is an editor's own address, https, or http on loopback")
    .optional(),
  state: z.string().max(200).optional(),
  code_challenge: Challenge,
  code_challenge_method: z.literal("S256").default("S256"),
});

export const EditorStarted = z.object({
  flow: FlowId,
  /** Page to open in a browser. */
  url: z.url(),
  /** To be compared, or typed at `verification_uri` in any browser. */
  user_code: z.string(),
  verification_uri: z.url(),
  verification_uri_complete: z.url(),
  /** Seconds. */
  expires_in: z.int(),
  /** Seconds between two polls. */
  interval: z.int(),
});
export type EditorStarted = z.infer<typeof EditorStarted>;

/** With `code` after a callback or a pasted code; without it a poll. `code_verifier` proves who started the flow. */
export const EditorExchange = z.object({
  flow: FlowId,
  code: z.string().max(200).optional(),
  code_verifier: Verifier,
});

/** True for an address a one-use code may be sent to. It never receives a token. */
export function isCallback(value: string): boolean {
  const url = URL.parse(value);
  if (url === null || url.username !== "" || url.password !== "" || url.hash !== "") return false;
  const scheme = url.protocol.slice(0, -1);
  if (scheme === "https") return true;
  if (scheme === "http")
    return url.hostname === "localhost" || url.hostname === "127.0.0.1" || url.hostname === "[::1]";
  return EDITOR_SCHEMES.some((known) => known === scheme) && /^[a-z0-9][a-z0-9-]*\.[a-z0-9][a-z0-9-]*$/i.test(url.host);
}
