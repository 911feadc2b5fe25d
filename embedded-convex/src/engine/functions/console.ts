/** `console` inside functions: lines in Convex's format, `[LEVEL] 'text' value …`, kept with the call's result. */
import { inspect } from "node:util";
import { MAX_LOG_LINES, MAX_LOG_LINE_CHARS } from "../values/limits.ts";

export class LogBuffer {
  readonly lines: string[] = [];

  /** Lines of a call this one made. */
  append(lines: readonly string[]): void {
    this.lines.push(...lines.slice(0, MAX_LOG_LINES - this.lines.length));
  }

  add(level: string, args: readonly unknown[]): void {
    if (this.lines.length >= MAX_LOG_LINES) return;
    if (this.lines.length === MAX_LOG_LINES - 1) {
      this.lines.push(`[ERROR] 'Log overflow (maximum ${MAX_LOG_LINES}). Remaining log lines omitted.'`);
      return;
    }
    const text = `[${level}] ${args.map((value) => inspect(value, { depth: 4, breakLength: Infinity })).join(" ")}`;
    this.lines.push(text.length > MAX_LOG_LINE_CHARS ? `${text.slice(0, MAX_LOG_LINE_CHARS)} (truncated)` : text);
  }
}

const OWN_LEVEL = ["debug", "info", "warn", "error"];
const SHOWN_AS_LOG = ["log", "dir", "dirxml", "table", "group", "groupCollapsed"];

/** A console that writes into `log`. Timers count from `nowMs()`, in milliseconds. */
export function consoleFor(log: LogBuffer, nowMs: () => number): object {
  const timers = new Map<string, number>();
  const counts = new Map<string, number>();
  const at =
    (level: string) =>
    (...args: unknown[]) =>
      log.add(level, args);
  const elapsed = (label: string) =>
    log.add("INFO", [`${label}: ${Math.round(nowMs() - (timers.get(label) ?? nowMs()))}ms`]);
  return {
    ...Object.fromEntries(SHOWN_AS_LOG.map((name) => [name, at("LOG")])),
    ...Object.fromEntries(OWN_LEVEL.map((name) => [name, at(name.toUpperCase())])),
    groupEnd: () => undefined,
    trace: (...args: unknown[]) => log.add("LOG", ["Trace:", ...args]),
    assert: (condition: unknown, ...args: unknown[]) => {
      if (!condition) log.add("ERROR", ["Assertion failed", ...args]);
    },
    count: (label = "default") => {
      counts.set(label, (counts.get(label) ?? 0) + 1);
      log.add("INFO", [`${label}: ${counts.get(label)}`]);
    },
    countReset: (label = "default") => void counts.delete(label),
    time: (label = "default") => void timers.set(label, nowMs()),
    timeLog: (label = "default") => elapsed(label),
    timeEnd: (label = "default") => {
      elapsed(label);
      timers.delete(label);
    },
  };
}
