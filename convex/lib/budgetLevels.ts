/** Percents of a key's limit at which its owner is told. */
export const BUDGET_LEVELS = [50, 80, 100] as const;

/** The highest level that spending has reached; null below the first, and where there is no limit to speak of. */
export function budgetLevel(spent: number, limit: number): number | null {
  if (limit <= 0) return null;
  return BUDGET_LEVELS.findLast((level) => spent * 100 >= limit * level) ?? null;
}
