import type { DesiredState, InstanceStatus } from "@oa/contract";

/**
 * Which status may follow which, and on whose word. Everything that is not an arrow here is refused.
 *
 * - `wish`: the owner asked for it (a claim). Starts a new generation.
 * - `report`: the control plane found it so (the reconciler, a fleet's event, a deadline). Same generation.
 */
export type Cause = "wish" | "report";

const ARROWS: { readonly [From in InstanceStatus]: { readonly [To in InstanceStatus]?: Cause } } = {
  provisioning: { ready: "report", suspended: "report", error: "report", stopping: "wish", deleting: "wish" },
  ready: { degraded: "report", suspended: "report", error: "report", stopping: "wish", deleting: "wish" },
  degraded: { ready: "report", suspended: "report", error: "report", stopping: "wish", deleting: "wish" },
  stopping: { stopped: "report", error: "report", provisioning: "wish", deleting: "wish" },
  stopped: { provisioning: "wish", deleting: "wish" },
  suspended: { provisioning: "wish", stopping: "wish", deleting: "wish" },
  // Nothing leaves a deletion but its end: what is half gone cannot be run again.
  deleting: { deleted: "report", error: "report" },
  deleted: { provisioning: "wish" },
  error: { provisioning: "wish", stopping: "wish", deleting: "wish" },
};

/** Who may take a row from one status to another; null where nobody may. */
export function arrow(from: InstanceStatus, to: InstanceStatus): Cause | null {
  return ARROWS[from][to] ?? null;
}

/** The status a wish starts with, and the one it is fulfilled at. */
export const COURSE: {
  readonly [Wish in DesiredState]: { readonly start: InstanceStatus; readonly goal: InstanceStatus };
} = {
  running: { start: "provisioning", goal: "ready" },
  stopped: { start: "stopping", goal: "stopped" },
  deleted: { start: "deleting", goal: "deleted" },
};

const MINUTE_MS = 60 * 1000;

/** How long a status may stand without progress, in milliseconds, and what the owner reads when the row becomes `error`. */
export interface Deadline {
  ms: number;
  reason: string;
}

/**
 * Every status that must not last has a deadline; null: it may last. `degraded` may, because it is looked at every minute
 * and mends itself when the runtime is back: an hour's outage of a host must not leave its users a row they have to mend.
 */
export const DEADLINES: { readonly [Status in InstanceStatus]: Deadline | null } = {
  provisioning: {
    ms: 30 * MINUTE_MS,
    reason: "Setting up made no progress for 30 minutes and was given up. Create again to retry.",
  },
  stopping: {
    ms: 30 * MINUTE_MS,
    reason: "Stopping made no progress for 30 minutes and was given up. Stop again to retry.",
  },
  // Long: a host that is away for hours must not leave a runtime behind that nobody deletes.
  deleting: { ms: 24 * 60 * MINUTE_MS, reason: "Deleting did not finish within a day. Delete again to retry." },
  ready: null,
  degraded: null,
  stopped: null,
  suspended: null,
  deleted: null,
  error: null,
};

/** Nothing is driven here until the owner wishes something else. */
const RESTING: ReadonlySet<InstanceStatus> = new Set<InstanceStatus>(["stopped", "deleted", "error"]);

/** True where the reconciler has nothing to do for a row of this status. */
export function isResting(status: InstanceStatus): boolean {
  return RESTING.has(status);
}
