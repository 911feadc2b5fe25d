import * as z from "zod";

/**
 * Money is an integer number of micro-US-dollars (1 USD = 1,000,000), negative for debits.
 * The wire also carries dollars as numbers (`balance_usd`, `amount_usd`), always derived from these.
 */
export const MicroUsd = z.int().brand<"MicroUsd">();
export type MicroUsd = z.infer<typeof MicroUsd>;

export const MICRO_USD_PER_USD = 1_000_000;

/** Throws a ZodError when `value` is not a safe integer. */
export function microUsd(value: number): MicroUsd {
  return MicroUsd.parse(value);
}

/** The nearest double of value / 1,000,000. Up to four billion dollars it goes back unchanged. */
export function usdOfMicro(value: MicroUsd): number {
  return value / MICRO_USD_PER_USD;
}

/** Nearest micro-dollar. Throws a ZodError for NaN, infinities and amounts past the safe integers. */
export function microOfUsd(usd: number): MicroUsd {
  return MicroUsd.parse(Math.round(usd * MICRO_USD_PER_USD));
}

/** The seed's helper: dollars rounded to the micro-dollar, so that 0.1 + 0.2 shows as 0.3. Never rounds to cents. */
export function roundUsd(usd: number): number {
  return usdOfMicro(microOfUsd(usd));
}

/**
 * "$5.00"; four decimals below one cent ("$0.0042") and up to six below a hundredth of one ("$0.00004"), so that small costs
 * are not shown as nothing.
 */
export function formatUsd(value: MicroUsd): string {
  const magnitude = Math.abs(value);
  const digits = magnitude > 0 && magnitude < 10_000 ? 4 : 2;
  return writeUsd(value, digits, magnitude > 0 && magnitude < 100 ? 6 : digits);
}

/** All of it: "$5.00", "$4.9996", "$4.999565". For what people add up themselves, as a ledger's amounts and balances. */
export function formatUsdExact(value: MicroUsd): string {
  return writeUsd(value, 2, 6);
}

function writeUsd(value: MicroUsd, minimumFractionDigits: number, maximumFractionDigits: number): string {
  const text = new Intl.NumberFormat("en-US", {
    style: "currency",
    currency: "USD",
    minimumFractionDigits,
    maximumFractionDigits,
  }).format(Math.abs(value) / MICRO_USD_PER_USD);
  return value < 0 ? `-${text}` : text;
}
