import { describe, expect, it } from "vitest";
import { usageRange } from "./usageRange.ts";

const NOW = Date.parse("2026-03-01T00:30:00Z");

describe("the days of a usage summary", () => {
  it.each([
    [{}, { from: "2026-01-31", to: "2026-03-01" }],
    [{ to: "2026-01-31" }, { from: "2026-01-02", to: "2026-01-31" }],
    [{ from: "2026-02-27" }, { from: "2026-02-27", to: "2026-03-01" }],
    [{ from: "2026-03-05" }, { from: "2026-03-05", to: "2026-03-05" }],
    [
      { from: "2026-02-28", to: "2026-02-28" },
      { from: "2026-02-28", to: "2026-02-28" },
    ],
    [
      { from: "2025-11-30", to: "2026-03-01" },
      { from: "2025-11-30", to: "2026-03-01" },
    ],
  ])("%j is %j", (asked, range) => {
    expect(usageRange(asked, NOW)).toEqual(range);
  });

  it("are 92 at most", () => {
    expect(() => usageRange({ from: "2025-11-29", to: "2026-03-01" }, NOW)).toThrow(/at most 92 days; this one has 93/);
  });
});
