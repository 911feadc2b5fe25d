import type { LogPage } from "@oa/contract/runtime";

export type LogEntry = LogPage["lines"][number];

/** Lines kept on the page; older ones stay on the server. */
export const LOG_CAPACITY = 2000;

export interface LogBuffer {
  lines: readonly LogEntry[];
  /** Position to ask for next. */
  next: number;
  /** Lines that were never seen here: rotated away before they were read. */
  missed: number;
}

export const EMPTY_LOG: LogBuffer = { lines: [], next: 0, missed: 0 };

/**
 * Adds a page. Lines already held are dropped (two reads may overlap), a gap is counted, and a position that went
 * back (a new log after a restore) starts the buffer anew.
 */
export function appendPage(buffer: LogBuffer, page: LogPage): LogBuffer {
  if (page.next < buffer.next) return appendPage(EMPTY_LOG, page);
  const fresh = page.lines.filter((line) => line.seq >= buffer.next);
  const first = fresh[0];
  const gap = first === undefined || buffer.lines.length === 0 ? 0 : first.seq - buffer.next;
  if (fresh.length === 0 && page.next === buffer.next) return buffer;
  return {
    lines: [...buffer.lines, ...fresh].slice(-LOG_CAPACITY),
    next: page.next,
    missed: buffer.missed + gap,
  };
}

/** Levels from the least to the most serious, as the filter offers them. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Lines at or above `level` that contain `search` (any case). */
export function filterLog(lines: readonly LogEntry[], level: LogLevel, search: string): LogEntry[] {
  const least = LOG_LEVELS.indexOf(level);
  const needle = search.trim().toLowerCase();
  return lines.filter((line) => LOG_LEVELS.indexOf(line.level) >= least && line.text.toLowerCase().includes(needle));
}

/** One line a line, with ISO times: for the clipboard and a file. */
export function logText(lines: readonly LogEntry[]): string {
  return lines
    .map((line) => `${new Date(line.at).toISOString()} ${line.level.toUpperCase().padEnd(5)} ${line.text}`)
    .join("\n");
}
