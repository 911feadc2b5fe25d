import { NO_USAGE, microUsd } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { dollars, settlementOf } from "./answer.ts";
import type { CallEnd } from "./answer.ts";

const end = (more: Partial<CallEnd>): CallEnd => ({
  ending: "whole",
  isWhole: true,
  told: null,
  deliveredTokens: 0,
  inputTokens: 1000,
  heldOutputTokens: 500,
  startedAt: 1000,
  firstByteAt: 1200,
  endedAt: 1500,
  ...more,
});
const told = (input: number, output: number) => ({ usage: { ...NO_USAGE, input, output }, costUsd: null });

describe("what is charged for a call", () => {
  it.each(["cut", "failed"] as const)(
    "that was %s before it delivered anything is nothing, whatever was told",
    (ending) => {
      expect(settlementOf(end({ ending, isWhole: false, told: told(1000, 0) }))).toBeNull();
      expect(settlementOf(end({ ending, isWhole: false, told: told(1000, 300) }))).toBeNull();
      expect(settlementOf(end({ ending, isWhole: false }))).toBeNull();
    },
  );

  it("that was left before it delivered anything is its prompt", () => {
    expect(settlementOf(end({ ending: "left", isWhole: false }))?.usage).toEqual({ ...NO_USAGE, input: 1000 });
  });

  it("that broke off while its usage still stood at zero is its prompt and what came", () => {
    expect(settlementOf(end({ ending: "cut", isWhole: false, told: told(0, 0), deliveredTokens: 40 }))).toMatchObject({
      usage: { input: 1000, output: 40 },
      usage_source: "estimated",
    });
  });

  it("that broke off with a usage told on the way is the larger count of its answer", () => {
    const left = (output: number) =>
      settlementOf(end({ ending: "left", isWhole: false, told: told(900, output), deliveredTokens: 40 }));
    expect(left(2)).toMatchObject({ usage: { input: 900, output: 40 }, usage_source: "estimated" });
    expect(left(60)).toMatchObject({ usage: { input: 900, output: 60 }, usage_source: "upstream" });
  });

  it("that nobody counted is never more than was held", () => {
    expect(settlementOf(end({ deliveredTokens: 9000 }))?.usage.output).toBe(500);
  });

  it("is not taken back by a clock that was set back", () => {
    expect(settlementOf(end({ startedAt: 5000, deliveredTokens: 1 }))).toMatchObject({
      latency_ms: 0,
      first_byte_ms: 0,
    });
  });
});

describe("money in a header", () => {
  it.each([
    [0, "0"],
    [1, "0.000001"],
    [-1, "-0.000001"],
    [1_000_000, "1"],
    [100_000_000, "100"],
    [10_500_000, "10.5"],
  ])("is %i micro-dollars as %s", (micro, text) => {
    expect(dollars(microUsd(micro))).toBe(text);
  });
});
