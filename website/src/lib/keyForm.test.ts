import { CliCreateKey, CliUpdateKey } from "@oa/contract/cliCredits";
import { describe, expect, it } from "vitest";
import { changeOf, creationOf, EMPTY_KEY, keyErrors, type KeyFields } from "./keyForm.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const GOOD: KeyFields = { name: "my-app", limit: 1.5, reset: "daily", ends: "2026-12-31" };

describe("what someone types of a key", () => {
  it.each([
    ["no name", { name: "  " }, "name", /Give it a name/],
    ["a name nobody could search for", { name: "/etc/passwd" }, "name", /Use letters/],
    ["a limit that is no number", { limit: "1e" }, "limit", /between \$0 and/],
    ["a limit below nothing", { limit: -1 }, "limit", /between \$0 and/],
    ["more than there is", { limit: 1_000_001 }, "limit", /between \$0 and/],
    ["a reset of no limit", { limit: "" }, "reset", /nothing to begin anew/],
    ["a day that is over", { ends: "2026-11-20" }, "ends", /not over yet/],
    ["what is no day", { ends: "2026-13-40" }, "ends", /not over yet/],
  ] as const)("%s is said at its field", (_, change, field, words) => {
    const errors = keyErrors({ ...GOOD, ...change }, NOW);
    expect(Object.keys(errors)).toEqual([field]);
    expect(errors[field]).toMatch(words);
  });

  it("today is a day that is not over yet, and an end of before may stay", () => {
    expect(keyErrors({ ...GOOD, ends: "2026-11-21" }, NOW)).toEqual({});
    expect(keyErrors({ ...GOOD, ends: "2026-11-01" }, NOW, { ...GOOD, ends: "2026-11-01" })).toEqual({});
  });

  it("becomes the request the server takes", () => {
    expect(CliCreateKey.parse(creationOf({ ...GOOD, name: " my-app " }))).toEqual({
      name: "my-app",
      credit_limit: 1.5,
      limit_reset: "daily",
      expires_at: "2026-12-31T23:59:59.999Z",
    });
    expect(CliCreateKey.parse(creationOf({ ...EMPTY_KEY, name: "a", limit: 0 }))).toEqual({
      name: "a",
      credit_limit: 0,
      limit_reset: null,
      expires_at: null,
    });
  });

  it("a change carries only what is other than before", () => {
    expect(changeOf(GOOD, { ...GOOD })).toBeNull();
    expect(changeOf(GOOD, { ...GOOD, limit: 2 })).toEqual({ credit_limit: 2 });
    const cleared = changeOf(GOOD, { name: "other", limit: "", reset: "never", ends: "" });
    expect(CliUpdateKey.parse(cleared)).toEqual({
      name: "other",
      credit_limit: null,
      limit_reset: null,
      expires_at: null,
    });
  });
});
