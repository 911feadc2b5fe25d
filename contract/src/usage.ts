import * as z from "zod";
import { Email } from "./accounts.ts";
import { LedgerKind } from "./credits.ts";
import { CallOutcome, HoldId, InferenceEndpoint, UsageSource } from "./holds.ts";
import { Millis } from "./ids.ts";
import { KeyHash } from "./keys.ts";
import { MicroUsd } from "./money.ts";
import { TokenUsage } from "./pricing.ts";

/** One call that was settled: why someone was charged what they were. */
export const UsageEvent = z.object({
  hold_id: HoldId,
  endpoint: InferenceEndpoint,
  model: z.string(),
  /** Null for a JWT. */
  key: z.object({ hash: KeyHash, name: z.string() }).nullable(),
  usage: TokenUsage,
  usage_source: UsageSource,
  outcome: CallOutcome,
  cost_microusd: MicroUsd,
  held_microusd: MicroUsd,
  price_version: z.string(),
  latency_ms: z.int().nullable(),
  first_byte_ms: z.int().nullable(),
  created_at: Millis,
});
export type UsageEvent = z.infer<typeof UsageEvent>;

export const UsageGroup = z.enum(["day", "model", "key"]);
export type UsageGroup = z.infer<typeof UsageGroup>;
/** UTC, `YYYY-MM-DD`. */
export const UtcDay = z.iso.date();
/** Days one summary may span. */
export const MAX_USAGE_DAYS = 92;

export const UsageSums = z.object({
  requests: z.int().nonnegative(),
  input_tokens: z.int().nonnegative(),
  cached_tokens: z.int().nonnegative(),
  output_tokens: z.int().nonnegative(),
  cost_microusd: MicroUsd,
});
export const UsageItem = UsageSums.extend({
  /** The day, the model's id, or the key's hash (empty for JWTs). */
  group: z.string(),
  /** For people: the key's name; else as `group`. */
  label: z.string(),
});
export const UsageSummary = z.object({
  from: UtcDay,
  to: UtcDay,
  items: z.array(UsageItem),
  total: UsageSums,
  /** There only where calls after this time are not counted yet; else every settled call is. */
  as_of: Millis.optional(),
});
export type UsageSummary = z.infer<typeof UsageSummary>;

/** What a person is told once of each subject, window and level. */
export const AlertKind = z.enum(["low_balance", "key_budget", "suspension", "grant_expiry", "ledger_mismatch"]);
export type AlertKind = z.infer<typeof AlertKind>;
export const CreditAlert = z.object({
  alert_id: z.string(),
  kind: AlertKind,
  /** Percent of a key's budget; null for what has no levels. */
  level: z.int().nullable(),
  /** The key it is about. */
  key_hash: KeyHash.nullable(),
  title: z.string(),
  message: z.string(),
  created_at: Millis,
  /** When its owner put it away. */
  seen_at: Millis.nullable(),
});
export type CreditAlert = z.infer<typeof CreditAlert>;

/** The website's page of balance, usage and keys: where every mail about credits leads. */
export const BILLING_PAGE = "/openclaw/billing";

/**
 * Body of `POST /internal/credits/alert-mail`: one alert to one person. The Worker adds where to go, and sends one mail for each
 * alert and person, however often it is asked.
 */
export const CreditAlertMail = z.object({
  alert_id: z.string().min(1).max(64),
  to: Email,
  subject: z.string().min(1).max(200),
  text: z.string().min(1).max(2000),
});
export type CreditAlertMail = z.infer<typeof CreditAlertMail>;
/** `accepted` is false where this installation sends no mail. */
export const CreditAlertMailed = z.object({ accepted: z.boolean() });

/** Groups of ledger kinds, as the CLI filters by them. */
export const HistoryType = z.enum(["purchase", "usage", "refund", "auto_topup", "grant", "adjustment"]);
export type HistoryType = z.infer<typeof HistoryType>;

export const LedgerEntry = z.object({
  seq: z.int().positive(),
  kind: LedgerKind,
  type: HistoryType,
  amount_microusd: MicroUsd,
  balance_after_microusd: MicroUsd,
  description: z.string(),
  /** The call it is of; null where it is none. */
  hold_id: HoldId.nullable(),
  created_at: Millis,
});
export type LedgerEntry = z.infer<typeof LedgerEntry>;
export const LedgerPage = z.object({ entries: z.array(LedgerEntry), total: z.int().nonnegative() });
/** Rows a listing by offset reaches; beyond it there is the export. */
export const MAX_HISTORY_OFFSET = 10_000;

