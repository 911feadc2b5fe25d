import { type HistoryType, LedgerKind } from "@oa/contract";

/** What people read of a ledger row: which of the groups it is in, and what it was for. */

export const HISTORY_TYPE: { readonly [Kind in LedgerKind]: HistoryType } = {
  signup_grant: "grant",
  monthly_grant: "grant",
  promo_grant: "grant",
  grant_expiry: "grant",
  topup: "purchase",
  auto_topup: "auto_topup",
  usage: "usage",
  usage_correction: "usage",
  refund: "refund",
  dispute_debit: "refund",
  dispute_reversal: "refund",
  admin_credit: "adjustment",
  admin_debit: "adjustment",
};

/** Kinds of a group. */
export function kindsOf(type: HistoryType): LedgerKind[] {
  return LedgerKind.options.filter((kind) => HISTORY_TYPE[kind] === type);
}

const TITLE: { readonly [Kind in LedgerKind]: string } = {
  signup_grant: "Welcome credit",
  monthly_grant: "Monthly credit",
  promo_grant: "Promotional credit",
  grant_expiry: "Granted credit that was not used in time",
  topup: "Top-up",
  auto_topup: "Automatic top-up",
  usage: "Model call",
  usage_correction: "Correction of a model call",
  refund: "Refund",
  dispute_debit: "Disputed payment",
  dispute_reversal: "Dispute settled for you",
  admin_credit: "Credit from the operator",
  admin_debit: "Debit by the operator",
};

/** The call a row is of. */
export interface CallFacts {
  model: string;
  input: number;
  output: number;
  /** Name of the key it was made with; null for none. */
  key: string | null;
}

const COUNT = new Intl.NumberFormat("en-US");

/** "gpt-5 · 1,204 in, 310 out · key my-app", "Monthly credit · 2026-11", "Credit from the operator · sorry for the outage". */
export function describeRow(
  row: { kind: LedgerKind; meta?: Record<string, string | number | boolean | null> },
  call: CallFacts | null,
): string {
  if (call !== null) {
    const parts = [call.model, `${COUNT.format(call.input)} in, ${COUNT.format(call.output)} out`];
    if (call.key !== null) parts.push(`key ${call.key}`);
    if (row.kind === "usage_correction") parts.push("corrected");
    return parts.join(" · ");
  }
  const detail = row.meta?.reason ?? row.meta?.period;
  return typeof detail === "string" ? `${TITLE[row.kind]} · ${detail}` : TITLE[row.kind];
}
