import { defineTable } from "convex/server";
import { v } from "convex/values";
import { oauthProvider } from "./accountValidators.ts";

/** What the jobs around the ledger remember: none of these rows is money, and no call waits for them. */
export const creditJobTables = {
  /** How many rows of `usage_events` a user has, as far as the roll-up has come. Written by the roll-up and the pruner. */
  usage_counts: defineTable({
    user_id: v.string(),
    events: v.number(),
  }).index("by_user_id", ["user_id"]),

  /**
   * Up to which row a user's ledger has been proven: their amounts add up to `sum_microusd`, without a gap. Ledger rows are never
   * changed, so a night reads only what has come since. Written by the reconciliation.
   */
  ledger_checkpoints: defineTable({
    user_id: v.string(),
    seq: v.number(),
    sum_microusd: v.number(),
    proven_at: v.number(),
  }).index("by_user_id", ["user_id"]),

  /** One row a run of the nightly reconciliation. Written by it; deleted by the pruner. */
  reconciliation_runs: defineTable({
    state: v.union(v.literal("running"), v.literal("finished")),
    /** Where the next page of accounts starts; null at the beginning. */
    cursor: v.union(v.string(), v.null()),
    accounts: v.number(),
    keys: v.number(),
    violations: v.number(),
    /** The first ones, in words: `<user>: <what does not add up>`. */
    findings: v.array(v.string()),
    started_at: v.number(),
    updated_at: v.number(),
  })
    .index("by_state", ["state"])
    .index("by_started_at", ["started_at"])
    .index("by_updated_at", ["updated_at"]),

  /**
   * One row a user whose OpenClaw runs on credits and who has none left. Written when that is seen; deleted when credit or own
   * keys have come, or the OpenClaw is gone.
   */
  empty_balances: defineTable({
    user_id: v.string(),
    since: v.number(),
    /** When the grace is over and the OpenClaw is suspended. */
    suspend_at: v.number(),
    /** When it is looked at next, whatever happens before. */
    due_at: v.number(),
  })
    .index("by_user_id", ["user_id"])
    .index("by_due_at", ["due_at"]),

  /** Accounts at providers whose person has had the sign-up grant. Written when one is linked; unlinking does not delete it. */
  granted_identities: defineTable({
    provider: oauthProvider,
    subject: v.string(),
    user_id: v.string(),
    created_at: v.number(),
  }).index("by_provider_subject", ["provider", "subject"]),
};
