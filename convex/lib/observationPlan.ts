import type { GatewayState, InstanceStatus, JobReport } from "@oa/contract";

/** What a report of the gateway does to the row: a new status, a drive at once, or nothing. */
export interface ObservationPlan {
  status: InstanceStatus;
  reason: string | null;
  /** True where the reconciler should look now instead of at its own time. */
  drive: boolean;
}

const DOWN_REASON: { readonly [State in Exclude<GatewayState, "running">]: string } = {
  starting: "The gateway is starting.",
  stopped: "The gateway is not running.",
  error: "The gateway has failed.",
};

/**
 * | status       | gateway   | becomes    | drive |
 * |--------------|-----------|------------|-------|
 * | provisioning | running   | stays      | yes: the rest of the steps need not wait for the next look |
 * | ready        | down      | `degraded` | yes: the reconciler may know more |
 * | degraded     | running   | `ready`    | yes: to confirm it; and a drive in flight that looked earlier is out of date |
 * | degraded     | down      | stays, with the new reason | no |
 * | stopping     | stopped   | stays      | yes |
 * | else         |           | stays      | no |
 */
export function planAfterObservation(
  row: { status: InstanceStatus; reason: string | null },
  gateway: { status: GatewayState; reason: string | null },
): ObservationPlan {
  const stay = { status: row.status, reason: row.reason };
  if (gateway.status === "running") {
    if (row.status === "degraded") return { status: "ready", reason: null, drive: true };
    return { ...stay, drive: row.status === "provisioning" };
  }
  const reason = gateway.reason ?? DOWN_REASON[gateway.status];
  switch (row.status) {
    case "ready":
      return { status: "degraded", reason, drive: true };
    case "degraded":
      return { status: "degraded", reason, drive: false };
    case "stopping":
      return { ...stay, drive: gateway.status === "stopped" };
    case "provisioning":
    case "stopped":
    case "suspended":
    case "deleting":
    case "deleted":
    case "error":
      return { ...stay, drive: false };
  }
}

/**
 * The newer of the stored report of long work and a given one; the stored one itself where the given one is older. A clock that
 * runs ahead counts as ours, so that it cannot shut out the reports after it.
 */
export function newerJobs(
  stored: JobReport | undefined,
  given: JobReport | undefined,
  now: number,
): JobReport | undefined {
  if (given === undefined) return stored;
  const at = Math.min(given.at, now);
  return stored !== undefined && at < stored.at ? stored : { ...given, at };
}
