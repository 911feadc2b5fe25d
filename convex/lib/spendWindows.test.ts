import { describe, expect, it } from "vitest";
import { windowAt, windowsAt } from "./spendWindows.ts";

const at = (iso: string) => Date.parse(iso);
const idsAt = (iso: string) => windowsAt(at(iso)).map(({ id }) => id);

describe("windows of spending", () => {
  it("of a Saturday in November", () => {
    expect(idsAt("2026-11-21T13:00:00Z")).toEqual(["all", "d:2026-11-21", "w:2026-W47", "m:2026-11"]);
  });

  it("a millisecond before midnight is today, midnight is tomorrow", () => {
    expect(windowAt("daily", at("2026-11-21T23:59:59.999Z")).id).toBe("d:2026-11-21");
    expect(windowAt("daily", at("2026-11-22T00:00:00Z")).id).toBe("d:2026-11-22");
  });

  it("a week begins on Monday: Sunday night and Monday morning are two", () => {
    expect(windowAt("weekly", at("2026-11-22T23:59:59.999Z")).id).toBe("w:2026-W47");
    expect(windowAt("weekly", at("2026-11-23T00:00:00Z")).id).toBe("w:2026-W48");
  });

  it.each([
    ["2021-01-03T12:00:00Z", "w:2020-W53", "the first Sunday of 2021 is of the year before, which had 53 weeks"],
    ["2026-12-31T12:00:00Z", "w:2026-W53", "2026 has 53 weeks"],
    ["2027-01-03T12:00:00Z", "w:2026-W53", "and the last of them reaches into January"],
    ["2027-01-04T00:00:00Z", "w:2027-W01", "the Monday after it begins the first of 2027"],
    ["2024-12-30T00:00:00Z", "w:2025-W01", "the Monday before new year's day of 2025 is of 2025"],
  ])("%s is in %s: %s", (time, id) => {
    expect(windowAt("weekly", at(time)).id).toBe(id);
  });

  it.each([
    ["daily", "2026-11-21T13:00:00Z", "2026-11-22T00:00:00Z"],
    ["weekly", "2026-11-21T13:00:00Z", "2026-11-23T00:00:00Z"],
    ["weekly", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"],
    ["monthly", "2026-11-21T13:00:00Z", "2026-12-01T00:00:00Z"],
    ["monthly", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"],
    ["monthly", "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z"],
  ] as const)("the %s window of %s ends at %s", (span, now, end) => {
    expect(windowAt(span, at(now)).endsAt).toBe(at(end));
  });

  it("a whole life does not end", () => {
    expect(windowAt("all", 0).endsAt).toBeNull();
  });

  it("each window begins where the one before ends", () => {
    for (const span of ["daily", "weekly", "monthly"] as const) {
      let time = at("2024-01-01T00:00:00Z");
      for (let count = 0; count < 200; count += 1) {
        const window = windowAt(span, time);
        const end = window.endsAt ?? Number.NaN;
        expect(windowAt(span, end - 1)).toEqual(window);
        expect(windowAt(span, end).id).not.toBe(window.id);
        time = end;
      }
    }
  });
});
