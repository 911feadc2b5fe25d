import * as z from "zod";
import { Email, Password, User } from "./accounts.ts";
import { OAuthProvider } from "./accountsApi.ts";
import { Millis } from "./ids.ts";
import { DesiredState, InstanceSummary } from "./instance.ts";

/** The public door's own paths. `{…}` are parameters; each segment fits `PathId`. */
export const API_PATHS = {
  health: "/healthz",
  openapi: "/openapi.json",
  docs: "/docs",
  index: "/api/openclaw",
  instance: "/api/openclaw/instance",
  runtimeStatus: "/api/openclaw/runtime/status",
  runtimeDevices: "/api/openclaw/runtime/devices",
  runtimeDevice: "/api/openclaw/runtime/devices/{deviceId}",
  deviceApprove: "/api/openclaw/runtime/devices/{requestId}/approve",
  deviceReject: "/api/openclaw/runtime/devices/{requestId}/reject",
  runtimeBackup: "/api/openclaw/runtime/backup",
  runtimeBackups: "/api/openclaw/runtime/backups",
  runtimeRestore: "/api/openclaw/runtime/restore",
  runtimeRestart: "/api/openclaw/runtime/restart",
  runtimeLogs: "/api/openclaw/runtime/logs",
  /** GET: the runtime's log stream, passed on; ends by itself after a while, to be opened again. */
  runtimeLogsStream: "/api/openclaw/runtime/logs/stream",
  /** POST: shows the gateway's address and token to its owner; audited. */
  runtimeConnect: "/api/openclaw/runtime/connect",
  /** GET, PUT `ProviderKeyChange`, DELETE (`?provider=` for one) -> `ProviderKeyList`. */
  providerKeys: "/api/openclaw/provider-keys",
  /** POST: a new key for the hosted OpenClaw's model calls; the old one works for ten more minutes. */
  inferenceKeyRotate: "/api/openclaw/inference-key/rotate",
  billingSummary: "/api/openclaw/billing/summary",
  reconcile: "/internal/openclaw/reconcile",
  /** POST `RuntimeEvent`, fleet key. */
  events: "/internal/openclaw/events",
  /** POST `CreditAlertMail` -> `CreditAlertMailed`, internal key. */
  creditAlertMail: "/internal/credits/alert-mail",
  /** POST `AccountNotice` -> `AccountNoticeMailed`, internal key. */
  accountNoticeMail: "/internal/accounts/notice-mail",
  webConfig: "/web/config",
  webSignUp: "/web/sign-up",
  webSignIn: "/web/sign-in",
  webSignOut: "/web/sign-out",
  webSession: "/web/session",
  webConvexToken: "/web/convex-token",
} as const;

/** Body of POST `/api/openclaw/instance`; empty means `running`. Deleting has its own verb, DELETE. */
export const InstanceWish = z.object({ desired: DesiredState.exclude(["deleted"]).default("running") });

/** GET: null where the user has none. */
export const InstanceRead = z.object({ instance: InstanceSummary.nullable() });
/** POST and DELETE answer 202: the work goes on, `instance.steps` and `status` tell how far. */
export const InstanceAccepted = z.object({ instance: InstanceSummary });

/** What came from a runtime, with the time it was true. */
export function observed<S extends z.ZodType>(data: S) {
  return z.object({ observed_at: Millis, data });
}

export const WebCredentials = z.object({ email: Email, password: Password });
/** Sign-in takes any password: one that is too short is simply wrong. */
export const WebSignIn = z.object({
  email: Email,
  password: z
    .string()
    .max(256)
    .transform((value) => value.normalize("NFKC")),
});

export const WebSession = z.object({ user: User.nullable() });
export type WebSession = z.infer<typeof WebSession>;

/** A short ES256 token for the browser's own connection to Convex. */
export const ConvexToken = z.object({ token: z.string(), expires_at: Millis });

/** What the page must know before anyone has signed in. */
export const WebConfig = z.object({
  /** Convex deployment the browser connects to for live data. */
  convex_url: z.url(),
  /** Names of doubles this installation runs instead of real services; the page says so. */
  doubles: z.array(z.enum(["stripe", "github", "google", "mail", "upstream"])),
  /** Providers a person can sign in with here; their buttons are absent otherwise. */
  sign_in_with: z.array(OAuthProvider),
  /** Whether this installation can send mail: without it no password is reset and no e-mail verified. */
  mail: z.boolean(),
  /** Whether model calls are answered here: without it keys open nothing, and credits buy nothing. */
  inference: z.boolean(),
  /** Where a local stack shows the mail it did not send; null elsewhere. */
  outbox_url: z.url().nullable(),
});
export type WebConfig = z.infer<typeof WebConfig>;

/** Name of the session cookie: the `__Host-` form over https, the plain one on http loopback. */
export const SESSION_COOKIE = "__Host-sid";
export const SESSION_COOKIE_LOOPBACK = "sid";

/** GET `/healthz`: which parts behind the Worker answer right now. 503 `not_configured` where variables are missing. */
export const HealthReport = z.object({
  /** `degraded`: the Worker runs, and a part named below does not answer. */
  status: z.enum(["ok", "degraded"]),
  parts: z.array(
    z.object({
      name: z.enum(["control", "fleet"]),
      ok: z.boolean(),
      /** Milliseconds until it answered, or until it was given up on. */
      ms: z.int().nonnegative(),
    }),
  ),
});
export type HealthReport = z.infer<typeof HealthReport>;
