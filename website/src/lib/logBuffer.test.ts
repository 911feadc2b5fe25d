import { describe, expect, it } from "vitest";
import { appendPage, EMPTY_LOG, filterLog, LOG_CAPACITY, type LogEntry, logText } from "./logBuffer.ts";

function lines(from: number, to: number, level: LogEntry["level"] = "info"): LogEntry[] {
  return Array.from({ length: to - from }, (_, index) => ({
    seq: from + index,
    at: 0,
    level,
    text: `line ${String(from + index)}`,
  }));
}

describe("the log as it is read piece by piece", () => {
  it("adds what is new once, also when two pieces overlap", () => {
    const one = appendPage(EMPTY_LOG, { lines: lines(0, 3), next: 3 });
    const two = appendPage(one, { lines: lines(1, 5), next: 5 });
    expect(two.lines.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4]);
    expect(two.missed).toBe(0);
  });

  it("stays the same thing when nothing is new, so that nothing is drawn anew", () => {
    const one = appendPage(EMPTY_LOG, { lines: lines(0, 3), next: 3 });
    expect(appendPage(one, { lines: [], next: 3 })).toBe(one);
  });

  it("counts lines that were gone before they could be read, but not those from before the first look", () => {
    const one = appendPage(EMPTY_LOG, { lines: lines(40, 43), next: 43 });
    expect(one.missed).toBe(0);
    expect(appendPage(one, { lines: lines(50, 52), next: 52 }).missed).toBe(7);
  });

  it("begins anew when the log did", () => {
    const one = appendPage(EMPTY_LOG, { lines: lines(0, 30), next: 30 });
    const two = appendPage(one, { lines: lines(0, 2), next: 2 });
    expect(two.lines).toHaveLength(2);
    expect(two.next).toBe(2);
  });

  it("keeps only the last lines", () => {
    const all = appendPage(EMPTY_LOG, { lines: lines(0, LOG_CAPACITY + 10), next: LOG_CAPACITY + 10 });
    expect(all.lines).toHaveLength(LOG_CAPACITY);
    expect(all.lines[0]?.seq).toBe(10);
  });

  it("filters by level and words, and copies with time and level", () => {
    const mixed = [...lines(0, 2, "debug"), ...lines(2, 4, "warn"), ...lines(4, 5, "error")];
    expect(filterLog(mixed, "warn", "").map(({ seq }) => seq)).toEqual([2, 3, 4]);
    expect(filterLog(mixed, "debug", "LINE 4").map(({ seq }) => seq)).toEqual([4]);
    expect(logText(lines(0, 1, "warn"))).toBe("1970-01-01T00:00:00.000Z WARN  line 0");
  });
});
