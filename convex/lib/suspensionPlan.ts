import type { DesiredState, InstanceStatus } from "@oa/contract";
import { arrow } from "./transitions.ts";

/**
 * When an OpenClaw that runs on credits goes to sleep for want of them, and when it wakes. Pure; what it is decided on is looked at
 * whenever it may have changed, and after `LOOK_AGAIN_MS` in any case.
 */
export interface SuspensionFacts {
  /** The balance is empty. */
  empty: boolean;
  /** Null where there is none, or it is being deleted. */
  instance: { status: InstanceStatus; desired: DesiredState; ownKeys: boolean } | null;
  /** The row that says since when; null where there is none. */
  watch: { since: number; suspend_at: number } | null;
  now: number;
  graceMs: number;
}

export interface SuspensionPlan {
  /** The watch as it is to be; null: none. */
  watch: { since: number; suspend_at: number; due_at: number } | null;
  act: "none" | "warn" | "suspend" | "resume";
}

const LOOK_AGAIN_MS = 24 * 60 * 60 * 1000;

/**
 * | balance, instance            | watch        | running is wished               | else |
 * |------------------------------|--------------|---------------------------------|------|
 * | credit, own keys, or nothing | dropped      | `suspended` resumes             | none |
 * | empty                        | none yet     | the grace begins: warn          | the grace begins |
 * | empty                        | grace lasts  | warn, which is told once        | none |
 * | empty                        | grace over   | suspend, where the status allows | none |
 *
 * The grace counts from when the credit was gone, not from a start: stopping and starting again does not begin it anew.
 */
export function planSuspension({ empty, instance, watch, now, graceMs }: SuspensionFacts): SuspensionPlan {
  const dependent = empty && instance !== null && !instance.ownKeys;
  if (!dependent) return { watch: null, act: instance?.status === "suspended" ? "resume" : "none" };
  const { since, suspend_at } = watch ?? { since: now, suspend_at: now + graceMs };
  const running = instance.desired === "running";
  if (now < suspend_at) {
    return {
      watch: { since, suspend_at, due_at: suspend_at },
      act: running && instance.status !== "suspended" ? "warn" : "none",
    };
  }
  const suspends = running && arrow(instance.status, "suspended") === "report";
  return { watch: { since, suspend_at, due_at: now + LOOK_AGAIN_MS }, act: suspends ? "suspend" : "none" };
}
