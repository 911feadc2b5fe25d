import type { DesiredState, InstanceStatus, ReconcileResult } from "@oa/contract";
import { arrow, COURSE, isResting } from "./transitions.ts";

/** One call of the reconciler may take this long; its own pass ends before. */
export const DRIVE_DEADLINE_MS = 25_000;
/** A drive in flight is given up after its deadline and the time its outcome needs to be written. */
export const LEASE_MS = DRIVE_DEADLINE_MS + 5_000;
/** How often something that runs is looked at for drift. */
export const LOOK_AGAIN_MS = 60_000;
/** The sweep takes a drive for lost this long after it should have begun. */
export const OVERDUE_MS = 2_000;

const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 15_000;
/** The soonest the next call follows one that came back, so that nothing spins. */
const PAUSE_MS = 100;

/** 0.5 s, 1 s, 2 s … 15 s after the first, second, third … failure in a row. */
export function backoffMs(attempts: number): number {
  return Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.max(0, attempts - 1));
}

/** What a drive brought: the reconciler's answer, or why there was none. */
export type DriveOutcome = ReconcileResult | { outcome: "unreachable"; reason: string };

/** What a drive's outcome does to the row and its timetable. */
export interface DrivePlan {
  /** The status to set; the present one where it stays. */
  status: InstanceStatus;
  reason: string | null;
  /** Failed drives in a row. */
  attempts: number;
  /** Milliseconds until the next drive; null: none is needed. */
  nextInMs: number | null;
}

/** What a plan is made from. */
export interface DrivenRow {
  status: InstanceStatus;
  desired: DesiredState;
  reason: string | null;
  attempts: number;
  /** A report came in while the drive was in flight: what it found is older than what the row says. */
  overtaken: boolean;
}

/**
 * Pure: from where the row stands and what the drive found to what is written.
 *
 * | outcome     | status | reason | next |
 * |-------------|--------|--------|------|
 * | settled     | the wish's goal; `error` and `suspended` stay | none | 60 s while it should run, else none |
 * | continue    | `ready` -> `degraded` | the answer's | `after_ms` |
 * | retry       | `ready` -> `degraded` | the answer's | backoff |
 * | failed      | `error` | the answer's | none |
 * | stale       | stays | stays | backoff: the row has not moved, so whoever said so knows another one |
 * | unreachable | stays: nothing was learnt of the runtime | told unless it is `ready` | backoff |
 *
 * `suspended` keeps its own reason, whatever comes of stopping the runtime.
 *
 * A status that rests (`stopped`, `deleted`, `error`) is left as it is, and is not driven again.
 */
export function planAfterDrive(row: DrivenRow, outcome: DriveOutcome): DrivePlan {
  const plan = planByOutcome(row, outcome);
  // The gateway came back meanwhile: it is looked at once more before anyone is told otherwise.
  if (row.overtaken && row.status === "ready" && plan.status === "degraded")
    return stay(row, { attempts: 0, nextInMs: 0 });
  // A deadline may have passed, or the reconciler itself have written the end, while the drive was in flight.
  return isResting(plan.status) ? { ...plan, attempts: 0, nextInMs: null } : plan;
}

function planByOutcome(row: DrivenRow, outcome: DriveOutcome): DrivePlan {
  const failures = row.attempts + 1;
  switch (outcome.outcome) {
    case "settled":
      return settled(row);
    case "continue":
      return {
        ...doubted(row, outcome.reason),
        attempts: 0,
        nextInMs: Math.max(PAUSE_MS, outcome.after_ms),
      };
    case "retry":
      return { ...doubted(row, outcome.reason), attempts: failures, nextInMs: backoffMs(failures) };
    case "failed":
      if (arrow(row.status, "error") !== "report") return stay(row, { attempts: 0, nextInMs: null });
      return { status: "error", reason: outcome.reason, attempts: 0, nextInMs: null };
    case "stale":
      return stay(row, { attempts: failures, nextInMs: backoffMs(failures) });
    case "unreachable": {
      const next = stay(row, { attempts: failures, nextInMs: backoffMs(failures) });
      return row.status === "ready" || row.status === "suspended" || isResting(row.status)
        ? next
        : { ...next, reason: outcome.reason };
    }
  }
}

function settled(row: DrivenRow): DrivePlan {
  const { goal } = COURSE[row.desired];
  const arrived = row.status === goal || arrow(row.status, goal) === "report";
  if (!arrived) return stay(row, { attempts: 0, nextInMs: null });
  return { status: goal, reason: null, attempts: 0, nextInMs: goal === "ready" ? LOOK_AGAIN_MS : null };
}

function stay(row: DrivenRow, next: { attempts: number; nextInMs: number | null }): DrivePlan {
  return { status: row.status, reason: row.reason, ...next };
}

/** A runtime that is not as it should be is not `ready`, whatever the row said. */
function doubted(row: DrivenRow, reason: string | null): { status: InstanceStatus; reason: string | null } {
  if (isResting(row.status)) return { status: row.status, reason: row.reason };
  // It sleeps for want of credit; how far the fleet has come with stopping it is nothing its owner has to know.
  if (row.status === "suspended") return { status: row.status, reason: row.reason };
  if (row.status !== "ready") return { status: row.status, reason };
  return { status: "degraded", reason: reason ?? "The gateway is not ready at the moment." };
}
