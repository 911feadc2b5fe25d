import type { LimitReset } from "@oa/contract";

/**
 * The stretches of time a key's spending is counted in, all UTC: its whole life, the day, the ISO week (Monday to Sunday) and the
 * month. A window's id carries its time (`d:2026-11-21`, `w:2026-W47`, `m:2026-11`), so nothing is ever reset: the next
 * window is another row.
 */
export interface SpendWindow {
  id: string;
  /** Milliseconds since 1970 when the next one begins; null for the whole life. */
  endsAt: number | null;
}

export type WindowSpan = "all" | LimitReset;

const DAY_MS = 24 * 60 * 60 * 1000;
const DAYS_OF_WEEK = 7;
/** The ISO week belongs to the year its Thursday is in. */
const THURSDAY = 3;

/** The window of a kind that a time falls into. */
export function windowAt(span: WindowSpan, now: number): SpendWindow {
  const date = new Date(now);
  const day = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
  switch (span) {
    case "all":
      return { id: "all", endsAt: null };
    case "daily":
      return { id: `d:${isoDay(day)}`, endsAt: day + DAY_MS };
    case "weekly": {
      const monday = day - ((date.getUTCDay() + 6) % DAYS_OF_WEEK) * DAY_MS;
      return { id: `w:${isoWeek(monday)}`, endsAt: monday + DAYS_OF_WEEK * DAY_MS };
    }
    case "monthly":
      return {
        id: `m:${isoDay(day).slice(0, 7)}`,
        endsAt: Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1),
      };
  }
}

/** Every window a call at this time counts in. */
export function windowsAt(now: number): SpendWindow[] {
  return [windowAt("all", now), windowAt("daily", now), windowAt("weekly", now), windowAt("monthly", now)];
}

function isoWeek(monday: number): string {
  const thursday = monday + THURSDAY * DAY_MS;
  const year = new Date(thursday).getUTCFullYear();
  const week = Math.floor((thursday - Date.UTC(year, 0, 1)) / (DAYS_OF_WEEK * DAY_MS)) + 1;
  return `${year}-W${String(week).padStart(2, "0")}`;
}

/** `YYYY-MM-DD` in UTC. */
function isoDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
