import { describe, expect, it } from "vitest";
import { safeNext } from "./safeNext.ts";

describe("where a person goes after signing in", () => {
  it.each(["/openclaw", "/openclaw/security?tab=1#x", "/"])("goes to %j of this site", (next) => {
    expect(safeNext(next)).toBe(next);
  });

  it.each([
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "\\evil",
    "javascript:alert(1)",
    "openclaw",
    "",
    7,
    null,
  ])("goes home instead of to %j", (next) => {
    expect(safeNext(next)).toBe("/openclaw");
  });
});
