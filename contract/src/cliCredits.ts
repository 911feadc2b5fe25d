import * as z from "zod";
import { ListedModel } from "./inference.ts";
import { microOfUsd, usdOfMicro } from "./money.ts";
import { KeyHash, KeyName, LimitReset, MAX_KEY_GRACE_S } from "./keys.ts";
import { HistoryType, MAX_HISTORY_OFFSET, UsageGroup, UtcDay } from "./usage.ts";

/**
 * Credits and provisioned keys for the CLI, each path under `/` and under `/v1`: `Authorization: Bearer sk-mgmt-…`, success `{ data }`,
 * errors `{ error: { code, message } }`. Amounts are dollars, with `*_microusd` twins; times are ISO-8601.
 */
export const CLI_CREDIT_PATHS = {
  /** GET -> `CliCredits`. */
  credits: "/credits",
  /** GET `CliHistoryQuery` -> `CliHistory`, newest first. */
  history: "/credits/history",
  /** GET `CliExportQuery` -> a file, streamed: the ledger, oldest first. */
  export: "/credits/export",
  /** GET `CliUsageQuery` -> `CliUsage`. */
  usage: "/usage",
  /** GET `CliExportQuery` -> a file, streamed: every call, oldest first. */
  usageExport: "/usage/export",
  /** GET `?include_revoked=true` -> `CliKeyList`; POST `CliCreateKey` -> 201 `CliKeyCreated`; 409 KEY_NAME_EXISTS. */
  keys: "/keys",
  /** GET -> `CliKeyInfo`; PATCH (410 KEY_REVOKED) `CliUpdateKey` -> `CliKey`; DELETE -> `CliKeyRevoked`; 404 KEY_NOT_FOUND, 410 KEY_ALREADY_REVOKED. */
  key: "/keys/{hash}",
  /** POST `CliRotateKey` -> `CliKeyCreated` with `rotated_at`; 410 KEY_REVOKED. */
  keyRotate: "/keys/{hash}/rotate",
  /** GET with the `sk-prov-…` key itself -> `CliKeyInfo`: what a program can learn of its own key. */
  self: "/key",
} as const;

const Usd = z.number();
const MicroUsdNumber = z.int();
const Iso = z.iso.datetime();

export const CliCredits = z.object({
  /** All that was ever credited. */
  total_credits: Usd,
  total_usage: Usd,
  /** What is left to spend, holds taken off. */
  remaining: Usd,
  held: Usd,
  available: Usd,
  balance: Usd,
  total_credits_microusd: MicroUsdNumber,
  total_usage_microusd: MicroUsdNumber,
  held_microusd: MicroUsdNumber,
  available_microusd: MicroUsdNumber,
  balance_microusd: MicroUsdNumber,
  status: z.enum(["active", "frozen", "closed"]),
});

export const CliHistoryQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  offset: z.coerce.number().int().min(0).max(MAX_HISTORY_OFFSET).default(0),
  type: HistoryType.optional(),
});
export const CliHistory = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      type: HistoryType,
      kind: z.string(),
      amount: Usd,
      amount_microusd: MicroUsdNumber,
      balance_after: Usd,
      description: z.string(),
      created_at: Iso,
    }),
  ),
  total: z.int(),
  limit: z.int(),
  offset: z.int(),
  has_more: z.boolean(),
});

/** Days are UTC, and both are taken in. */
const inOrder = ({ from, to }: { from?: string | undefined; to?: string | undefined }) =>
  from === undefined || to === undefined || from <= to;
const OUT_OF_ORDER = { path: ["from"], message: "is a later day than `to`" };

/** Without days: everything. */
export const CliExportQuery = z
  .object({ format: z.enum(["csv", "jsonl"]).default("csv"), from: UtcDay.optional(), to: UtcDay.optional() })
  .refine(inOrder, OUT_OF_ORDER);
export type CliExportQuery = z.infer<typeof CliExportQuery>;

/** Without days: the last thirty, today's too. At most `MAX_USAGE_DAYS`. */
export const CliUsageQuery = z
  .object({ group: UsageGroup.default("day"), from: UtcDay.optional(), to: UtcDay.optional() })
  .refine(inOrder, OUT_OF_ORDER);
const CliUsageSums = z.object({
  requests: z.int(),
  input_tokens: z.int(),
  cached_tokens: z.int(),
  output_tokens: z.int(),
  cost: Usd,
  cost_microusd: MicroUsdNumber,
});
export const CliUsage = z.object({
  from: UtcDay,
  to: UtcDay,
  group: UsageGroup,
  items: z.array(CliUsageSums.extend({ group: z.string(), label: z.string() })),
  total: CliUsageSums,
});

