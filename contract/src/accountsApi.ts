import * as z from "zod";
import { Email, Password, User } from "./accounts.ts";
import { Millis } from "./ids.ts";

/**
 * What the website does with an account besides signing in: password, mail, sessions, linked identities, confirming an
 * editor or a terminal. Session cookie, same-origin guard on every non-GET, envelope `{ ok, data | error }`. Every secret
 * of a link travels in the fragment of the page's address (`/reset-password#token=…`) and from there in a body: never in
 * a request's URL.
 */
export const ACCOUNT_PATHS = {
  /** POST `ChangePassword` -> `WebSession`: ends every other session and every editor sign-in; this browser gets a new cookie. */
  webPassword: "/web/password",
  /** POST `ForgotPassword` -> `Accepted`, the same for an address nobody has. 503 `not_configured` without a mail provider. */
  webPasswordForgot: "/web/password/forgot",
  /** POST `ResetPassword` -> `Accepted`; 410 `expired` for a link that was used or is older than an hour. Signs nobody in. */
  webPasswordReset: "/web/password/reset",
  /** POST -> `Accepted`: mails the link to the signed-in user's address. */
  webEmailVerifySend: "/web/email/verify/send",
  /** POST `VerifyEmail` -> `Accepted`. Needs the session of the very account: a link alone proves nothing of who signed up. */
  webEmailVerify: "/web/email/verify",
  /** GET -> `SignInList`: browsers, editors and terminals. Live: the query `sessions:mySignIns`. */
  webSignIns: "/web/sign-ins",
  /** DELETE -> `Accepted`: ends one of them at once. 404 `not_found` for an unknown or foreign id. */
  webSignIn: "/web/sign-ins/{signInId}",
  /** POST -> `WebSession`: ends every browser, editor and terminal, this one too. Keys of programs (`sk-prov-…`) go on. */
  webSignOutEverywhere: "/web/sign-out-everywhere",
  /** POST `LinkIdentity` -> `LinkIdentityResult`: the page then goes to `url`. */
  webIdentities: "/web/identities",
  /** DELETE -> `Accepted`; 409 `conflict` where it is the only way to sign in. */
  webIdentity: "/web/identities/{identityId}",
  /** POST `FlowLookup` -> `EditorFlow`: what asks to be signed in, and from where. 410 `expired`. */
  webEditorFlow: "/web/editor/flow",
  /** POST `FlowDecision` -> `FlowDecided`. */
  webEditorDecide: "/web/editor/decide",
  /** POST `EditorOpen` -> `EditorOpenResult`: the seed's `occ-editor://auth?token=…&balance=…&state=…`. */
  webEditorOpen: "/web/editor/open",
} as const;

/** Pages of the website that the server sends people to; `return_to` is a path of this site. */
export const ACCOUNT_PAGES = {
  signIn: "/sign-in",
  /** `?ref=occ-editor&state=…` goes on to `editorOpen` after sign-up or sign-in. */
  signUp: "/signup",
  /** Fragment `#token=…`. */
  resetPassword: "/reset-password",
  /** Fragment `#token=…`. */
  verifyEmail: "/verify-email",
  security: "/account/security",
  /** `?state=…`: "Open the editor" (the seed's redirect); `?flow=…`: confirm an editor that waits for a code. */
  editorAuthorize: "/editor/authorize",
  /** `?user_code=…`: confirm a terminal or a remote editor. */
  device: "/device",
} as const;

/** Providers a person may sign in with. */
export const OAuthProvider = z.enum(["github", "google"]);
export type OAuthProvider = z.infer<typeof OAuthProvider>;

/**
 * GET `OAUTH_PATHS.start` with `OAuthStartQuery` -> 302 to the provider; GET `…/callback` -> 302 to a page of the website,
 * signed in, or to `/sign-in?error=<SignInProblem>`. 503 `not_configured` where the provider is not.
 */
export const OAUTH_PATHS = {
  start: "/api/v1/auth/{provider}",
  callback: "/api/v1/auth/{provider}/callback",
} as const;

