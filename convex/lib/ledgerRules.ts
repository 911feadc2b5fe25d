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

/** A user's totals. Invariants: `posted` = sum of all rows, `seq` = their number, 0 <= `held`. */
export interface AccountTotals {
  posted_microusd: number;
  held_microusd: number;
  lifetime_credit_microusd: number;
  lifetime_debit_microusd: number;
  seq: number;
}

export const EMPTY_ACCOUNT: AccountTotals = {
  posted_microusd: 0,
  held_microusd: 0,
  lifetime_credit_microusd: 0,
  lifetime_debit_microusd: 0,
  seq: 0,
};

/**
 * The totals after a posting. Refuses with `invalid_request` an amount that is zero, not an integer, past what can be
 * counted exactly, or of the wrong sign; with `conflict` a debit the available balance (posted - held) does not cover.
 */
export function afterPosting(account: AccountTotals, kind: LedgerKind, amount: number): AccountTotals {
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
  const available = account.posted_microusd - account.held_microusd;
  if (amount < 0 && !rule.mayOverdraw && available + amount < 0) {
    throw apiError(
      "conflict",
      `Insufficient credits: ${formatUsd(microUsd(-amount))} is needed and ${formatUsd(microUsd(available))} is available. Top up to continue.`,
      { required_microusd: -amount, available_microusd: available },
    );
  }
  return {
    posted_microusd: posted,
    held_microusd: account.held_microusd,
    lifetime_credit_microusd: account.lifetime_credit_microusd + Math.max(0, amount),
    lifetime_debit_microusd: account.lifetime_debit_microusd + Math.max(0, -amount),
    seq: account.seq + 1,
  };
}
