import { DesiredState, InstanceStatus } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { backoffMs, type DriveOutcome, LOOK_AGAIN_MS, planAfterDrive } from "./drivePlan.ts";
import { arrow, isResting } from "./transitions.ts";

const row = (
  desired: DesiredState,
  status: InstanceStatus,
  more: { reason?: string; attempts?: number; overtaken?: boolean } = {},
) => ({
  desired,
  status,
  reason: more.reason ?? null,
  attempts: more.attempts ?? 0,
  overtaken: more.overtaken ?? false,
});

describe("what a drive's outcome does", () => {
  it.each([
    ["running", "provisioning", "ready", LOOK_AGAIN_MS],
    ["running", "ready", "ready", LOOK_AGAIN_MS],
    ["running", "degraded", "ready", LOOK_AGAIN_MS],
    ["running", "suspended", "suspended", null],
    ["running", "error", "error", null],
    ["stopped", "stopping", "stopped", null],
    ["stopped", "stopped", "stopped", null],
    ["deleted", "deleting", "deleted", null],
  ] as const)(
    "settled: wished %s and %s becomes %s, looked at again in %s ms",
    (desired, status, becomes, nextInMs) => {
      const plan = planAfterDrive(row(desired, status, { attempts: 3 }), { outcome: "settled" });
      expect(plan).toMatchObject({ status: becomes, attempts: 0, nextInMs });
    },
  );

  it.each([
    { outcome: "continue", after_ms: 500, reason: "The gateway is stopping." },
    { outcome: "retry", reason: "The host is away." },
    { outcome: "unreachable", reason: "The API cannot be reached." },
    { outcome: "settled" },
  ] as const)("what sleeps for want of credit keeps saying so, whatever comes of stopping it: %j", (outcome) => {
    const asleep = row("running", "suspended", { reason: "Your credits are used up." });
    expect(planAfterDrive(asleep, outcome)).toMatchObject({ status: "suspended", reason: "Your credits are used up." });
  });

  it("a setting that settles keeps no old reason", () => {
    const plan = planAfterDrive(row("running", "provisioning", { reason: "The host is away." }), {
      outcome: "settled",
    });
    expect(plan.reason).toBeNull();
  });

  it("work under way comes back when it asked to, and starts the backoff anew", () => {
    const plan = planAfterDrive(row("running", "provisioning", { attempts: 5 }), {
      outcome: "continue",
      after_ms: 2000,
      reason: "The gateway is starting.",
    });
    expect(plan).toEqual({ status: "provisioning", reason: "The gateway is starting.", attempts: 0, nextInMs: 2000 });
  });

  it("asking to come back at once does not spin", () => {
    const plan = planAfterDrive(row("running", "provisioning"), { outcome: "continue", after_ms: 0, reason: null });
    expect(plan.nextInMs).toBe(100);
  });

  it("what is away is asked again with growing pauses, and the owner reads why", () => {
    let attempts = 0;
    const pauses: (number | null)[] = [];
    for (let count = 0; count < 8; count += 1) {
      const plan = planAfterDrive(row("running", "provisioning", { attempts }), {
        outcome: "retry",
        reason: "The host is away.",
      });
      expect(plan).toMatchObject({ status: "provisioning", reason: "The host is away." });
      attempts = plan.attempts;
      pauses.push(plan.nextInMs);
    }
    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
  });

  it.each(["retry", "continue"] as const)("a runtime that needs %s is not shown as ready", (kind) => {
    const outcome: DriveOutcome =
      kind === "retry"
        ? { outcome: "retry", reason: "Away." }
        : { outcome: "continue", after_ms: 500, reason: "Away." };
    expect(planAfterDrive(row("running", "ready"), outcome)).toMatchObject({ status: "degraded", reason: "Away." });
  });

  it.each(["retry", "continue"] as const)(
    "a gateway that came back while a drive was in flight stays ready when that drive says %s",
    (kind) => {
      const outcome: DriveOutcome =
        kind === "retry"
          ? { outcome: "retry", reason: "Away." }
          : { outcome: "continue", after_ms: 500, reason: "Away." };
      expect(planAfterDrive(row("running", "ready", { overtaken: true }), outcome)).toEqual({
        status: "ready",
        reason: null,
        attempts: 0,
        nextInMs: 0,
      });
    },
  );

  it("an API that is away says nothing about a runtime that is ready", () => {
    const plan = planAfterDrive(row("running", "ready"), {
      outcome: "unreachable",
      reason: "The API cannot be reached.",
    });
    expect(plan).toEqual({ status: "ready", reason: null, attempts: 1, nextInMs: 500 });
  });

  it("an API that is away is the reason of a row that waits for it", () => {
    const plan = planAfterDrive(row("running", "provisioning"), {
      outcome: "unreachable",
      reason: "The API cannot be reached.",
    });
    expect(plan).toMatchObject({ status: "provisioning", reason: "The API cannot be reached.", nextInMs: 500 });
  });

  it.each(["provisioning", "ready", "degraded", "stopping", "deleting"] as const)(
    "failed: %s becomes error with the reason",
    (status) => {
      const plan = planAfterDrive(row("running", status), {
        outcome: "failed",
        reason: "The configuration is refused.",
      });
      expect(plan).toEqual({ status: "error", reason: "The configuration is refused.", attempts: 0, nextInMs: null });
    },
  );

  it("stale: the row is left alone and asked about again", () => {
    const plan = planAfterDrive(row("running", "provisioning", { reason: "x" }), { outcome: "stale" });
    expect(plan).toEqual({ status: "provisioning", reason: "x", attempts: 1, nextInMs: 500 });
  });
});

describe("for every row and outcome", () => {
  const outcomes: DriveOutcome[] = [
    { outcome: "settled" },
    { outcome: "continue", after_ms: 10, reason: null },
    { outcome: "retry", reason: "r" },
    { outcome: "failed", reason: "f" },
    { outcome: "stale" },
    { outcome: "unreachable", reason: "u" },
  ];
  const rows = InstanceStatus.options.flatMap((status) =>
    DesiredState.options.map((desired) => row(desired, status, { reason: "old" })),
  );

  it.each(outcomes)("$outcome takes only arrows of the table and never drives what rests", (outcome) => {
    const plans = rows.map((before) => ({ from: before.status, plan: planAfterDrive(before, outcome) }));
    const outside = plans.filter(({ from, plan }) => from !== plan.status && arrow(from, plan.status) !== "report");
    const restless = plans.filter(({ plan }) => isResting(plan.status) && plan.nextInMs !== null);
    expect({ outside, restless }).toEqual({ outside: [], restless: [] });
  });

  it("an error keeps its own reason when a late drive comes in", () => {
    for (const outcome of outcomes) {
      expect(planAfterDrive(row("running", "error", { reason: "Gave up." }), outcome)).toMatchObject({
        status: "error",
        reason: "Gave up.",
      });
    }
  });
});

describe("the backoff", () => {
  it("never exceeds 15 s, however often it failed", () => {
    expect(backoffMs(1000)).toBe(15_000);
  });
});