/** Rows of one page of an export; the Worker asks page by page and streams. */
export const EXPORT_PAGE_ROWS = 500;
/** Query of both exports. Days are UTC, and both are taken in; without them it is everything. */
export const ExportPageQuery = z.object({
  cursor: z.string().min(1).max(1000).optional(),
  from: UtcDay.optional(),
  to: UtcDay.optional(),
});
export type ExportPageQuery = z.infer<typeof ExportPageQuery>;
export const LedgerExportPage = z.object({ entries: z.array(LedgerEntry), cursor: z.string().nullable() });
export const UsageExportPage = z.object({ events: z.array(UsageEvent), cursor: z.string().nullable() });

/** What is told of credits and usage, and administrators' acts; the user in the header. */
export const CREDIT_HISTORY_PATHS = {
  /** GET `?limit=&offset=&type=` -> `LedgerPage`, newest first. */
  creditsHistory: "/control/credits/history",
  /** GET `ExportPageQuery` -> `LedgerExportPage`, oldest first; a null cursor ends it. */
  creditsExport: "/control/credits/export",
  /** POST `AdjustCredits` -> `LedgerPosting`; `not_found`, `insufficient_credits`. */
  creditsAdjust: "/control/credits/adjust",
  /** POST `FreezeCredits` -> `Done`; `not_found`. */
  creditsFreeze: "/control/credits/freeze",
  /** GET `?group=&from=&to=`, both days named -> `UsageSummary`. */
  usageSummary: "/control/usage/summary",
  /**
   * GET `ExportPageQuery` (and `key`, a hash) -> `UsageExportPage`, oldest first; `UsageOffset`, with either of its fields -> `UsageOffsetPage`,
   * newest first, for the editor's list.
   */
  usageEvents: "/control/usage/events",
  /** POST `AlertSeen` -> `Done`; `not_found`. */
  alertSeen: "/control/credits/alert-seen",
} as const;

/** `/control/credits/*`, `/control/usage/*`, `/control/inference/*`; the user in the header. */
export const CREDIT_CONTROL_PATHS = {
  /** POST `BatchRequest` -> `BatchResult`. */
  creditsBatch: "/control/credits/batch",
  /** GET -> `CreditStanding`. */
  creditsStanding: "/control/credits/standing",
  ...CREDIT_HISTORY_PATHS,
  /** GET -> `{ models: ModelPrice[] }`: every model there is a price for. No user. */
  inferenceModels: "/control/inference/models",
} as const;

/** What clients show of an account. */
export const CreditStanding = z.object({
  status: z.enum(["active", "frozen", "closed"]),
  posted_microusd: MicroUsd,
  held_microusd: MicroUsd,
  available_microusd: MicroUsd,
  lifetime_credit_microusd: MicroUsd,
  lifetime_debit_microusd: MicroUsd,
  /** Living provisioned keys. */
  keys_count: z.int().nonnegative(),
});
export type CreditStanding = z.infer<typeof CreditStanding>;

/** Whether someone has to be told of their balance, by the line that the operator has drawn. Holds do not count: they are not spent yet. */
export const BalanceLevel = z.enum(["enough", "low", "empty"]);
export type BalanceLevel = z.infer<typeof BalanceLevel>;

/** The account as its owner sees it live (`billing:myStanding`), with how many calls are under way. */
export const AccountStanding = CreditStanding.omit({ keys_count: true }).extend({
  open_holds: z.int().nonnegative(),
  balance_level: BalanceLevel,
});
export type AccountStanding = z.infer<typeof AccountStanding>;

/** The act of the audit log that both the Worker, before it, and Convex, with it, write a line of: its owner reads one. */
const ActId = z.string().min(8).max(64);
/** An administrator's own posting; the reason is kept with the row and shown to its owner. */
export const AdjustCredits = z.object({
  act_id: ActId,
  amount_microusd: z.int().min(-10_000_000_000).max(10_000_000_000),
  reason: z.string().min(3).max(200),
  actor: z.string().min(1).max(160),
  idempotency_key: z.string().min(8).max(200),
});
export const FreezeCredits = z.object({
  act_id: ActId,
  frozen: z.boolean(),
  reason: z.string().min(3).max(200),
  actor: z.string().max(160),
});
export const AlertSeen = z.object({ alert_id: z.string().max(64) });
export const UsageOffset = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  offset: z.coerce.number().int().min(0).max(MAX_HISTORY_OFFSET).default(0),
});
export const UsageOffsetPage = z.object({ events: z.array(UsageEvent), total: z.int().nonnegative() });
