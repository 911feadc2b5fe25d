import { describe, expect, it } from "vitest";
import { type Decision, planPoll, planTake, type TakePlan } from "./flowPlan.ts";

const NOW = 1_000_000;
const flow = (decision: Decision, expiresInMs = 1000) => ({ decision, expires_at: NOW + expiresInMs });
const byCode = (expiresInMs: number): Decision => ({
  kind: "approved_by_code",
  code_hash: "right",
  code_expires_at: NOW + expiresInMs,
});

describe("a client asks for its grant", () => {
  it.each<[Decision, string | null, TakePlan]>([
    [{ kind: "waiting" }, null, "pending"],
    [{ kind: "waiting" }, "right", "bad"],
    [{ kind: "denied" }, null, "denied"],
    [{ kind: "denied" }, "right", "denied"],
    [{ kind: "approved_to_poll" }, null, "grant"],
    [{ kind: "approved_to_poll" }, "right", "bad"],
    [byCode(1), null, "pending"],
    [byCode(1), "right", "grant"],
    [byCode(1), "wrong", "bad"],
    [byCode(0), "right", "expired"],
    [byCode(0), "wrong", "bad"],
  ])("%j with the code %s: %s", (decision, code, plan) => {
    expect(planTake(flow(decision), code, NOW)).toBe(plan);
  });

  it("too late: nothing that waited or was to be polled is given out", () => {
    for (const kind of ["waiting", "approved_to_poll"] as const) {
      expect(planTake(flow({ kind }, 0), null, NOW)).toBe("expired");
    }
  });
});

describe("the clock of polls", () => {
  it("the first is never too early; each early one adds five seconds; half a second is forgiven", () => {
    expect(planPoll({ last_polled_at: null, interval_s: 5 }, NOW)).toEqual({ tooEarly: false, interval_s: 5 });
    expect(planPoll({ last_polled_at: NOW - 4000, interval_s: 5 }, NOW)).toEqual({ tooEarly: true, interval_s: 10 });
    expect(planPoll({ last_polled_at: NOW - 4500, interval_s: 5 }, NOW)).toEqual({ tooEarly: false, interval_s: 5 });
  });
});
