/** Days as the money keeps them: UTC, written `YYYY-MM-DD`. */

/** The day of a moment in milliseconds since 1970. */
export function utcDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** "21 Nov", for an axis. */
export function shortDay(day: string): string {
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" }).format(Date.parse(day));
}

/** "21 Nov 2026". */
export function longDay(day: string): string {
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" }).format(Date.parse(day));
}
