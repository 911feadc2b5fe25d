/** Times, spans and sizes in people's words. Pure: the current time is an argument. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "just now", "40 s ago", "5 min ago", "3 h ago", "2 d ago"; from 30 days on the date itself. Clocks that differ a little give "just now". */
export function formatAgo(at: number, now: number): string {
  const age = now - at;
  if (age < 5 * SECOND) return "just now";
  if (age < MINUTE) return `${String(Math.floor(age / SECOND))} s ago`;
  if (age < HOUR) return `${String(Math.floor(age / MINUTE))} min ago`;
  if (age < DAY) return `${String(Math.floor(age / HOUR))} h ago`;
  if (age < 30 * DAY) return `${String(Math.floor(age / DAY))} d ago`;
  return new Intl.DateTimeFormat("en", { dateStyle: "medium" }).format(at);
}

/** How long something has held, as `formatAgo` counts: "just now", "for 40 s", "for 2 d", "since Oct 12, 2026". */
export function formatSince(at: number, now: number): string {
  const ago = formatAgo(at, now);
  if (ago === "just now") return ago;
  return ago.endsWith(" ago") ? `for ${ago.slice(0, -" ago".length)}` : `since ${ago}`;
}

/** Date, time and zone: "21 Nov 2026, 14:03:22 CET". `timeZone` defaults to the reader's. */
export function formatAbsolute(at: number, timeZone?: string): string {
  return new Intl.DateTimeFormat("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(at);
}

/** How long something took or takes: "0.4 s", "12 s", "1 min 5 s", "2 h 3 min", "3 d"; the second part only where there is one. */
export function formatDuration(ms: number): string {
  const span = Math.max(0, ms);
  if (span < 10 * SECOND) return `${(Math.floor(span / 100) / 10).toFixed(1)} s`;
  if (span < MINUTE) return `${String(Math.floor(span / SECOND))} s`;
  if (span < HOUR) return twoParts(span, MINUTE, "min", SECOND, "s");
  if (span < DAY) return twoParts(span, HOUR, "h", MINUTE, "min");
  return twoParts(span, DAY, "d", HOUR, "h");
}

function twoParts(span: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((span % large) / small);
  return `${String(Math.floor(span / large))} ${largeName}${rest === 0 ? "" : ` ${String(rest)} ${smallName}`}`;
}

/** What is left of a deadline: "4:59"; "0:00" once it is over. */
export function formatCountdown(until: number, now: number): string {
  const seconds = Math.max(0, Math.floor((until - now) / SECOND));
  return `${String(Math.floor(seconds / 60))}:${String(seconds % 60).padStart(2, "0")}`;
}

/** "0 B", "512 B", "1.6 MB": decimal units, one decimal from kB on. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${String(bytes)} B`;
  const units = ["kB", "MB", "GB", "TB"] as const;
  let value = bytes;
  let unit: string = "B";
  for (const next of units) {
    if (value < 999.95) break;
    value /= 1000;
    unit = next;
  }
  return `${value.toFixed(1)} ${unit}`;
}
