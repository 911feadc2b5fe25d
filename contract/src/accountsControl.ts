import * as z from "zod";
import { Email, SessionStart, User } from "./accounts.ts";
import { EditorFlow, FlowId, OAuthProvider, UserCode } from "./accountsApi.ts";
import { UserId } from "./ids.ts";

/**
 * `/control/accounts/*` beyond sign-up and sessions (`accounts.ts`): how the Worker, which makes secrets and checks
 * passwords, asks Convex, which stores hashes and keeps the rules. Whatever is called a hash here is SHA-256 in hex of a
 * secret with 256 random bits.
 */
export const ACCOUNT_CONTROL_PATHS = {
  /** POST `LimitsRequest` -> `LimitsResult`: counts an attempt against each, before any work is done for it. */
  accountLimits: "/control/accounts/limits",
  /** POST `RegisterRequest` -> `AccessGranted`; `taken`. */
  accountRegister: "/control/accounts/register",
  /** POST `OpenAccessRequest` -> `AccessGranted`; `conflict`, `expired` where its ground is gone. */
  accountAccess: "/control/accounts/access",
  /** POST `FailedSignIn` -> `Done`. */
  accountSignInFailed: "/control/accounts/sign-in-failed",

  /** POST `SetPasswordRequest` -> `SessionResult`; `conflict`, `expired`. */
  accountPassword: "/control/accounts/password",
  /** POST `ResetStart` -> `{ user: User | null }`: null for an e-mail nobody has. */
  accountResetStart: "/control/accounts/reset/start",
  /** POST `ResetFinish` -> `{ user: User }`; `expired`. */
  accountReset: "/control/accounts/reset",
  /** POST `VerifyStart` -> `{ user: User, verified: boolean }`: true, and no ticket, where it is verified already. */
  accountVerifyStart: "/control/accounts/verify/start",
  /** POST `VerifyFinish` -> `Done`; `expired`. */
  accountVerify: "/control/accounts/verify",

  /** POST `SignInsRequest` -> `SignInList`. */
  accountSignIns: "/control/accounts/sign-ins",
  /** DELETE `EndSignIn` -> `Done`; `not_found`. */
  accountSignIn: "/control/accounts/sign-in",
  /** POST `OfClient` -> `Done`. */
  accountSignOutEverywhere: "/control/accounts/sign-out-everywhere",

  /** POST `OAuthStart` -> `Done`. */
  oauthStart: "/control/accounts/oauth/start",
  /** POST `OAuthTake` -> `OAuthTaken`: once. */
  oauthTake: "/control/accounts/oauth/take",
  /** POST `OAuthSignIn` -> `OAuthOutcome`; `expired` where the session that links has ended. */
  oauthSignIn: "/control/accounts/oauth/sign-in",
  /** DELETE `UnlinkIdentity` -> `Done`; `not_found`, `conflict`. */
  oauthIdentity: "/control/accounts/oauth/identity",

  /** POST `RotateRefresh` -> `RefreshOutcome`. */
  refreshRotate: "/control/accounts/refresh",
  /** POST `FamilyRequest` -> `Standing`; DELETE -> `Done`. */
  refreshFamily: "/control/accounts/refresh/family",

  /** POST `FlowStart` -> `Done`; `conflict` where the code is in use. */
  flowStart: "/control/accounts/flow/start",
  /** POST `FlowBy` -> `{ flow: EditorFlow | null }`. */
  flowLook: "/control/accounts/flow/look",
  /** POST `FlowDecide` -> `FlowDecideResult`; `expired`. */
  flowDecide: "/control/accounts/flow/decide",
  /** POST `FlowTake` -> `FlowTaken`: once. */
  flowTake: "/control/accounts/flow/take",

  /** POST `KeyRequest` -> `KeyOwner`; DELETE -> `Done`. */
  managementKey: "/control/accounts/management-key",
  /** POST `RotateKey` -> `AccessGranted`; `not_found`. */
  managementKeyRotate: "/control/accounts/management-key/rotate",

  /** POST `GithubDeviceStart` -> `Done`. */
  githubDeviceStart: "/control/accounts/github-device/start",
  /** POST `GithubDevicePoll` -> `GithubDevicePolled`. */
  githubDevicePoll: "/control/accounts/github-device/poll",
  /** POST `GithubDeviceFinish` -> `OAuthOutcome`. */
  githubDeviceFinish: "/control/accounts/github-device/finish",
  /** DELETE `GithubDevicePoll` -> `Done`: declined or expired at GitHub. */
  githubDevice: "/control/accounts/github-device",
  /** POST `UserInfoTake` -> `UserInfoTaken`: once. */
  userInfoTake: "/control/accounts/userinfo",
} as const;

const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const PasswordHash = z.string().min(20).max(400);
/** The answer of what only succeeds. */
export const Done = z.object({ done: z.literal(true) });

/** Where a request came from, as the Worker saw it: never what a client says of itself, but for its user agent. */
export const ClientInfo = z.object({
  ip: z.string().max(64).nullable(),
  user_agent: z.string().max(400).nullable(),
  place: z.string().max(120).nullable(),
});
export type ClientInfo = z.infer<typeof ClientInfo>;

