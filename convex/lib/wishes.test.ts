import { DesiredState, InstanceStatus } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { planWish } from "./wishes.ts";

type Row = [desired: DesiredState, status: InstanceStatus] | null;
type Expected = "unchanged" | "no_instance" | "conflict" | "create" | `change to ${InstanceStatus}` | "new instance";

/** Every row a user may have, each wish they may state, and what comes of it. */
const CASES: readonly [row: Row, running: Expected, stopped: Expected, deleted: Expected][] = [
  [null, "create", "no_instance", "no_instance"],
  [["running", "provisioning"], "unchanged", "change to stopping", "change to deleting"],
  [["running", "ready"], "unchanged", "change to stopping", "change to deleting"],
  [["running", "degraded"], "unchanged", "change to stopping", "change to deleting"],
  [["running", "suspended"], "change to provisioning", "change to stopping", "change to deleting"],
  [["running", "error"], "change to provisioning", "change to stopping", "change to deleting"],
  [["stopped", "stopping"], "change to provisioning", "unchanged", "change to deleting"],
  [["stopped", "stopped"], "change to provisioning", "unchanged", "change to deleting"],
  [["stopped", "error"], "change to provisioning", "change to stopping", "change to deleting"],
  [["deleted", "deleting"], "conflict", "conflict", "unchanged"],
  [["deleted", "error"], "conflict", "conflict", "change to deleting"],
  [["deleted", "deleted"], "new instance", "no_instance", "unchanged"],
];

function outcome(row: Row, wish: DesiredState): Expected {
  const plan = planWish(row === null ? null : { desired: row[0], status: row[1] }, wish);
  switch (plan.kind) {
    case "create":
    case "unchanged":
      return plan.kind;
    case "refused":
      return plan.code;
    case "change":
      return plan.newInstance ? "new instance" : `change to ${plan.status}`;
  }
}

describe("what a wish does to a row", () => {
  it.each(CASES)("%j: running %s, stopped %s, deleted %s", (row, running, stopped, deleted) => {
    expect([outcome(row, "running"), outcome(row, "stopped"), outcome(row, "deleted")]).toEqual([
      running,
      stopped,
      deleted,
    ]);
  });

  it("knows every status", () => {
    const covered = new Set(CASES.flatMap(([row]) => (row === null ? [] : [row[1]])));
    expect([...covered].sort()).toEqual([...InstanceStatus.options].sort());
  });

  it("never changes a row into what it is, and never makes a second row", () => {
    const rows = InstanceStatus.options.flatMap((status) =>
      DesiredState.options.map((desired) => ({ status, desired })),
    );
    const plans = rows.flatMap((row) => DesiredState.options.map((wish) => ({ row, plan: planWish(row, wish) })));
    const idle = plans.filter(({ row, plan }) => plan.kind === "change" && plan.status === row.status);
    const doubled = plans.filter(({ plan }) => plan.kind === "create");
    expect({ idle, doubled }).toEqual({ idle: [], doubled: [] });
  });
});
