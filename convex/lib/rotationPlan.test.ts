import { describe, expect, it } from "vitest";
import { LOST_ANSWER_MS, planRotation, type RotationPlan, type TokenState } from "./rotationPlan.ts";

const NOW = 1_000_000;
const live = { kind: "live" } as const;
const superseded = { kind: "superseded" } as const;
const used = (agoMs: number) => ({ kind: "used", at: NOW - agoMs }) as const;

/** Every state a token may come in, with its child's, and what its use means. */
const CASES: readonly (readonly [token: TokenState, child: TokenState | null, plan: RotationPlan])[] = [
  [live, null, "rotate"],
  [used(0), live, "replace_child"],
  [used(LOST_ANSWER_MS), live, "replace_child"],
  [used(LOST_ANSWER_MS + 1), live, "end_family"],
  [used(0), used(0), "end_family"],
  [used(0), superseded, "end_family"],
  [used(0), null, "end_family"],
  [superseded, null, "end_family"],
  [superseded, live, "end_family"],
];

describe("the use of a refresh token", () => {
  it.each(CASES)("that is %j, whose child is %j: %s", (token, child, plan) => {
    expect(planRotation(token, child, NOW)).toBe(plan);
  });
});