/** What is limited; the numbers stand in `convex/lib/limits.ts`. */
export const LIMIT_NAMES = [
  "sign_in_ip",
  "sign_in_email",
  "sign_up_ip",
  "reset_ip",
  "reset_email",
  "verify_user",
  "password_user",
  "link_use_ip",
  "oauth_start_ip",
  "flow_start_ip",
  "device_start_ip",
  "flow_poll_ip",
  "user_code_user",
  "editor_open_user",
  "refresh_ip",
  "refresh_family",
  "key_rotate_user",
  "provisioned_key_user",
  "export_user",
  "inference_user",
  "inference_key",
] as const;
export const LimitName = z.enum(LIMIT_NAMES);
export type LimitName = z.infer<typeof LimitName>;

/** One attempt: `key` is an address, or a hash of an e-mail. */
export const LimitCheck = z.object({ name: LimitName, key: z.string().min(1).max(128) });
export type LimitCheck = z.infer<typeof LimitCheck>;
export const LimitsRequest = z.object({ checks: z.array(LimitCheck).min(1).max(4) });
/** Refused attempts are not counted. */
export const LimitsResult = z.union([
  z.object({ allowed: z.literal(true) }),
  z.object({ allowed: z.literal(false), retry_after_ms: z.int().positive() }),
]);

/** What opens an account from now on. */
export const Access = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("browser"), session_hash: Hash }),
  z.object({ kind: z.literal("editor"), token_hash: Hash }),
  z.object({ kind: z.literal("terminal"), key_hash: Hash, key_prefix: z.string().max(20) }),
]);
export type Access = z.infer<typeof Access>;

export const AccessGranted = z.object({
  user: User,
  token_version: z.int().nonnegative(),
  /** The sign-in that was opened: a session, a family of refresh tokens, or a management key. */
  sign_in_id: z.string(),
  /** What was posted. */
  balance_usd: z.number(),
  /** What is left after open holds. */
  available_usd: z.number(),
  /** All that was ever credited. */
  lifetime_usd: z.number(),
});
export type AccessGranted = z.infer<typeof AccessGranted>;

export const RegisterRequest = z.object({
  email: Email,
  password_hash: PasswordHash,
  access: Access,
  client: ClientInfo,
});

/**
 * On what a new way in stands. It is looked at again in the transaction that opens it: a password that was changed, or a session
 * that was ended, while the request was on its way opens nothing any more.
 */
export const Ground = z.discriminatedUnion("kind", [
  /** The hash the Worker has checked the password against, and what takes its place when its parameters have risen. */
  z.object({ kind: z.literal("password"), proven_hash: PasswordHash, rehash: PasswordHash.optional() }),
  /** The session of the browser that asks. */
  z.object({ kind: z.literal("session"), session_hash: Hash }),
]);
export type Ground = z.infer<typeof Ground>;

export const OpenAccessRequest = z.object({
  user_id: UserId,
  access: Access,
  client: ClientInfo,
  ground: Ground,
});
export const FailedSignIn = z.object({ user_id: UserId, client: ClientInfo });

export const SetPasswordRequest = z.object({
  user_id: UserId,
  password_hash: PasswordHash,
  /** The hash the Worker has checked the old password against; null where there was none. `conflict` if it changed since. */
  replaces: PasswordHash.nullable(),
  /** Hash of the session that asks, which must stand; `session` is the one that takes its place. */
  asked_by: Hash,
  session: SessionStart,
});
export const ResetStart = z.object({ email: Email, ticket_hash: Hash, client: ClientInfo });
export const ResetFinish = z.object({ ticket_hash: Hash, password_hash: PasswordHash, client: ClientInfo });
export const VerifyStart = z.object({ user_id: UserId, ticket_hash: Hash });
export const VerifyFinish = z.object({ user_id: UserId, ticket_hash: Hash, client: ClientInfo });
export const MaybeUser = z.object({ user: User.nullable() });
export const VerifyStarted = z.object({ user: User, verified: z.boolean() });

export const SignInsRequest = z.object({ user_id: UserId, session_hash: Hash });
export const EndSignIn = z.object({ user_id: UserId, sign_in_id: z.string().max(64), client: ClientInfo });
export const OfClient = z.object({ user_id: UserId, client: ClientInfo });

export const OAuthStart = z.object({
  provider: OAuthProvider,
  state_hash: Hash,
  /** Hash of the secret in the browser's own cookie: the callback must come from the browser that started. */
  binding_hash: Hash,
  return_to: z.string().max(2000),
  link_user_id: UserId.nullable(),
});
export const OAuthTake = z.object({ state_hash: Hash });
export const OAuthTaken = z.object({
  ticket: z
    .object({
      provider: OAuthProvider,
      binding_hash: Hash,
      return_to: z.string(),
      link_user_id: UserId.nullable(),
    })
    .nullable(),
});