export const OAuthStartQuery = z.object({
  /** Page to end on: a path of this site, `/` by default. Anything else is replaced by `/`. */
  return_to: z.string().max(2000).optional(),
  /** The seed's way from the editor: ends on the "Open the editor" page. */
  ref: z.literal("occ-editor").optional(),
  state: z.string().max(200).optional(),
});

/** Why a sign-in with a provider did not happen: value of `?error=` on the sign-in or the security page. */
export const SignInProblem = z.enum([
  /** The person declined at the provider. */
  "access_denied",
  /** Begun in another browser, or more than ten minutes ago. */
  "expired",
  /** The provider has no verified e-mail of this person. */
  "email_required",
  /** The provider did not answer, or not in its own form. */
  "provider_unreachable",
  /** The identity is linked to another account already. */
  "taken",
  /** Too many attempts from this address. */
  "rate_limited",
  /** The control plane does not answer. */
  "unavailable",
]);
export type SignInProblem = z.infer<typeof SignInProblem>;

/** The act was taken. Says nothing else, so that it can be the same for everyone. */
export const Accepted = z.object({ accepted: z.literal(true) });

/** A 32-byte secret of a mailed link, base64url. */
export const LinkToken = z.string().regex(/^[A-Za-z0-9_-]{43}$/, "that link is not complete: copy it again");

export const ChangePassword = z.object({
  /** Left out by someone who has none yet; their session must then be younger than ten minutes (403 `forbidden`). */
  current_password: z
    .string()
    .max(256)
    .transform((value) => value.normalize("NFKC"))
    .optional(),
  new_password: Password,
});
export const ForgotPassword = z.object({ email: Email });
export const ResetPassword = z.object({ token: LinkToken, password: Password });
export const VerifyEmail = z.object({ token: LinkToken });

/** A browser, an editor or a terminal that is signed in. */
export const SignIn = z.object({
  sign_in_id: z.string(),
  kind: z.enum(["browser", "editor", "terminal"]),
  /** True for the browser that asks. */
  current: z.boolean(),
  /** For people: "Firefox on macOS", "OCC editor", "openclaw-token". */
  device: z.string(),
  /** For people: "Lisbon, PT"; null where the network in front does not say. */
  place: z.string().nullable(),
  ip: z.string().nullable(),
  created_at: Millis,
  /** Brought up to date at most every 15 minutes. */
  last_seen_at: Millis,
  expires_at: Millis.nullable(),
});
export type SignIn = z.infer<typeof SignIn>;
export const SignInList = z.object({ sign_ins: z.array(SignIn) });

/** An account at a provider that signs this person in. */
export const LinkedIdentity = z.object({
  identity_id: z.string(),
  provider: OAuthProvider,
  /** As the provider last told; null where it did not. */
  email: z.string().nullable(),
  linked_at: Millis,
  last_used_at: Millis,
});
export type LinkedIdentity = z.infer<typeof LinkedIdentity>;

export const LinkIdentity = z.object({ provider: OAuthProvider });
export const LinkIdentityResult = z.object({ url: z.url() });

/** Result of the public query `accounts:mine`: who is signed in and how. */
export const MyAccount = z.object({
  user: User,
  name: z.string().nullable(),
  email_verified_at: Millis.nullable(),
  has_password: z.boolean(),
  /** In `ADMIN_EMAILS`, with a verified e-mail. */
  is_admin: z.boolean(),
  identities: z.array(LinkedIdentity),
});
export type MyAccount = z.infer<typeof MyAccount>;

/** What may stand in the list of security events. */
export const AUTH_EVENT_TYPES = [
  "sign_up",
  "sign_in",
  "sign_in_failed",
  "sign_out",
  "sign_in_ended",
  "sign_out_everywhere",
  "password_changed",
  "password_reset_asked",
  "password_reset",
  "email_verified",
  "identity_linked",
  "identity_unlinked",
  "account_claimed",
  "devices_unpaired",
  "editor_connected",
  "terminal_connected",
  "management_key_rotated",
  "refresh_token_reused",
] as const;
export const AuthEventType = z.enum(AUTH_EVENT_TYPES);
export type AuthEventType = z.infer<typeof AuthEventType>;

