import { defineTable } from "convex/server";
import { v } from "convex/values";
import {
  accountStatus,
  alertMailState,
  alertKind,
  callOutcome,
  holdState,
  inferenceEndpoint,
  limitReset,
  modelPrice,
  tokenUsage,
  usageSource,
} from "./creditValidators.ts";
import { ledgerKind, ledgerMeta } from "./validators.ts";

/**
 * The tables of money: who writes their rows and who deletes them. Amounts are integer micro-USD (`_microusd`). Every operation
 * on a hold moves the hold, the account, the key's windows and the ledger in one mutation (`model/holds.ts`).
 */
export const creditTables = {
  /** Append-only: rows are inserted by `postLedger` and never changed. */
  credit_ledger: defineTable({
    user_id: v.string(),
    kind: ledgerKind,
    /** The seed's field, derived: `amount_microusd` / 1,000,000. Nothing computes with it. */
    amount_usd: v.number(),
    /** Positive for credits, negative for debits. */
    amount_microusd: v.number(),
    /** 1, 2, 3 … per user, without gaps. */
    seq: v.number(),
    balance_after_microusd: v.number(),
    /** Unique per user: the same key posts once. */
    idempotency_key: v.string(),
    meta: v.optional(ledgerMeta),
    /** The call a `usage` or `usage_correction` is of. */
    hold_id: v.optional(v.string()),
    key_id: v.optional(v.string()),
    created_at: v.number(),
  })
    .index("by_user_id", ["user_id"])
    .index("by_user_id_created_at", ["user_id", "created_at"])
    .index("by_user_id_kind", ["user_id", "kind"])
    .index("by_user_id_seq", ["user_id", "seq"])
    .index("by_user_id_idempotency_key", ["user_id", "idempotency_key"]),

  /** The running totals of a user's ledger, written in the same mutation as the row; a balance read is this document. */
  credit_accounts: defineTable({
    user_id: v.string(),
    posted_microusd: v.number(),
    held_microusd: v.number(),
    lifetime_credit_microusd: v.number(),
    lifetime_debit_microusd: v.number(),
    /** `seq` of the newest ledger row. */
    seq: v.number(),
    /** The fields below are missing in rows from before there were holds: `migrations.ts` fills them in. */
    open_holds: v.optional(v.number()),
    /** Frozen: nothing can be spent. */
    status: v.optional(accountStatus),
    /** What was charged without being held: beyond a hold (an upstream that disregards `max_tokens`), or after its end. */
    overrun_microusd: v.optional(v.number()),
    /** Rows of each kind, so that a filtered listing knows its length. */
    rows_by_kind: v.optional(v.record(v.string(), v.number())),
    updated_at: v.number(),
  }).index("by_user_id", ["user_id"]),

  /**
   * What is set aside for a model call under way. Written by `authorize`; ended once, by settle, void or expiry; deleted by the
   * pruner long after.
   */
  credit_holds: defineTable({
    /** Random, the Worker's. */
    hold_id: v.string(),
    user_id: v.string(),
    key_id: v.union(v.string(), v.null()),
    /** The windows of the key it counts in, fixed when it was taken: midnight moves no call. */
    windows: v.array(v.string()),
    endpoint: inferenceEndpoint,
    model: v.string(),
    /** As it was then: a call is charged by the price it was let through with. */
    price: modelPrice,
    input_tokens: v.number(),
    max_output_tokens: v.number(),
    choices: v.number(),
    amount_microusd: v.number(),
    state: holdState,
    /** Output tokens a long stream has told of. */
    progress_tokens: v.number(),
    expires_at: v.number(),
    /** What was charged in all; missing while open. */
    settled_microusd: v.optional(v.number()),
    reason: v.optional(v.string()),
    created_at: v.number(),
    closed_at: v.optional(v.number()),
    /** When its end was put right by a settlement that came after it. */
    corrected_at: v.optional(v.number()),
  })
    .index("by_hold_id", ["hold_id"])
    .index("by_state_expires_at", ["state", "expires_at"])
    .index("by_user_id_state", ["user_id", "state"])
    .index("by_closed_at", ["closed_at"]),

  /**
   * Holds that were given up before they were taken: their authorize was lost on its way, and may still arrive. Written by void;
   * deleted by the pruner.
   */
  forgone_holds: defineTable({
    hold_id: v.string(),
    created_at: v.number(),
  })
    .index("by_hold_id", ["hold_id"])
    .index("by_created_at", ["created_at"]),

  /** What a key has spent and holds in one window: `all`, `d:2026-11-21`, `w:2026-W47`, `m:2026-11`. Written with the hold. */
  key_spend_windows: defineTable({
    key_id: v.string(),
    window: v.string(),
    posted_microusd: v.number(),
    held_microusd: v.number(),
    requests: v.number(),
    /** When a window that has passed may be deleted; missing for `all`. */
    ends_at: v.optional(v.number()),
  })
    .index("by_key_id_window", ["key_id", "window"])
    .index("by_ends_at", ["ends_at"]),

  /** `sk-prov-…` keys. Never deleted: a revoked key is told apart from one that never was, and its usage keeps its name. */
  provisioned_keys: defineTable({
    /** The public `hash`. */
    key_id: v.string(),
    user_id: v.string(),
    name: v.string(),
    secret_hash: v.string(),
    prefix: v.string(),
    /** The secret of before a rotation, while its grace lasts. */
    previous_secret_hash: v.optional(v.string()),
    previous_until: v.optional(v.number()),
    /** Of the hosted OpenClaw. */
    instance_id: v.optional(v.string()),
    credit_limit_microusd: v.union(v.number(), v.null()),
    limit_reset: v.union(limitReset, v.null()),
    disabled: v.boolean(),
    created_at: v.number(),
    last_used_at: v.optional(v.number()),
    expires_at: v.optional(v.number()),
    rotated_at: v.optional(v.number()),
    revoked_at: v.optional(v.number()),
  })
    .index("by_key_id", ["key_id"])
    .index("by_secret_hash", ["secret_hash"])
    .index("by_previous_secret_hash", ["previous_secret_hash"])
    .index("by_instance_id", ["instance_id", "revoked_at"])
    /** Living keys have no `revoked_at`: they come first. */
    .index("by_user_id_revoked_at", ["user_id", "revoked_at"]),

  /** One row a settled call. Written by settle and by expiry; deleted by the pruner after its retention. */
  usage_events: defineTable({
    hold_id: v.string(),
    user_id: v.string(),
    key_id: v.union(v.string(), v.null()),
    endpoint: inferenceEndpoint,
    model: v.string(),
    usage: tokenUsage,
    usage_source: usageSource,
    outcome: callOutcome,
    cost_microusd: v.number(),
    held_microusd: v.number(),
    price_version: v.string(),
    upstream_cost_usd: v.optional(v.number()),
    latency_ms: v.union(v.number(), v.null()),
    first_byte_ms: v.union(v.number(), v.null()),
    /** UTC day (`YYYY-MM-DD`) its hold was taken on: the day its key's windows count it in, whenever it was settled. */
    day: v.string(),
    created_at: v.number(),
  })
    .index("by_hold_id", ["hold_id"])
    .index("by_user_id_created_at", ["user_id", "created_at"])
    .index("by_key_id_created_at", ["key_id", "created_at"])
    .index("by_created_at", ["created_at"]),

  /** Sums of a day (UTC), one row for each user, key and model. Written by the roll-up alone, from `usage_events`. */
  usage_daily: defineTable({
    user_id: v.string(),
    /** Empty for calls with a JWT. */
    key_id: v.string(),
    model: v.string(),
    /** `YYYY-MM-DD`. */
    day: v.string(),
    requests: v.number(),
    input_tokens: v.number(),
    cached_tokens: v.number(),
    output_tokens: v.number(),
    cost_microusd: v.number(),
  })
    .index("by_user_id_day", ["user_id", "day", "key_id", "model"])
    .index("by_key_id_day", ["key_id", "day"]),

  /** How far a job over an append-only table has come; one row a job. */
  job_cursors: defineTable({
    name: v.string(),
    /** `_creationTime` of the last row it has taken. */
    position: v.number(),
    updated_at: v.number(),
  }).index("by_name", ["name"]),

  /** Granted credit and when it lapses. Written with the grant's ledger row; `expired_at` by the daily expiry. */
  credit_grants: defineTable({
    user_id: v.string(),
    kind: ledgerKind,
    amount_microusd: v.number(),
    /** The account's lifetime debit when it was granted: what was spent since is taken from grants first. */
    debit_baseline_microusd: v.number(),
    /** Smaller is spent first. */
    priority: v.number(),
    /** Missing: it never lapses. */
    expires_at: v.optional(v.number()),
    expired_at: v.optional(v.number()),
    /** What was taken back then, and the account's lifetime debit just before: that debit was no spending. */
    lapse: v.optional(v.object({ amount_microusd: v.number(), at_debit_microusd: v.number() })),
    created_at: v.number(),
  })
    .index("by_user_id", ["user_id", "expires_at"])
    .index("by_expired_at_expires_at", ["expired_at", "expires_at"]),

  /** What a person is told once of a subject, window and level. Written by the alert job; deleted by the pruner. */
  credit_alerts: defineTable({
    user_id: v.string(),
    kind: alertKind,
    /** With kind and user: one alert, ever. A key and its window and level, a day, an instance. */
    subject: v.string(),
    level: v.union(v.number(), v.null()),
    key_id: v.union(v.string(), v.null()),
    title: v.string(),
    message: v.string(),
    created_at: v.number(),
    seen_at: v.optional(v.number()),
    /** What became of its mail; `none`: there was nobody to send it to, or nothing to send it with. Missing: to be sent. */
    mail: v.optional(alertMailState),
    mail_attempts: v.number(),
    /** When the next attempt is due while it is to be sent. */
    mail_due_at: v.number(),
  })
    .index("by_user_id_created_at", ["user_id", "created_at"])
    .index("by_user_id_kind_subject", ["user_id", "kind", "subject"])
    .index("by_kind_created_at", ["kind", "created_at"])
    .index("by_mail_due_at", ["mail", "mail_due_at"])
    .index("by_created_at", ["created_at"]),
};
