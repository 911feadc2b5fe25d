import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatUsd, formatUsdExact, microOfUsd, microUsd, roundUsd, usdOfMicro } from "./money.ts";

describe("money", () => {
  it("adds a thousand burns of a tenth of a cent without losing one", () => {
    let balance = microUsd(5_000_000);
    for (let burn = 0; burn < 1000; burn += 1) balance = microUsd(balance - microOfUsd(0.001));
    expect(usdOfMicro(balance)).toBe(4);
  });

  it("keeps a burn below half a cent, which cents would round to nothing", () => {
    expect(microOfUsd(0.004_2)).toBe(4200);
    expect(roundUsd(0.004_2)).toBe(0.004_2);
  });

  it("shows 0.1 + 0.2 as 0.3", () => {
    expect(roundUsd(0.1 + 0.2)).toBe(0.3);
  });

  it("refuses what is no amount", () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, 1e20]) expect(() => microOfUsd(bad)).toThrow(/expected/);
    expect(() => microUsd(0.5)).toThrow(/expected/);
  });

  it("takes every micro-dollar to the wire's number and back", () => {
    fc.assert(
      fc.property(fc.integer({ min: -4e15, max: 4e15 }), (value) => {
        expect(microOfUsd(usdOfMicro(microUsd(value)))).toBe(value);
      }),
    );
  });

  it.each([
    [5_000_000, "$5.00"],
    [0, "$0.00"],
    [4200, "$0.0042"],
    [100, "$0.0001"],
    [-40, "-$0.00004"],
    [1, "$0.000001"],
    [-1_002_500, "-$1.00"],
    [1_234_567_890_000, "$1,234,567.89"],
  ])("writes %i micro-dollars as %s", (value, text) => {
    expect(formatUsd(microUsd(value))).toBe(text);
  });

  it.each([
    [5_000_000, "$5.00"],
    [0, "$0.00"],
    [-400, "-$0.0004"],
    [4_999_600, "$4.9996"],
    [4_999_565, "$4.999565"],
    [-1_002_500, "-$1.0025"],
    [1_234_567_890_000, "$1,234,567.89"],
  ])("writes all of %i micro-dollars as %s", (value, text) => {
    expect(formatUsdExact(microUsd(value))).toBe(text);
  });
});
