import type { JobOutcome, JobReport, RuntimeJob } from "@oa/contract/runtime";
import { RequestError } from "./requestError.ts";

/** Long work as the live page knows it. */
export type Jobs = Pick<JobReport, "running" | "last">;

export const NO_JOBS: Jobs = { running: null, last: null };

/** What is going on, in people's words. */
export const JOB_TITLES: Readonly<Record<RuntimeJob["kind"], string>> = {
  backup: "Backing up",
  restore: "Restoring",
  restart: "Restarting the gateway",
};

/** An act of this page that asks for long work: as its mutation stands. */
export interface Asked {
  error: Error | null;
  /** When it was asked for, in ms. */
  submittedAt: number;
}

/** `refused`: what the door answered this page. `reported`: how work that was not answered here, or not asked for here, ended. */
export type JobFailure = { from: "refused"; error: Error } | { from: "reported"; outcome: JobOutcome };

/** A failure that is older is history; the list of activities has it. */
const RECENT_MS = 24 * 60 * 60_000;

/**
 * What to say of work that did not work; null where there is nothing to say. An answer that did not come says nothing of the
 * work, so how it ended counts as soon as that is known.
 */
export function failureOf(
  kind: RuntimeJob["kind"],
  { error, submittedAt }: Asked,
  jobs: Jobs,
  now: number,
): JobFailure | null {
  const last = jobs.last?.kind === kind ? jobs.last : null;
  const ended = last !== null && last.endedAt >= submittedAt;
  if (error !== null && !(isUnanswered(error) && ended)) return { from: "refused", error };
  if (last?.result !== "failed" || last.endedAt < now - RECENT_MS) return null;
  return { from: "reported", outcome: last };
}

function isUnanswered(error: Error): boolean {
  return error instanceof RequestError && (error.code === "timeout" || error.code === "offline");
}
