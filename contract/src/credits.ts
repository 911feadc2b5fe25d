import * as z from "zod";
import { Millis, UserId } from "./ids.ts";
import { MicroUsd } from "./money.ts";

/**
 * Kinds of ledger rows. Credits are positive, debits negative; the sign is checked against this list.
 */
export const CREDIT_KINDS = [
  "signup_grant",
  "monthly_grant",
  "topup",
  "auto_topup",
  "promo_grant",
  "admin_credit",
  "dispute_reversal",
] as const;
export const DEBIT_KINDS = ["usage", "refund", "dispute_debit", "grant_expiry", "admin_debit"] as const;
export const LedgerKind = z.enum([...CREDIT_KINDS, ...DEBIT_KINDS, "usage_correction"]);
export type LedgerKind = z.infer<typeof LedgerKind>;

/** What a new user gets once, in micro-USD: $5.00. */
export const SIGNUP_GRANT_MICROUSD = MicroUsd.parse(5_000_000);

/** `GET …/billing/summary`. `balance` is what was posted, `available` what is left after open holds. */
export const BillingSummary = z.object({
  user_id: UserId,
  balance_usd: z.number(),
  balance_microusd: MicroUsd,
  held_usd: z.number(),
  available_usd: z.number(),
});
export type BillingSummary = z.infer<typeof BillingSummary>;

export const GrantMonthlyRequest = z.object({
  user_id: UserId,
  /** UTC month the grant is for; a second grant for the same month changes nothing. */
  period: z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, "a period is YYYY-MM"),
  amount_usd: z.number().positive().max(10_000),
});

export const BurnRequest = z.object({
  user_id: UserId,
  amount_usd: z.number().positive().max(10_000),
  /** Chosen by the caller, unique per user: the same key burns once. */
  idempotency_key: z.string().min(8).max(200),
  meta: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
});

/** A posted (or already posted) ledger row. */
export const LedgerPosting = z.object({
  user_id: UserId,
  kind: LedgerKind,
  amount_usd: z.number(),
  amount_microusd: MicroUsd,
  balance_after_microusd: MicroUsd,
  created_at: Millis,
  /** True when the idempotency key had been used before: nothing was posted now. */
  replayed: z.boolean(),
});
export type LedgerPosting = z.infer<typeof LedgerPosting>;
