import { describe, expect, it, vi } from "vitest";
import { balanceLevel, creditSettings, crosses } from "./creditSettings.ts";

const HOUR = 60 * 60 * 1000;
const DEFAULTS = { lowBalance: 1_000_000, graceMs: 72 * HOUR, monthlyGrant: null, signupGrantDays: null };

describe("what an operator may set about credits", () => {
  it("is as the papers say where nothing is set", () => {
    expect(creditSettings({})).toEqual(DEFAULTS);
    expect(creditSettings({ LOW_BALANCE_USD: " " })).toEqual(DEFAULTS);
  });

  it("is taken as it is set, nothing too", () => {
    const set = {
      LOW_BALANCE_USD: "2.5",
      SUSPENSION_GRACE_HOURS: "0",
      MONTHLY_GRANT_USD: "0.5",
      SIGNUP_GRANT_DAYS: "90",
    };
    expect(creditSettings(set)).toEqual({
      lowBalance: 2_500_000,
      graceMs: 0,
      monthlyGrant: 500_000,
      signupGrantDays: 90,
    });
    expect(creditSettings({ LOW_BALANCE_USD: "0" }).lowBalance).toBe(0);
  });

  it.each(["ten", "-1", "1e9", "NaN", "$5"])(
    "%s is told in the log and counts as not set: money goes on moving",
    (value) => {
      const log = vi.spyOn(console, "error").mockReturnValue();
      const names = ["LOW_BALANCE_USD", "SUSPENSION_GRACE_HOURS", "MONTHLY_GRANT_USD", "SIGNUP_GRANT_DAYS"];
      expect(creditSettings(Object.fromEntries(names.map((name) => [name, value])))).toEqual(DEFAULTS);
      for (const name of names) expect(log.mock.calls.join()).toContain(name);
      log.mockRestore();
    },
  );
});

it.each([
  ["enough", 2_500_000, "2.5"],
  ["low", 2_499_999, "2.5"],
  ["empty", 9_999, "2.5"],
  ["enough", 10_000, "0"],
  ["empty", 0, "0"],
])("a balance is %s at %d micro-dollars where LOW_BALANCE_USD is %s", (level, balance, LOW_BALANCE_USD) => {
  expect(balanceLevel(balance, creditSettings({ LOW_BALANCE_USD }))).toBe(level);
});

it.each([
  ["becomes low", 2_000_000, 900_000, true],
  ["becomes empty", 900_000, 9_999, true],
  ["is no longer empty", 0, 500_000, true],
  ["stays low", 900_000, 100_000, false],
  ["stays well", 5_000_000, 2_000_000, false],
  ["stays empty", -10, 0, false],
  ["is no longer low", 500_000, 5_000_000, false],
])("a balance that %s", (_title, before, after, crossed) => {
  expect(crosses(before, after, 1_000_000)).toBe(crossed);
});
