import { GatewayState, InstanceStatus } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { newerJobs, planAfterObservation } from "./observationPlan.ts";
import { arrow } from "./transitions.ts";

describe("what a fleet's report of the gateway does", () => {
  it("the awaited gateway is up: the reconciler goes on at once", () => {
    const plan = planAfterObservation(
      { status: "provisioning", reason: "Booting." },
      { status: "running", reason: null },
    );
    expect(plan).toEqual({ status: "provisioning", reason: "Booting.", drive: true });
  });

  it.each([
    ["stopped", null, "The gateway is not running."],
    ["starting", null, "The gateway is starting."],
    ["error", null, "The gateway has failed."],
    ["error", "It ran out of memory.", "It ran out of memory."],
  ] as const)("a ready instance whose gateway is %s (%s) becomes degraded: %s", (status, given, reason) => {
    const plan = planAfterObservation({ status: "ready", reason: null }, { status, reason: given });
    expect(plan).toEqual({ status: "degraded", reason, drive: true });
  });

  it("back up, it is ready again", () => {
    const plan = planAfterObservation({ status: "degraded", reason: "Down." }, { status: "running", reason: null });
    expect(plan).toEqual({ status: "ready", reason: null, drive: true });
  });

  it("a stop that is done need not wait for the next look", () => {
    expect(planAfterObservation({ status: "stopping", reason: null }, { status: "stopped", reason: null }).drive).toBe(
      true,
    );
  });

  it.each(["stopped", "suspended", "deleting", "deleted", "error"] as const)(
    "nothing a gateway says moves %s",
    (status) => {
      for (const gateway of GatewayState.options) {
        expect(planAfterObservation({ status, reason: "As it was." }, { status: gateway, reason: "x" })).toEqual({
          status,
          reason: "As it was.",
          drive: false,
        });
      }
    },
  );

  it("takes only arrows of the table", () => {
    const moves = InstanceStatus.options.flatMap((from) =>
      GatewayState.options.map((gateway) => {
        const { status: to } = planAfterObservation({ status: from, reason: null }, { status: gateway, reason: null });
        return { from, to };
      }),
    );
    const outside = moves.filter(({ from, to }) => from !== to && arrow(from, to) !== "report");
    expect(outside).toEqual([]);
  });
});

describe("reports of long work that overtake each other", () => {
  const at = (time: number) => ({ at: time, running: null, last: null });

  it("the newer by the runtime's own clock stays", () => {
    expect(newerJobs(undefined, undefined, 100)).toBeUndefined();
    expect(newerJobs(undefined, at(5), 100)).toEqual(at(5));
    const stored = at(5);
    expect(newerJobs(stored, undefined, 100)).toBe(stored);
    expect(newerJobs(stored, at(4), 100)).toBe(stored);
    expect(newerJobs(stored, at(6), 100)).toEqual(at(6));
  });

  it("a clock that runs ahead is taken for ours", () => {
    expect(newerJobs(undefined, at(900), 100)).toEqual(at(100));
  });
});
