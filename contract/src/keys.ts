import * as z from "zod";
import { InstanceId, Millis, UserId } from "./ids.ts";
import { MicroUsd } from "./money.ts";

/**
 * Provisioned keys, `sk-prov-…`: what programs spend credits with. The secret is shown once; stored is its SHA-256. `hash` is the
 * key's public, random name, which never changes, whatever secret it has.
 */
export const PROVISIONED_KEY_PREFIX = "sk-prov-";
/** Keys of one user that are not revoked. */
export const MAX_PROVISIONED_KEYS = 100;

export const KeyHash = z.string().regex(/^[0-9a-f]{16}$/, "a key's hash is 16 hexadecimal digits");
export type KeyHash = z.infer<typeof KeyHash>;
export const SecretHash = z.string().regex(/^[0-9a-f]{64}$/);
/** The beginning of the secret, by which people know it. */
const KeyPrefix = z.string().max(24);

/** UTC: midnight, Monday, the first. Null: the limit is for the key's whole life. */
export const LimitReset = z.enum(["daily", "weekly", "monthly"]);
export type LimitReset = z.infer<typeof LimitReset>;
export const KeyName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$/,
    "a name is 1 to 100 letters, digits, spaces, dots, underscores or hyphens",
  );

/** What a key may spend; 0: nothing, null: whatever the balance has. At most $1,000,000. */
const CreditLimit = z.int().min(0).max(1_000_000_000_000);

/** A key as its owner sees it. */
export const ProvisionedKey = z.object({
  hash: KeyHash,
  name: z.string(),
  prefix: z.string(),
  /** Of the hosted OpenClaw: made, rotated and ended with it; null for a person's own. */
  instance_id: InstanceId.nullable(),
  credit_limit_microusd: MicroUsd.nullable(),
  limit_reset: LimitReset.nullable(),
  disabled: z.boolean(),
  created_at: Millis,
  last_used_at: Millis.nullable(),
  expires_at: Millis.nullable(),
  rotated_at: Millis.nullable(),
  revoked_at: Millis.nullable(),
  /** Spent in all, and in the day, ISO week and month (UTC) that were the present ones on `usage_day`. */
  usage_microusd: MicroUsd,
  usage_daily_microusd: MicroUsd,
  usage_weekly_microusd: MicroUsd,
  usage_monthly_microusd: MicroUsd,
  /** UTC, `YYYY-MM-DD`. A row that is read live moves with calls only, and may be of a day before. */
  usage_day: z.iso.date(),
  /** In open holds. */
  held_microusd: MicroUsd,
  requests_count: z.int().nonnegative(),
  /** When the limit's window begins anew; null without one. */
  resets_at: Millis.nullable(),
});
export type ProvisionedKey = z.infer<typeof ProvisionedKey>;

export const KeyModelUsage = z.object({
  model: z.string(),
  requests: z.int().nonnegative(),
  /** Input and output. */
  tokens: z.int().nonnegative(),
  cost_microusd: MicroUsd,
});
export const ProvisionedKeyInfo = ProvisionedKey.extend({ model_usage: z.array(KeyModelUsage) });
export type ProvisionedKeyInfo = z.infer<typeof ProvisionedKeyInfo>;

/** `/control/keys/*`; the user of each in the header. Unknown and foreign hashes answer alike: `not_found`. */
export const KEY_CONTROL_PATHS = {
  /** GET `?include_revoked=true` -> `KeyList`; POST `CreateKey` -> `KeyAnswer`; `taken` where a living key has the name. */
  keys: "/control/keys",
  /** GET `?hash=` -> `{ key: ProvisionedKeyInfo }`; POST `UpdateKey` -> `KeyAnswer`; DELETE `KeyAct` -> `KeyAnswer`, `expired` where it was revoked. */
  key: "/control/keys/key",
  /** POST `RotateProvisionedKey` -> `KeyAnswer`. */
  keyRotate: "/control/keys/rotate",
  /** POST `{ secret_hash }` -> `KeyStanding`: whose key it is; no user in the header. */
  keyResolve: "/control/keys/resolve",
  /** POST `InstanceKey` -> `KeyAnswer`: the hosted OpenClaw's key has this secret from now on. Asking again changes nothing. */
  keyInstance: "/control/keys/instance",
} as const;

export const CreateKey = z.object({
  hash: KeyHash,
  secret_hash: SecretHash,
  prefix: KeyPrefix,
  name: KeyName,
  credit_limit_microusd: CreditLimit.nullable(),
  limit_reset: LimitReset.nullable(),
  expires_at: Millis.nullable(),
});
/** Fields left out stay; at least one must be there. */
export const UpdateKey = z.object({
  hash: KeyHash,
  name: KeyName.optional(),
  credit_limit_microusd: CreditLimit.nullable().optional(),
  limit_reset: LimitReset.nullable().optional(),
  disabled: z.boolean().optional(),
  expires_at: Millis.nullable().optional(),
});
export const KeyAct = z.object({ hash: KeyHash });
/** The secret of before stays good for the grace; 24 h at most. */
export const MAX_KEY_GRACE_S = 86_400;
export const RotateProvisionedKey = z.object({
  hash: KeyHash,
  next_hash: SecretHash,
  next_prefix: KeyPrefix,
  grace_s: z.int().min(0).max(MAX_KEY_GRACE_S),
});
export const InstanceKey = z.object({
  instance_id: InstanceId,
  /** Of a new key; kept from the first time on. */
  hash: KeyHash,
  secret_hash: SecretHash,
  prefix: KeyPrefix,
});
export const ResolveKey = z.object({ secret_hash: SecretHash });

export const KeyAnswer = z.object({ key: ProvisionedKey });
export const KeyInfoAnswer = z.object({ key: ProvisionedKeyInfo });
export const KeyList = z.object({ keys: z.array(ProvisionedKey) });
/** Null: nobody's, and never was. Ended keys are told apart, so that their holders learn why. */
export const KeyStanding = z.object({
  key: z
    .object({
      hash: KeyHash,
      user_id: UserId,
      instance_id: InstanceId.nullable(),
      state: z.enum(["active", "revoked", "disabled", "expired"]),
    })
    .nullable(),
});
export type KeyStanding = z.infer<typeof KeyStanding>;
