import type { LimitReset, ProvisionedKey } from "@oa/contract/keys";
import { type MicroUsd, microUsd } from "@oa/contract/money";
import { utcDay } from "./days.ts";

/** The day, the ISO week (from Monday) and the month of a moment, all UTC: those that a key's spending is counted in. */

const FIELDS = {
  daily: "usage_daily_microusd",
  weekly: "usage_weekly_microusd",
  monthly: "usage_monthly_microusd",
} as const satisfies Record<LimitReset, keyof ProvisionedKey>;

type Spent = Pick<ProvisionedKey, (typeof FIELDS)[LimitReset] | "usage_day">;

/**
 * What a key has spent in the window that is the present one at `now`. A live row moves with calls only: what it says of a
 * window that is over by then is nothing of the present one.
 */
export function spentNow(key: Spent, window: LimitReset, now: number): MicroUsd {
  return isPresent(key, window, now) ? key[FIELDS[window]] : microUsd(0);
}

/** True where a row tells of the window that is the present one at `now`. */
export function isPresent({ usage_day }: Pick<ProvisionedKey, "usage_day">, window: LimitReset, now: number): boolean {
  return usage_day >= utcDay(windowStart(window, now));
}

/** When the window after the present one begins; milliseconds since 1970. */
export function nextWindow(window: LimitReset, now: number): number {
  const start = new Date(windowStart(window, now));
  switch (window) {
    case "daily":
      return start.setUTCDate(start.getUTCDate() + 1);
    case "weekly":
      return start.setUTCDate(start.getUTCDate() + 7);
    case "monthly":
      return start.setUTCMonth(start.getUTCMonth() + 1);
  }
}

function windowStart(window: LimitReset, now: number): number {
  const at = new Date(now);
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()];
  switch (window) {
    case "daily":
      return Date.UTC(year, month, day);
    case "weekly":
      return Date.UTC(year, month, day - ((at.getUTCDay() + 6) % 7));
    case "monthly":
      return Date.UTC(year, month, 1);
  }
}
