import { microUsd } from "@oa/contract/money";
import { describe, expect, it } from "vitest";
import { nextWindow, spentNow } from "./keyWindows.ts";

/** A row of Sunday, 29 November 2026. */
const ROW = {
  usage_daily_microusd: microUsd(1),
  usage_weekly_microusd: microUsd(20),
  usage_monthly_microusd: microUsd(300),
  usage_day: "2026-11-29",
};

describe("what a key has spent", () => {
  it.each([
    ["on its own day", "2026-11-29T23:59:59.999Z", [1, 20, 300]],
    ["on the Monday after: nothing that day and that week", "2026-11-30T00:00:00Z", [0, 0, 300]],
    ["in the next month: nothing", "2026-12-01T00:00:00Z", [0, 0, 0]],
    ["in the same month of the next year: nothing", "2027-11-29T12:00:00Z", [0, 0, 0]],
    ["for a clock that is behind the server's: what the server says", "2026-11-28T23:59:00Z", [1, 20, 300]],
  ] as const)("%s", (_, now, spent) => {
    const at = Date.parse(now);
    expect((["daily", "weekly", "monthly"] as const).map((window) => spentNow(ROW, window, at))).toEqual(spent);
  });
});

describe("a window's end", () => {
  it.each([
    ["daily", "2026-11-29T12:00:00Z", "2026-11-30"],
    ["daily", "2026-12-31T23:59:59.999Z", "2027-01-01"],
    ["weekly", "2026-11-29T12:00:00Z", "2026-11-30"],
    ["weekly", "2026-11-30T00:00:00Z", "2026-12-07"],
    ["monthly", "2026-11-30T00:00:00Z", "2026-12-01"],
    ["monthly", "2026-12-01T00:00:00Z", "2027-01-01"],
    ["monthly", "2027-01-31T12:00:00Z", "2027-02-01"],
  ] as const)("%s at %s is %s, 00:00 UTC", (window, now, day) => {
    expect(nextWindow(window, Date.parse(now))).toBe(Date.parse(day));
  });
});
