/** What an administrator types to change someone's balance. */
export interface Adjustment {
  direction: "add" | "take";
  /** Dollars; a text while it is no number. */
  amount: number | string;
  reason: string;
}

/** The most one adjustment may move, in dollars. */
const MAX_USD = 10_000;
/** Less than this is nothing: a micro-dollar. */
const MIN_USD = 0.000_001;

/** Dollars with their sign; null while the amount is none. */
export function adjustmentUsd({ direction, amount }: Adjustment): number | null {
  if (typeof amount !== "number" || amount < MIN_USD || amount > MAX_USD) return null;
  return direction === "add" ? amount : -amount;
}

/** What is wrong with each field, in words; empty where all is well. */
export function adjustmentErrors(fields: Adjustment): Partial<Record<keyof Adjustment, string>> {
  return {
    ...(adjustmentUsd(fields) === null ? { amount: "Type an amount above $0 and up to $10,000." } : {}),
    ...(fields.reason.trim().length < 3 ? { reason: "Say why, in at least three letters." } : {}),
  };
}
