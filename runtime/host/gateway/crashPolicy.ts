import type { Exit } from "./process.ts";

/**
 * What to do after a gateway ended without being told to. Pure: what happened goes in, the next move comes out.
 *
 * Exit codes of `openclaw gateway run`: 0 it stopped by itself (a restart it was asked for), 1 it could not start (port in
 * use, a secret missing), 78 it refuses its configuration or another gateway holds its state folder.
 */

export const EXIT_REFUSED = 78;

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 30_000;
/** A gateway that was ready this long has proved itself: what went wrong before is forgotten. */
const PROVEN_MS = 60_000;
/** From here on the instance is shown as failing, while it is still tried again. */
const FAILING_AFTER = 4;
/** The same refusal twice: once as it was, once after the repair. */
const REFUSALS = 2;

/** Failures in a row, and how many of the last were refusals. */
export interface CrashRecord {
  failures: number;
  refusals: number;
}

export const NO_CRASHES: CrashRecord = { failures: 0, refusals: 0 };

export interface Ending {
  exit: Exit | "boot-timeout" | "unresponsive";
  /** How long it had been ready, in milliseconds; null when it never was. */
  readyForMs: number | null;
}

export type NextMove =
  /** It asked to be started anew: at once, not a crash. */
  | { kind: "again"; record: CrashRecord }
  /** Start it again after `delayMs`; `failing`: it has failed often enough to say so. */
  | { kind: "retry"; record: CrashRecord; delayMs: number; failing: boolean; why: string }
  /** Sweep leftovers and go back to the last good configuration, then start it again. */
  | { kind: "repair"; record: CrashRecord; delayMs: number; why: string }
  /** Nothing that is tried here will help. */
  | { kind: "give-up"; record: CrashRecord; why: string };

export function nextMove(before: CrashRecord, ending: Ending): NextMove {
  const proven = ending.readyForMs !== null && ending.readyForMs >= PROVEN_MS;
  const past = proven ? NO_CRASHES : before;
  const code = typeof ending.exit === "string" ? null : ending.exit.code;
  // Exit 0 without having been ready would be a loop: that one waits like a crash.
  if (code === 0 && ending.readyForMs !== null && past.failures === 0)
    return { kind: "again", record: { failures: 1, refusals: 0 } };

  const refused = code === EXIT_REFUSED;
  const record: CrashRecord = { failures: past.failures + 1, refusals: refused ? past.refusals + 1 : 0 };
  const why = describeEnding(ending);
  if (refused && record.refusals >= REFUSALS) return { kind: "give-up", record, why };
  const delayMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (record.failures - 1));
  if (refused) return { kind: "repair", record, delayMs, why };
  return { kind: "retry", record, delayMs, failing: record.failures >= FAILING_AFTER, why };
}

/** One sentence for people: what happened to the gateway. */
export function describeEnding({ exit, readyForMs }: Ending): string {
  const when = readyForMs === null ? "before it was ready" : "while it was running";
  if (exit === "boot-timeout") return "The gateway did not become ready in time.";
  if (exit === "unresponsive") return "The gateway stopped answering and was ended.";
  if (exit.signal === "SIGKILL") return `The gateway was killed ${when} (SIGKILL; often the machine is out of memory).`;
  if (exit.signal === "SIGABRT") return `The gateway ran out of its own memory or aborted ${when} (SIGABRT).`;
  if (exit.signal !== null) return `The gateway was ended by ${exit.signal} ${when}.`;
  switch (exit.code) {
    case 0:
      return `The gateway stopped by itself ${when} (exit 0).`;
    case 1:
      return `The gateway could not go on ${when} (exit 1).`;
    case EXIT_REFUSED:
      return "The gateway refuses its configuration (exit 78).";
    case 127:
      return "The gateway could not be started (no such program).";
    case null:
      return `The gateway ended ${when}.`;
    default:
      return `The gateway ended ${when} (exit ${exit.code}).`;
  }
}