/**
 * Changes of what opens an account, and outlives a sign-in: its owner is mailed of each. A claim of the account is told by what it
 * comes with, a new password or a new identity.
 */
export const AccountNoticeType = AuthEventType.extract([
  "password_changed",
  "password_reset",
  "identity_linked",
  "identity_unlinked",
  "terminal_connected",
]);
export type AccountNoticeType = z.infer<typeof AccountNoticeType>;

/**
 * Body of `POST /internal/accounts/notice-mail`: one change, to the account's address. The Worker words it, and sends one mail for
 * each event, however often it is asked.
 */
export const AccountNotice = z.object({
  event_id: z.string().min(1).max(64),
  to: Email,
  type: AccountNoticeType,
  /** The provider, where it is about one. */
  provider: OAuthProvider.nullable(),
  /** "Firefox on macOS", and what the Worker knew of where that was. */
  device: z.string().max(200),
  place: z.string().max(200).nullable(),
  ip: z.string().max(100).nullable(),
  at: Millis,
});
export type AccountNotice = z.infer<typeof AccountNotice>;
/** `accepted` is false where this installation sends no mail. */
export const AccountNoticeMailed = z.object({ accepted: z.boolean() });

/** A row of the public, paginated query `authEvents:mine` (`{ paginationOpts }`), newest first. */
export const MyAuthEvent = z.object({
  event_id: z.string(),
  type: AuthEventType,
  device: z.string(),
  place: z.string().nullable(),
  ip: z.string().nullable(),
  /** What it was about: a provider, an editor's name. Never a secret. */
  detail: z.string().nullable(),
  created_at: Millis,
});
export type MyAuthEvent = z.infer<typeof MyAuthEvent>;

/** `XXXX-XXXX`, letters that are neither vowels nor look-alikes; typed in any case, with or without the hyphen. */
export const UserCode = z
  .string()
  .max(20)
  .transform((value) => value.toUpperCase().replaceAll(/[^A-Z]/g, ""))
  .pipe(z.string().regex(/^[BCDFGHJKLMNPQRSTVWXZ]{8}$/, "a code has eight letters"))
  .transform((value) => `${value.slice(0, 4)}-${value.slice(4)}`);

/** Id of a sign-in that waits for its person; stands in addresses, opens nothing by itself. */
export const FlowId = z.string().regex(/^[A-Za-z0-9_-]{22}$/, "that link is not complete: start again in the editor");

/** By the id of a link, or by the code a person typed. */
export const FlowLookup = z.union([z.strictObject({ flow: FlowId }), z.strictObject({ user_code: UserCode })]);

/** What the confirmation page shows. */
export const EditorFlow = z.object({
  flow: FlowId,
  client: z.enum(["editor", "terminal"]),
  /** The same code stands where the person started: they compare. */
  user_code: z.string(),
  /** Where the browser goes after "yes": `host` is shown when `kind` is `web`. Null: the client polls. */
  callback: z.object({ kind: z.enum(["app", "web"]), host: z.string() }).nullable(),
  /** Where it was started from. */
  asked_from: z.object({ device: z.string(), place: z.string().nullable(), ip: z.string().nullable() }),
  created_at: Millis,
  expires_at: Millis,
  state: z.enum(["waiting", "approved", "denied"]),
});
export type EditorFlow = z.infer<typeof EditorFlow>;

export const FlowDecision = z.union([
  z.strictObject({ flow: FlowId, approve: z.boolean() }),
  z.strictObject({ user_code: UserCode, approve: z.boolean() }),
]);
/**
 * Confirmed by its link and with a callback: the page goes to `redirect` (`<callback>?code=…&state=…`), and shows `code`
 * to be copied where that does not open. Otherwise both are null: the client polls.
 */
export const FlowDecided = z.object({ redirect: z.string().nullable(), code: z.string().nullable() });

export const EditorOpen = z.object({ state: z.string().max(200).optional() });
/** `redirect` carries the token, as the seed has it: only to `occ-editor:`, only from a click. Also what is to be copied. */
export const EditorOpenResult = z.object({ redirect: z.string(), token: z.string(), balance_usd: z.number() });
