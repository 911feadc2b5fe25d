import { describe, expect, it } from "vitest";
import { secretEqual } from "./constantTime.ts";

describe("comparing a key (R10)", () => {
  it.each([
    ["the same", "k".repeat(40), "k".repeat(40), true],
    ["one letter off at the start", `x${"k".repeat(39)}`, "k".repeat(40), false],
    ["one letter off at the end", `${"k".repeat(39)}x`, "k".repeat(40), false],
    ["a prefix", "k".repeat(39), "k".repeat(40), false],
    ["longer", "k".repeat(41), "k".repeat(40), false],
    ["empty against a key", "", "k".repeat(40), false],
    ["letters that only look alike", "kеy", "key", false],
  ])("%s", async (_name, given, expected, same) => {
    expect(await secretEqual(given, expected)).toBe(same);
  });
});
