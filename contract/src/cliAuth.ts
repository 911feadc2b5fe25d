import * as z from "zod";
import { Email } from "./accounts.ts";
import type { ErrorCode } from "./errors.ts";

/**
 * Accounts for the CLI, each path under `/` and under `/v1`. Success `{ data }`, errors `{ error: { code, message } }` with the
 * codes of `CLI_CODES`; on the OAuth paths the fields stand at the top level too, errors have the form of `OAuthError`.
 * Management keys (`Authorization: Bearer sk-mgmt-…`) are shown once. Each sign-in of a CLI has one; ten at most, the
 * eleventh ends the oldest. Times are ISO-8601.
 */
export const CLI_AUTH_PATHS = {
  /** POST `CliCredentials` -> 201 `{ management_key, email, created_at }`; 400 INVALID_INPUT, 409 EMAIL_EXISTS. */
  register: "/auth/register",
  /** POST `CliLogIn` -> `{ management_key, email, last_login }`; 401 INVALID_CREDENTIALS. */
  logIn: "/auth/login",
  /** GET, key -> `CliMe`. */
  me: "/auth/me",
  /** POST, key -> `{ management_key, email, rotated_at }`; the old key is dead at once. */
  rotate: "/auth/rotate",
  /** POST, key -> `{ revoked: true }`. */
  logOut: "/auth/logout",
  /** POST `{}` -> `DeviceCode`: our own device flow (RFC 8628), confirmed on the website's `/device`. */
  deviceCode: "/auth/device/code",
  /** POST `DeviceTokenRequest` -> `{ access_token: <management key>, token_type, management_key, email, user_id }`. */
  deviceToken: "/auth/device/token",
  /** POST `{ client_id? }` -> `DeviceCode`: GitHub's device flow, run by the server. 502 GITHUB_UNAVAILABLE. */
  githubDeviceCode: "/oauth/device/code",
  /** POST `DeviceTokenRequest` -> `{ access_token, token_type }`: a token of ours for `userInfo`, never GitHub's. */
  githubDeviceToken: "/oauth/device/token",
  /** GET with that token, once -> `CliUserInfo`. 401 UNAUTHORIZED. */
  userInfo: "/oauth/userinfo",
} as const;

/** What a management key begins with. */
export const MANAGEMENT_KEY_PREFIX = "sk-mgmt-";

/** The rule of the reference server: 8 to 128 characters with an upper-case letter and a digit. */
export const CliPassword = z
  .string()
  .min(8, "use at least 8 characters")
  .max(128, "use at most 128 characters")
  .regex(/\p{Lu}/u, "use at least one upper-case letter")
  .regex(/\d/, "use at least one digit")
  .transform((value) => value.normalize("NFKC"));

export const CliCredentials = z.object({ email: Email, password: CliPassword });
export const CliLogIn = z.object({
  email: Email,
  password: z
    .string()
    .min(1, "is missing")
    .max(256)
    .transform((value) => value.normalize("NFKC")),
});

export const CliRegistered = z.object({
  management_key: z.string(),
  email: z.string(),
  user_id: z.string(),
  created_at: z.iso.datetime(),
});
export const CliLoggedIn = z.object({
  management_key: z.string(),
  email: z.string(),
  user_id: z.string(),
  last_login: z.iso.datetime(),
});
export const CliRotated = z.object({ management_key: z.string(), email: z.string(), rotated_at: z.iso.datetime() });
export const CliMe = z.object({
  user_id: z.string(),
  email: z.string(),
  plan: z.string(),
  /** Dollars left to spend. */
  credits_remaining: z.number(),
  /** Provisioned keys that are not revoked. */
  keys_count: z.int().nonnegative(),
  created_at: z.iso.datetime(),
});
export const CliLoggedOut = z.object({ revoked: z.literal(true) });

export const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";

/** RFC 8628 section 3.2. Times in seconds. */
export const DeviceCode = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.url(),
  verification_uri_complete: z.url().optional(),
  expires_in: z.int(),
  interval: z.int(),
});
export const DeviceTokenRequest = z.object({
  device_code: z.string().min(1).max(200),
  grant_type: z.literal(DEVICE_GRANT).default(DEVICE_GRANT),
  client_id: z.string().max(200).optional(),
});
export const CliDeviceToken = z.object({
  access_token: z.string(),
  token_type: z.literal("bearer"),
  management_key: z.string(),
  email: z.string(),
  user_id: z.string(),
});
export const GithubDeviceToken = z.object({ access_token: z.string(), token_type: z.literal("bearer") });
export const CliUserInfo = z.object({
  management_key: z.string(),
  email: z.string(),
  user_id: z.string(),
  name: z.string().nullable(),
  avatar_url: z.string().nullable(),
  /** True where the sign-in met an account that was there already. */
  merged: z.boolean(),
});

/** Errors of a flow that is polled: RFC 8628 section 3.5, RFC 6749 section 5.2, and GitHub's names. All answer 400. */
export const OAUTH_ERRORS = [
  "authorization_pending",
  "slow_down",
  "access_denied",
  "expired_token",
  "bad_device_code",
  "invalid_grant",
  "invalid_request",
  "unsupported_grant_type",
  "device_flow_disabled",
] as const;
export const OAuthErrorCode = z.enum(OAUTH_ERRORS);
export type OAuthErrorCode = z.infer<typeof OAuthErrorCode>;

/** A superset of both forms clients read: `error` is the name, `code` and `message` say the same for the CLI. */
export const OAuthError = z.object({
  error: z.string(),
  error_description: z.string(),
  /** Seconds to wait between polls from now on. */
  interval: z.int().optional(),
  code: z.string(),
  message: z.string(),
});

/** The CLI's name of each code; where it is not here, the code in upper case. */
const CLI_NAMES: { readonly [Code in ErrorCode]?: string } = {
  invalid_request: "INVALID_INPUT",
  unprocessable: "INVALID_INPUT",
  taken: "EMAIL_EXISTS",
  internal: "INTERNAL_ERROR",
  provider_unreachable: "GITHUB_UNAVAILABLE",
  provider_error: "GITHUB_ERROR",
};

/** What the CLI calls an error. */
export function cliCode(code: ErrorCode): string {
  return CLI_NAMES[code] ?? code.toUpperCase();
}

export const CliErrorBody = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