/** A person as a provider knows them. `email` only where the provider has verified it. */
export const ProviderPerson = z.object({
  provider: OAuthProvider,
  /** The provider's own id, which never changes; never the e-mail. */
  subject: z.string().min(1).max(255),
  email: Email.nullable(),
  name: z.string().max(200).nullable(),
  avatar_url: z.url().max(500).nullable(),
});
export type ProviderPerson = z.infer<typeof ProviderPerson>;
export const OAuthSignIn = z.object({
  person: ProviderPerson,
  client: ClientInfo,
  /** Null when an identity is linked to someone who is signed in. */
  access: Access.nullable(),
  /** Who is to be linked, and the hash of their session, which must stand. */
  link: z.object({ user_id: UserId, asked_by: Hash }).nullable(),
});
export const OAuthOutcome = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("signed_in"), user: User, created: z.boolean() }),
  z.object({ outcome: z.literal("linked") }),
  z.object({ outcome: z.literal("email_required") }),
  z.object({ outcome: z.literal("taken") }),
]);
export type OAuthOutcome = z.infer<typeof OAuthOutcome>;
export const UnlinkIdentity = z.object({ user_id: UserId, identity_id: z.string().max(64), client: ClientInfo });

export const RotateRefresh = z.object({ token_hash: Hash, next_hash: Hash, client: ClientInfo });
export const RefreshOutcome = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("rotated"), access: AccessGranted }),
  /** Unknown, expired, ended, or a reuse that has just ended the sign-in: the client need not know which. */
  z.object({ outcome: z.literal("refused") }),
  z.object({ outcome: z.literal("limited"), retry_after_ms: z.int().positive() }),
]);
export const FamilyRequest = z.object({ user_id: UserId, family_id: z.string().max(64) });
/** Null: the sign-in has ended, or the user's tokens have been called in. */
export const Standing = z.object({ access: AccessGranted.nullable() });

export const FlowStart = z.object({
  flow: FlowId,
  kind: z.enum(["editor", "terminal"]),
  user_code: UserCode,
  code_challenge: z.string().length(43),
  callback: z.string().max(500).nullable(),
  state: z.string().max(200).nullable(),
  client: ClientInfo,
});
export const FlowBy = z.union([z.object({ flow: FlowId }), z.object({ user_code: UserCode })]);
export const FlowLooked = z.object({ flow: EditorFlow.nullable() });
export const FlowDecide = z.object({
  user_id: UserId,
  /** Hash of the session that decides, which must stand. */
  asked_by: Hash,
  by: FlowBy,
  approve: z.boolean(),
  /** Of the one-use code that goes to the callback. */
  code_hash: Hash,
});
/** `callback` is set where the flow was confirmed by its link and has one: the code works there, and nothing is polled. */
export const FlowDecideResult = z.object({ callback: z.string().nullable(), state: z.string().nullable() });
export const FlowTake = z.object({
  flow: FlowId,
  kind: z.enum(["editor", "terminal"]),
  /** S256 of the verifier the client has shown. */
  code_challenge: z.string().length(43),
  /** Null: a poll. */
  code_hash: Hash.nullable(),
  access: Access,
  client: ClientInfo,
});
export const FlowTaken = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("granted"), access: AccessGranted }),
  z.object({ outcome: z.literal("pending") }),
  z.object({ outcome: z.literal("slow_down"), interval_s: z.int() }),
  z.object({ outcome: z.literal("denied") }),
  z.object({ outcome: z.literal("expired") }),
  /** Unknown flow, wrong verifier, wrong or used code. */
  z.object({ outcome: z.literal("bad") }),
]);

export const KeyRequest = z.object({ key_hash: Hash });
export const KeyOwner = z.object({ access: AccessGranted.nullable() });
export const RotateKey = z.object({
  key_hash: Hash,
  next_hash: Hash,
  next_prefix: z.string().max(20),
  client: ClientInfo,
});

export const GithubDeviceStart = z.object({
  ticket_hash: Hash,
  /** GitHub's device code, encrypted under a key that only our own device code gives. */
  sealed_code: z.string().max(1000),
  interval_s: z.int().min(1).max(60),
  expires_in_s: z.int().min(1).max(3600),
});
export const GithubDevicePoll = z.object({ ticket_hash: Hash });
export const GithubDevicePolled = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("ask"), sealed_code: z.string() }),
  z.object({ outcome: z.literal("slow_down"), interval_s: z.int() }),
  z.object({ outcome: z.literal("expired") }),
  z.object({ outcome: z.literal("bad") }),
]);
export const GithubDeviceFinish = z.object({
  ticket_hash: Hash,
  /** Of the token that `userInfoTake` asks for. */
  grant_hash: Hash,
  person: ProviderPerson,
  client: ClientInfo,
});
export const UserInfoTake = z.object({
  grant_hash: Hash,
  access: Access,
  client: ClientInfo,
});
export const UserInfoTaken = z.object({
  info: z
    .object({
      access: AccessGranted,
      name: z.string().nullable(),
      avatar_url: z.string().nullable(),
      merged: z.boolean(),
    })
    .nullable(),
});
