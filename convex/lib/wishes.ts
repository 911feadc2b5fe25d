import type { DesiredState, ErrorCode, InstanceStatus } from "@oa/contract";
import { arrow, COURSE } from "./transitions.ts";

/** What a wish is decided on. */
interface WishedRow {
  status: InstanceStatus;
  desired: DesiredState;
}

/** What a claim does. `row` is the one that was given. */
export type WishPlan<Row extends WishedRow> =
  /** The wish stands already: the same row comes back. */
  | { kind: "unchanged"; row: Row }
  | { kind: "refused"; code: Extract<ErrorCode, "no_instance" | "conflict">; message: string }
  /** A new row. */
  | { kind: "create"; status: InstanceStatus }
  /** The next generation. `newInstance`: under a new instance id, because the old one's things are gone. */
  | { kind: "change"; row: Row; status: InstanceStatus; newInstance: boolean };

/**
 * | wish    | no row      | deleted      | stands already | deletion wished        | else   |
 * |---------|-------------|--------------|----------------|------------------------|--------|
 * | running | create      | new instance | unchanged      | refused                | change |
 * | stopped | no instance | no instance  | unchanged      | refused                | change |
 * | deleted | no instance | unchanged    | unchanged      | change (after `error`) | change |
 *
 * A wish does not stand in `error` and `suspended`: asking again starts again.
 */
export function planWish<Row extends WishedRow>(row: Row | null, wish: DesiredState): WishPlan<Row> {
  const { start } = COURSE[wish];
  if (row === null) return wish === "running" ? { kind: "create", status: start } : NOTHING_THERE;
  if (row.status === "deleted") {
    if (wish === "running") return { kind: "change", row, status: start, newInstance: true };
    return wish === "deleted" ? { kind: "unchanged", row } : NOTHING_THERE;
  }
  const interrupted = row.status === "error" || row.status === "suspended";
  if (row.desired === wish && !interrupted) return { kind: "unchanged", row };
  if (row.desired === "deleted" && wish !== "deleted") return row.status === "error" ? HALF_DELETED : BEING_DELETED;
  if (arrow(row.status, start) !== "wish") {
    return { kind: "refused", code: "conflict", message: `An OpenClaw that is ${row.status} cannot become ${start}.` };
  }
  return { kind: "change", row, status: start, newInstance: false };
}

const NOTHING_THERE = {
  kind: "refused",
  code: "no_instance",
  message: "This user has no OpenClaw. Create one first.",
} as const;

const BEING_DELETED = {
  kind: "refused",
  code: "conflict",
  message: "This OpenClaw is being deleted. Create a new one when that is done.",
} as const;

const HALF_DELETED = {
  kind: "refused",
  code: "conflict",
  message: "Deleting this OpenClaw failed half-way. Delete it again before you create a new one.",
} as const;
