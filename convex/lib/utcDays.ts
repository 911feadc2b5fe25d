/** Days and months in UTC, as they stand in rows: `YYYY-MM-DD`, `YYYY-MM`. */

export const DAY_MS = 24 * 60 * 60 * 1000;

/** The day a time falls on. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** When a day begins; milliseconds since 1970. */
export function dayStart(day: string): number {
  return Date.parse(`${day}T00:00:00.000Z`);
}

/** When a day is over. */
export function dayEnd(day: string): number {
  return dayStart(day) + DAY_MS;
}

/** How many days there are from one to another, both counted; 0 or less where the second is the earlier one. */
export function daysSpanned(from: string, to: string): number {
  return Math.round((dayStart(to) - dayStart(from)) / DAY_MS) + 1;
}

/** The month a time falls in. */
export function monthOf(time: number): string {
  return dayOf(time).slice(0, 7);
}

/** When a month begins. */
export function monthStart(month: string): number {
  return dayStart(`${month}-01`);
}

/** When the month after begins. */
export function monthEnd(month: string): number {
  const start = new Date(monthStart(month));
  return Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 1);
}