/** Dollars; at most six decimals count. 0: may spend nothing. */
const LimitUsd = z.number().min(0).max(1_000_000);
/** A time, or a day: its midnight, UTC. Must lie ahead. */
const ExpiresAt = z.union([Iso, z.iso.datetime({ offset: true }), z.iso.date()]);

export const CliCreateKey = z.strictObject({
  name: KeyName,
  credit_limit: LimitUsd.nullable().optional(),
  limit_reset: LimitReset.nullable().optional(),
  expires_at: ExpiresAt.nullable().optional(),
});
export type CliCreateKey = z.infer<typeof CliCreateKey>;
/** Fields left out stay; null takes a limit, its reset or an end away. */
export const CliUpdateKey = z
  .strictObject({
    name: KeyName.optional(),
    credit_limit: LimitUsd.nullable().optional(),
    limit_reset: LimitReset.nullable().optional(),
    disabled: z.boolean().optional(),
    expires_at: ExpiresAt.nullable().optional(),
  })
  .refine((change) => Object.keys(change).length > 0, "say what to change");
export type CliUpdateKey = z.infer<typeof CliUpdateKey>;
export const CliRotateKey = z.strictObject({ grace_seconds: z.int().min(0).max(MAX_KEY_GRACE_S).default(0) });

export const CliKey = z.object({
  hash: KeyHash,
  name: z.string(),
  prefix: z.string(),
  credit_limit: Usd.nullable(),
  limit_reset: LimitReset.nullable(),
  usage: Usd,
  usage_microusd: MicroUsdNumber,
  held: Usd,
  disabled: z.boolean(),
  /** Of the hosted OpenClaw; null for a person's own. */
  instance_id: z.string().nullable(),
  created_at: Iso,
  last_used_at: Iso.nullable(),
  expires_at: Iso.nullable(),
  revoked_at: Iso.nullable(),
  resets_at: Iso.nullable(),
});
/** The secret, this once. */
export const CliKeyCreated = CliKey.extend({ key: z.string(), rotated_at: Iso.nullable() });
export const CliKeyList = z.object({ items: z.array(CliKey), total: z.int() });
export const CliKeyInfo = CliKey.extend({
  usage_daily: Usd,
  usage_weekly: Usd,
  usage_monthly: Usd,
  requests_count: z.int(),
  model_usage: z.array(z.object({ model: z.string(), requests: z.int(), tokens: z.int(), cost: Usd })),
});
export const CliKeyRevoked = z.object({ hash: KeyHash, name: z.string(), revoked: z.literal(true), revoked_at: Iso });

/** The website's twins (session cookie, envelope, amounts as in `keys.ts`); lists are live queries `provisionedKeys:myKeys`, `provisionedKeys:myKey`. */
export const WEB_CREDIT_PATHS = {
  /** POST `CliCreateKey` -> 201 `WebKeySecret`. */
  webKeys: "/web/keys",
  /** POST `CliUpdateKey` -> `KeyAnswer`; DELETE -> `KeyAnswer`. */
  webKey: "/web/keys/{hash}",
  /** POST `CliRotateKey` -> `WebKeySecret`. */
  webKeyRotate: "/web/keys/{hash}/rotate",
  /** GET -> `WebModels`. */
  webModels: "/web/models",
  /** GET `CliExportQuery` -> a file. */
  webLedgerExport: "/web/credits/export",
  /** GET `CliExportQuery` -> a file. */
  webUsageExport: "/web/usage/export",
  /** POST -> `Accepted`: puts an alert away. */
  webAlertSeen: "/web/alerts/{alertId}/seen",
  /** POST `AdminAdjust` -> `LedgerPosting`; administrators. The same idempotency key posts once. */
  adminAdjust: "/web/admin/users/{userId}/credits",
  /** POST `AdminFreeze` -> `Accepted`; administrators. */
  adminFreeze: "/web/admin/users/{userId}/freeze",
} as const;

/** What keys can call here: none where no model endpoint is configured. */
export const WebModels = z.object({
  models: z.array(ListedModel),
  /** One that answers a chat, to try a key with; null where none is offered. */
  example: z.string().nullable(),
});
export type WebModels = z.infer<typeof WebModels>;

export const AdminAdjust = z.object({
  /** Dollars, positive or negative; at most six decimals. */
  amount_usd: z
    .number()
    .min(-10_000)
    .max(10_000)
    .refine((usd) => usd !== 0 && usdOfMicro(microOfUsd(usd)) === usd, "is 0, or has more than six decimals"),
  reason: z.string().min(3).max(200),
  idempotency_key: z.string().min(8).max(100),
});
export const AdminFreeze = z.object({ frozen: z.boolean(), reason: z.string().min(3).max(200) });
export const WebKeySecret = z.object({ hash: KeyHash, name: z.string(), key: z.string() });
