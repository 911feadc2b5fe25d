import type { TableNames } from "../_generated/dataModel.js";

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

/** How long the rows of a table are kept, and by whom they are deleted. */
export type Retention =
  /** Never deleted. */
  | { kind: "permanent"; why: string }
  /** Deleted by its writers as part of what they do; never more than a fixed number of rows for each instance. */
  | { kind: "owned"; why: string }
  /** Deleted by the pruner `keepMs` after the time its index is ordered by. */
  | { kind: "ephemeral"; keepMs: number; why: string };

/**
 * Every table, once: a table that is not here does not compile, and a test holds it against the schema and the pruners.
 */
export const RETENTION: { readonly [Table in TableNames]: Retention } = {
  openclaw_instances: {
    kind: "permanent",
    why: "one row a user; emptied, not deleted, so that generations go on counting",
  },
  instance_steps: { kind: "owned", why: "replaced by the next claim; 8 rows an instance" },
  instance_observations: { kind: "owned", why: "deleted by the next claim and the deletion; 1 row an instance" },
  instance_drives: { kind: "owned", why: "deleted with the instance; 1 row an instance" },
  credit_ledger: { kind: "permanent", why: "money: the sum of these rows is the balance" },
  credit_accounts: { kind: "permanent", why: "money: the running totals of the ledger" },
  credit_holds: {
    kind: "ephemeral",
    keepMs: 90 * DAY_MS,
    why: "a late settlement finds its hold; then the ledger tells",
  },
  forgone_holds: { kind: "ephemeral", keepMs: DAY_MS, why: "an authorize is late by seconds, if it comes at all" },
  key_spend_windows: {
    kind: "ephemeral",
    keepMs: 2 * DAY_MS,
    why: "a window that has passed bounds nothing; `all` stays",
  },
  provisioned_keys: { kind: "permanent", why: "a revoked key is known as such, and its usage keeps its name" },
  usage_events: { kind: "ephemeral", keepMs: 400 * DAY_MS, why: "why someone was charged, for a year and a margin" },
  usage_daily: { kind: "permanent", why: "sums of usage: one row a day for each key and model" },
  job_cursors: { kind: "owned", why: "one row a job" },
  credit_grants: { kind: "permanent", why: "money: which credit lapses, and when" },
  credit_alerts: { kind: "ephemeral", keepMs: 400 * DAY_MS, why: "told once; kept as long as the year it was told in" },
  usage_counts: { kind: "permanent", why: "how many calls a user's list has; one row a user" },
  ledger_checkpoints: { kind: "permanent", why: "how far a ledger has been proven; one row a user" },
  reconciliation_runs: {
    kind: "ephemeral",
    keepMs: 400 * DAY_MS,
    why: "evidence that the books were right, for as long as the audit log",
  },
  empty_balances: { kind: "owned", why: "deleted when credit arrives; one row a user" },
  granted_identities: { kind: "permanent", why: "the sign-up grant is given once to a person, whatever they unlink" },
  users: { kind: "permanent", why: "the account itself" },
  identities: {
    kind: "owned",
    why: "deleted by unlinking and by a claim; one for each of a person's accounts elsewhere",
  },
  sessions: { kind: "ephemeral", keepMs: 0, why: "useless once expired" },
  refresh_families: { kind: "ephemeral", keepMs: 0, why: "useless once no token of theirs can be used" },
  refresh_tokens: { kind: "ephemeral", keepMs: 0, why: "a used one is recognised as long as it could have been good" },
  management_keys: { kind: "owned", why: "deleted by sign-out and by the eleventh sign-in; ten rows a user" },
  auth_tickets: { kind: "ephemeral", keepMs: 0, why: "deleted by use; useless once expired" },
  sign_in_flows: { kind: "ephemeral", keepMs: HOUR_MS, why: "a client that polls late is told that its time is over" },
  auth_events: { kind: "ephemeral", keepMs: 400 * DAY_MS, why: "a year of history, and a margin to look into it" },
  audit_log: { kind: "ephemeral", keepMs: 400 * DAY_MS, why: "a year of history, and a margin to look into it" },
  secret_rotations: {
    kind: "ephemeral",
    keepMs: 400 * DAY_MS,
    why: "evidence of a rotation, for as long as the audit log",
  },
};

/** Routine lines of the audit log: several for every minute an instance runs. */
export const ROUTINE_AUDIT_KEEP_MS = 30 * DAY_MS;

/** Rows one pruner deletes in one run: far below what a transaction may write. */
export const PRUNE_ROWS = 200;
