import { describe, expect, it } from "vitest";
import { formatAbsolute, formatAgo, formatBytes, formatCountdown, formatDuration, formatSince } from "./format.ts";

const NOW = Date.UTC(2026, 10, 21, 14, 3, 22);
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

describe("times in people's words", () => {
  it.each([
    [-3 * SECOND, "just now"],
    [0, "just now"],
    [40 * SECOND, "40 s ago"],
    [59 * MINUTE, "59 min ago"],
    [23 * HOUR, "23 h ago"],
    [49 * HOUR, "2 d ago"],
  ])("%d ms back is %j", (age, words) => {
    expect(formatAgo(NOW - age, NOW)).toBe(words);
  });

  it.each([
    [0, "just now"],
    [40 * SECOND, "for 40 s"],
    [49 * HOUR, "for 2 d"],
    [40 * 24 * HOUR, "since Oct 12, 2026"],
  ])("what began %d ms back holds %j", (age, words) => {
    expect(formatSince(NOW - age, NOW)).toBe(words);
  });

  it("gives the date of what is longer ago than a month, and the zone with every full time", () => {
    expect(formatAgo(NOW - 40 * 24 * HOUR, NOW)).toBe("Oct 12, 2026");
    expect(formatAbsolute(NOW, "UTC")).toBe("21 Nov 2026, 14:03:22 UTC");
  });

  it.each([
    [400, "0.4 s"],
    [12_900, "12 s"],
    [60_000, "1 min"],
    [65_000, "1 min 5 s"],
    [2 * HOUR + 3 * MINUTE, "2 h 3 min"],
    [76 * HOUR, "3 d 4 h"],
    [-5, "0.0 s"],
  ])("%d ms last %j", (ms, words) => {
    expect(formatDuration(ms)).toBe(words);
  });

  it("counts down to zero and stays there", () => {
    expect(formatCountdown(NOW + 299_500, NOW)).toBe("4:59");
    expect(formatCountdown(NOW + 9_000, NOW)).toBe("0:09");
    expect(formatCountdown(NOW - 1, NOW)).toBe("0:00");
  });
});

describe("sizes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_623_114, "1.6 MB"],
    [999_950, "1.0 MB"],
    [3_200_000_000, "3.2 GB"],
  ])("%d bytes are %j", (bytes, words) => {
    expect(formatBytes(bytes)).toBe(words);
  });
});
