import { describe, expect, it } from "vitest";
import { daysOf, rangeOf, rangeProblem, RangeSearch } from "./usageRange.ts";

const NOW = Date.parse("2026-11-21T23:30:00Z");

describe("the days a page of usage is about", () => {
  it.each([
    ["7d", "2026-11-15", 7],
    ["30d", "2026-10-23", 30],
    ["90d", "2026-08-24", 90],
    ["month", "2026-11-01", 21],
  ] as const)("%s, up to today in UTC", (range, from, days) => {
    const found = rangeOf({ range }, NOW);
    expect(found).toEqual({ from, to: "2026-11-21", preset: range });
    expect(daysOf(found.from, found.to)).toHaveLength(days);
  });

  it("are two days of one's own where they fit together, and 30 days otherwise", () => {
    expect(rangeOf({ from: "2026-01-30", to: "2026-02-02" }, NOW)).toMatchObject({ from: "2026-01-30", preset: null });
    expect(rangeOf({ from: "2026-02-02", to: "2026-01-30" }, NOW)).toMatchObject({ preset: "30d" });
    expect(rangeOf({ from: "2026-01-30" }, NOW)).toMatchObject({ preset: "30d" });
  });

  it("say what is wrong with them", () => {
    expect(rangeProblem("2026-02-02", "2026-01-30")).toMatch(/comes after/);
    expect(rangeProblem("", "2026-01-30")).toMatch(/two days/);
    expect(rangeProblem("2026-01-01", "2026-04-02")).toBeNull();
    expect(rangeProblem("2026-01-01", "2026-04-03")).toMatch(/at most 92/);
    expect(rangeProblem("0001-01-01", "2026-01-01")).toMatch(/at most 92/);
  });

  it("an address with nonsense is one that asks for nothing", () => {
    expect(RangeSearch.parse({ range: "forever", from: "yesterday", to: "1" })).toEqual({
      range: undefined,
      from: undefined,
      to: undefined,
    });
  });
});
