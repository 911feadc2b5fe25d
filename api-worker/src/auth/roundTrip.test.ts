import { expect, it } from "vitest";
import { localPath } from "./roundTrip.ts";

it.each(["/", "/openclaw", "/openclaw/devices?tab=1#x", "/editor/authorize?state=a%2Fb"])(
  "%s is a place of this site",
  (path) => {
    expect(localPath(path)).toBe(path);
  },
);

it.each([
  undefined,
  "",
  "openclaw",
  "//evil.example",
  "///evil.example",
  "/\\evil.example",
  "\\\\evil.example",
  "/\t/evil.example",
  "/\n/evil.example",
  "https://evil.example",
  "https:evil.example",
  "javascript:alert(1)",
  "//this.site@evil.example",
  "/.//evil.example",
  "/..//evil.example",
  "/%2e//evil.example",
  "/openclaw/..//evil.example",
  "/./\t/evil.example",
])("%j is none, and becomes the start page", (path) => {
  expect(localPath(path)).toBe("/");
});
