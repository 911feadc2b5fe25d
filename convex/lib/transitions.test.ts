import { InstanceStatus } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { arrow, COURSE, DEADLINES, isResting, type Cause } from "./transitions.ts";

/** Every arrow there is, by name. Each of the other pairs of statuses is impossible, and is tried too. */
const ARROWS: readonly [name: string, from: InstanceStatus, to: InstanceStatus, cause: Cause][] = [
  ["S1 a gateway came up", "provisioning", "ready", "report"],
  ["S2 it could not be set up", "provisioning", "error", "report"],
  ["S3 credits ran out during setup", "provisioning", "suspended", "report"],
  ["S4 the owner gave up waiting", "provisioning", "stopping", "wish"],
  ["S5 the owner deleted it during setup", "provisioning", "deleting", "wish"],
  ["S6 the gateway went away", "ready", "degraded", "report"],
  ["S7 it failed for good", "ready", "error", "report"],
  ["S8 credits ran out", "ready", "suspended", "report"],
  ["S9 the owner stopped it", "ready", "stopping", "wish"],
  ["S10 the owner deleted it", "ready", "deleting", "wish"],
  ["S11 the gateway is back", "degraded", "ready", "report"],
  ["S12 it did not come back", "degraded", "error", "report"],
  ["S13 credits ran out while it was down", "degraded", "suspended", "report"],
  ["S14 the owner stopped what was down", "degraded", "stopping", "wish"],
  ["S15 the owner deleted what was down", "degraded", "deleting", "wish"],
  ["S16 it has stopped", "stopping", "stopped", "report"],
  ["S17 it does not stop", "stopping", "error", "report"],
  ["S18 the owner wants it after all", "stopping", "provisioning", "wish"],
  ["S19 deleted while it stops", "stopping", "deleting", "wish"],
  ["S20 started again", "stopped", "provisioning", "wish"],
  ["S21 deleted while stopped", "stopped", "deleting", "wish"],
  ["S22 credits are back", "suspended", "provisioning", "wish"],
  ["S23 stopped while suspended", "suspended", "stopping", "wish"],
  ["S24 deleted while suspended", "suspended", "deleting", "wish"],
  ["S25 nothing of it is left", "deleting", "deleted", "report"],
  ["S26 it cannot be deleted", "deleting", "error", "report"],
  ["S27 a new one after a deletion", "deleted", "provisioning", "wish"],
  ["S28 retry after an error", "error", "provisioning", "wish"],
  ["S29 stop after an error", "error", "stopping", "wish"],
  ["S30 delete after an error", "error", "deleting", "wish"],
];

const impossible = InstanceStatus.options.flatMap((from) =>
  InstanceStatus.options
    .filter((to) => !ARROWS.some(([, f, t]) => f === from && t === to))
    .map((to): [InstanceStatus, InstanceStatus] => [from, to]),
);

describe("which status may follow which", () => {
  it.each(ARROWS)("%s: %s -> %s by %s", (_name, from, to, cause) => {
    expect(arrow(from, to)).toBe(cause);
  });

  it.each(impossible)("never: %s -> %s", (from, to) => {
    expect(arrow(from, to)).toBeNull();
  });

  it("covers all 81 pairs", () => {
    expect(ARROWS.length + impossible.length).toBe(InstanceStatus.options.length ** 2);
  });
});

describe("nothing stands still for ever", () => {
  const mayLast: readonly InstanceStatus[] = ["ready", "degraded", "stopped", "suspended", "deleted", "error"];

  it.each(mayLast)("%s may last", (status) => {
    expect(DEADLINES[status]).toBeNull();
  });

  it.each(InstanceStatus.options.filter((status) => !mayLast.includes(status)))(
    "%s is given up at a deadline, with a reason, and the table allows it",
    (status) => {
      expect(DEADLINES[status]?.reason).toMatch(/\w+ again to retry\.$/);
      expect(arrow(status, "error")).toBe("report");
    },
  );

  it.each(["running", "stopped", "deleted"] as const)("the course of the wish %s is made of arrows", (wish) => {
    const { start, goal } = COURSE[wish];
    expect(arrow(start, goal)).toBe("report");
    expect(isResting(start)).toBe(false);
    expect(DEADLINES[start]).not.toBeNull();
  });
});
