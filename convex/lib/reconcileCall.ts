import {
  API_PATHS,
  envelopeOf,
  INTERNAL_KEY_HEADER,
  REQUEST_ID_HEADER,
  ReconcileResult,
  type ReconcileRequest,
} from "@oa/contract";
import { DRIVE_DEADLINE_MS, type DriveOutcome } from "./drivePlan.ts";
import { readLimited } from "./readLimited.ts";

const MAX_ANSWER_BYTES = 1024 * 1024;

/** Where the reconciler is, and the key that proves us to it. */
export interface ReconcilerEnv {
  /** Base of the API Worker. */
  OA_API_URL?: string | undefined;
  OA_INTERNAL_KEY?: string | undefined;
}

/**
 * One call of `POST /internal/openclaw/reconcile`. Never throws: an answer that did not come, or not in its own form, is
 * an outcome with a sentence for people. The Worker's raw words are passed on only where they name a missing variable.
 */
export async function callReconciler(
  env: ReconcilerEnv,
  request: ReconcileRequest,
  requestId: string,
  deadlineMs = DRIVE_DEADLINE_MS,
): Promise<DriveOutcome> {
  const base = env.OA_API_URL ?? "";
  const key = env.OA_INTERNAL_KEY ?? "";
  if (!URL.canParse(base) || !/^https?:/.test(base)) return unreachable(notConfigured("OA_API_URL"));
  if (key === "") return unreachable(notConfigured("OA_INTERNAL_KEY"));

  const aborter = new AbortController();
  const timer = setTimeout(() => aborter.abort(), deadlineMs);
  try {
    const response = await fetch(new URL(API_PATHS.reconcile, base), {
      method: "POST",
      headers: { "content-type": "application/json", [INTERNAL_KEY_HEADER]: key, [REQUEST_ID_HEADER]: requestId },
      body: JSON.stringify(request),
      // A redirect would carry the key to wherever it points.
      redirect: "manual",
      signal: aborter.signal,
    });
    const text = await readLimited(response.body, MAX_ANSWER_BYTES);
    return outcomeOf(text);
  } catch {
    return unreachable(aborter.signal.aborted ? "The API did not answer in time." : "The API cannot be reached.");
  } finally {
    clearTimeout(timer);
  }
}

const Answer = envelopeOf(ReconcileResult);

function outcomeOf(text: string | null): DriveOutcome {
  const parsed = Answer.safeParse(jsonOf(text ?? ""));
  if (!parsed.success) return unreachable("The API did not answer in its own form.");
  if (parsed.data.ok) return parsed.data.data;
  const { code, message } = parsed.data.error;
  switch (code) {
    case "unauthorized":
    case "forbidden":
      return unreachable(
        "The API refuses this installation's key. Its operator has to set the same OA_INTERNAL_KEY on both sides.",
      );
    case "not_configured":
      return unreachable(message.slice(0, 400));
    default:
      return unreachable(`The API could not look at the instance (${code}).`);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function notConfigured(variable: string): string {
  return `This installation is not set up completely: ${variable} is missing on the Convex deployment.`;
}

function unreachable(reason: string): DriveOutcome {
  return { outcome: "unreachable", reason: `${reason} It is asked again by itself.` };
}
