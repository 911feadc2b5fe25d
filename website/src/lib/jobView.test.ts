import type { JobOutcome } from "@oa/contract/runtime";
import { describe, expect, it } from "vitest";
import { failureOf, NO_JOBS } from "./jobView.ts";
import { RequestError } from "./requestError.ts";

const NOW = 2_000_000_000;
const failed: JobOutcome = {
  id: "j1",
  kind: "backup",
  startedAt: NOW - 9_000,
  endedAt: NOW - 5_000,
  result: "failed",
  reason: "The disk is full.",
};
const done: JobOutcome = { ...failed, result: "done", reason: null };
const quiet = { error: null, submittedAt: 0 };

describe("work that did not work", () => {
  it("someone else's is told as it was reported, for a day", () => {
    expect(failureOf("backup", quiet, NO_JOBS, NOW)).toBeNull();
    expect(failureOf("backup", quiet, { running: null, last: failed }, NOW)).toEqual({
      from: "reported",
      outcome: failed,
    });
    expect(failureOf("restore", quiet, { running: null, last: failed }, NOW)).toBeNull();
    expect(failureOf("backup", quiet, { running: null, last: done }, NOW)).toBeNull();
    expect(failureOf("backup", quiet, { running: null, last: failed }, NOW + 25 * 60 * 60_000)).toBeNull();
  });

  it("one's own is told once, as the door answered it", () => {
    const error = new RequestError("busy", "Another one is under way.", "req_1");
    expect(failureOf("backup", { error, submittedAt: NOW - 6_000 }, { running: null, last: failed }, NOW)).toEqual({
      from: "refused",
      error,
    });
  });

  it("an answer that never came counts until it is known how the work ended", () => {
    const error = new RequestError("timeout", "It may still be working.", null);
    const asked = { error, submittedAt: NOW - 6_000 };
    expect(failureOf("backup", asked, NO_JOBS, NOW)).toEqual({ from: "refused", error });
    expect(failureOf("backup", asked, { running: null, last: { ...failed, endedAt: NOW - 7_000 } }, NOW)).toEqual({
      from: "refused",
      error,
    });
    expect(failureOf("backup", asked, { running: null, last: failed }, NOW)).toMatchObject({ from: "reported" });
    expect(failureOf("backup", asked, { running: null, last: done }, NOW)).toBeNull();
  });
});
