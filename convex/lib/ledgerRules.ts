import type { LedgerKind } from "@oa/contract";
import { formatUsd, microUsd } from "@oa/contract";
import { apiError } from "./errors.ts";

/**
 * The rules of one posting, pure. A ledger row moves a user's totals by a signed integer of micro-USD; which sign a kind
 * may have, and whether it may take the balance below zero, stands here and nowhere else.
 */
interface KindRule {
  sign: "credit" | "debit" | "either";
  /** False: refused where the available balance does not cover it. True: the money is gone already (a refund, a dispute). */
  mayOverdraw: boolean;
}

export const LEDGER_RULES: { readonly [Kind in LedgerKind]: KindRule } = {
  signup_grant: { sign: "credit", mayOverdraw: false },
  monthly_grant: { sign: "credit", mayOverdraw: false },
  topup: { sign: "credit", mayOverdraw: false },
  auto_topup: { sign: "credit", mayOverdraw: false },
  promo_grant: { sign: "credit", mayOverdraw: false },
  admin_credit: { sign: "credit", mayOverdraw: false },
  dispute_reversal: { sign: "credit", mayOverdraw: false },
  usage: { sign: "debit", mayOverdraw: false },
  admin_debit: { sign: "debit", mayOverdraw: false },
  grant_expiry: { sign: "debit", mayOverdraw: false },
  refund: { sign: "debit", mayOverdraw: true },
  dispute_debit: { sign: "debit", mayOverdraw: true },
  usage_correction: { sign: "either", mayOverdraw: true },
};

/**
 * A user's totals. Invariants: `posted` = sum of all rows, `seq` = their number, `held` = sum of the open holds and never
 * negative, `open_holds` = their number.
 */
export interface AccountTotals {
  posted_microusd: number;
  held_microusd: number;
  open_holds: number;
  status: "active" | "frozen" | "closed";
  /** What was charged without being held, in all: beyond a hold, or after its end. */
  overrun_microusd: number;
  lifetime_credit_microusd: number;
  lifetime_debit_microusd: number;
  seq: number;
  /** Null: rows were posted before they were counted, and nobody has counted those yet. */
  rows_by_kind: Readonly<Record<string, number>> | null;
}

/** A stored account: what came with the holds is missing in rows from before. */
type StoredAccount = Pick<
  AccountTotals,
  "posted_microusd" | "held_microusd" | "lifetime_credit_microusd" | "lifetime_debit_microusd" | "seq"
> & {
  [Name in "open_holds" | "status" | "overrun_microusd"]?: AccountTotals[Name];
} & { rows_by_kind?: Record<string, number> };

export const EMPTY_ACCOUNT: AccountTotals = {
  posted_microusd: 0,
  held_microusd: 0,
  open_holds: 0,
  status: "active",
  overrun_microusd: 0,
  lifetime_credit_microusd: 0,
  lifetime_debit_microusd: 0,
  seq: 0,
  rows_by_kind: {},
};

/** The totals of a stored account, whatever version wrote it; of none, nothing. */
export function totalsOf(row: StoredAccount | null): AccountTotals {
  if (row === null) return EMPTY_ACCOUNT;
  return {
    posted_microusd: row.posted_microusd,
    held_microusd: row.held_microusd,
    open_holds: row.open_holds ?? 0,
    status: row.status ?? "active",
    overrun_microusd: row.overrun_microusd ?? 0,
    lifetime_credit_microusd: row.lifetime_credit_microusd,
    lifetime_debit_microusd: row.lifetime_debit_microusd,
    seq: row.seq,
    rows_by_kind: row.rows_by_kind ?? (row.seq === 0 ? {} : null),
  };
}

/** Totals as they are stored: kinds that are not counted are left out, so that they are seen to be missing. */
export function storedTotals(totals: AccountTotals) {
  const { rows_by_kind, ...fields } = totals;
  return rows_by_kind === null ? fields : { ...fields, rows_by_kind: { ...rows_by_kind } };
}

/** What is left to spend; negative after a refund or an overrun that the balance did not cover. */
export function availableOf(totals: Pick<AccountTotals, "posted_microusd" | "held_microusd">): number {
  return totals.posted_microusd - totals.held_microusd;
}

/**
 * The totals after a posting. Refuses with `invalid_request` an amount that is zero, not an integer, past what can be
 * counted exactly, or of the wrong sign; with `account_frozen` a use while spending is stopped; with `insufficient_credits` a debit the available balance does not cover, unless it
 * is `incurred`: what it is for has been delivered.
 */
export function afterPosting(
  account: AccountTotals,
  kind: LedgerKind,
  amount: number,
  incurred = false,
): AccountTotals {
  const rule = LEDGER_RULES[kind];
  const posted = account.posted_microusd + amount;
  if (!Number.isSafeInteger(amount) || !Number.isSafeInteger(posted)) {
    throw apiError(
      "invalid_request",
      "An amount is a whole number of micro-dollars within what can be counted exactly.",
    );
  }
  if (amount === 0)
    throw apiError("invalid_request", "An amount of nothing, or of less than a micro-dollar, cannot be posted.");
  if (rule.sign !== "either" && amount > 0 !== (rule.sign === "credit")) {
    throw apiError("invalid_request", `A ${kind} is a ${rule.sign}: its amount has the other sign.`);
  }
  if (kind === "usage" && !incurred && account.status !== "active") {
    throw apiError(
      "account_frozen",
      "Spending from this account is stopped. Ask the operator of this installation why.",
    );
  }
  const available = availableOf(account);
  if (amount < 0 && !rule.mayOverdraw && !incurred && available + amount < 0) {
    throw apiError(
      "insufficient_credits",
      `There are insufficient credits: ${formatUsd(microUsd(-amount))} is needed and ${formatUsd(microUsd(available))} is available. Top up to continue.`,
      { required_microusd: -amount, available_microusd: available },
    );
  }
  const counted = account.rows_by_kind;
  return {
    ...account,
    posted_microusd: posted,
    lifetime_credit_microusd: account.lifetime_credit_microusd + Math.max(0, amount),
    lifetime_debit_microusd: account.lifetime_debit_microusd + Math.max(0, -amount),
    seq: account.seq + 1,
    rows_by_kind: counted === null ? null : { ...counted, [kind]: (counted[kind] ?? 0) + 1 },
  };
}
