import type { LedgerKind } from "@oa/contract/credits";
import { formatUsd, type MicroUsd } from "@oa/contract/money";

/** What each kind of ledger row is called. */
export const LEDGER_TITLES: Readonly<Record<LedgerKind, string>> = {
  signup_grant: "Welcome credits",
  monthly_grant: "Monthly credits",
  topup: "Top-up",
  auto_topup: "Automatic top-up",
  promo_grant: "Promotional credits",
  admin_credit: "Credit from support",
  dispute_reversal: "Dispute decided for you",
  usage: "Usage",
  refund: "Refund",
  dispute_debit: "Disputed payment",
  grant_expiry: "Unused credits expired",
  admin_debit: "Correction by support",
  usage_correction: "Usage correction",
};

/** With its sign in front, also for credits: "+$5.00", "-$0.0042", "$0.00". */
export function signedUsd(amount: MicroUsd): string {
  return amount > 0 ? `+${formatUsd(amount)}` : formatUsd(amount);
}
