import type { InstanceStep, InstanceSummary, StepName } from "@oa/contract/instance";
import { provisioningStarted } from "./instanceView.ts";

/** What each step is called on the page. */
export const STEP_TITLES: Readonly<Record<StepName, string>> = {
  claim: "Reserve your place",
  service_token: "Make its keys",
  storage: "Prepare its storage",
  inference_key: "Connect your credits",
  runtime: "Start its runtime",
  gateway_boot: "Boot the OpenClaw gateway",
  health: "Check that it is healthy",
  ready: "Open it for your devices",
};

export interface StepsProgress {
  /** Steps that need no more work. */
  done: number;
  total: number;
  /** The step that runs, else the one that failed, else the next; null when all are done. */
  current: InstanceStep | null;
  /** Milliseconds since the first step began, or that the whole run took; null before it began. */
  elapsedMs: number | null;
}

/** Where a run of steps stands at `now`. */
export function stepsProgress(instance: InstanceSummary, now: number): StepsProgress {
  const { steps } = instance;
  const current =
    steps.find((step) => step.state === "failed") ??
    steps.find((step) => step.state === "running") ??
    steps.find((step) => step.state === "pending") ??
    null;
  const started = provisioningStarted(instance);
  const ended = current === null || current.state === "failed" ? lastFinish(steps) : null;
  return {
    done: steps.filter(isOver).length,
    total: steps.length,
    current,
    elapsedMs: started === null ? null : Math.max(0, (ended ?? now) - started),
  };
}

/** A step that took less than this is done at once, and its time says nothing. */
const AT_ONCE_MS = 100;

/** How long a step took, or has been running at `now`; null where there is nothing to say. */
export function stepDuration(step: InstanceStep, now: number): number | null {
  if (step.started_at === null || step.state === "skipped") return null;
  const took = Math.max(0, (step.finished_at ?? now) - step.started_at);
  return step.finished_at !== null && took < AT_ONCE_MS ? null : took;
}

function isOver(step: InstanceStep): boolean {
  return step.state === "done" || step.state === "skipped";
}

function lastFinish(steps: readonly InstanceStep[]): number | null {
  const ends = steps.flatMap((step) => (step.finished_at === null ? [] : [step.finished_at]));
  return ends.length === 0 ? null : Math.max(...ends);
}
