import { API_PATHS, envelopeOf, ReconcileResult, type ReconcileRequest } from "@oa/contract";
import { DRIVE_DEADLINE_MS, type DriveOutcome } from "./drivePlan.ts";
import { callWorker, type WorkerEnv } from "./workerCall.ts";

/**
 * One call of `POST /internal/openclaw/reconcile`. Never throws: an answer that did not come, or not in its own form, is
 * an outcome with a sentence for people. The Worker's raw words are passed on only where they name a missing variable.
 */
export async function callReconciler(
  env: WorkerEnv,
  request: ReconcileRequest,
  requestId: string,
  deadlineMs = DRIVE_DEADLINE_MS,
): Promise<DriveOutcome> {
  const answer = await callWorker(env, { path: API_PATHS.reconcile, body: request, requestId, deadlineMs });
  switch (answer.kind) {
    case "not_configured":
      return unreachable(notConfigured(answer.variable));
    case "silent":
      return unreachable(answer.why === "deadline" ? "The API did not answer in time." : "The API cannot be reached.");
    case "answer":
      return outcomeOf(answer.body);
  }
}

const Answer = envelopeOf(ReconcileResult);

function outcomeOf(body: unknown): DriveOutcome {
  const parsed = Answer.safeParse(body);
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

function notConfigured(variable: string): string {
  return `This installation is not set up completely: ${variable} is missing on the Convex deployment.`;
}

function unreachable(reason: string): DriveOutcome {
  return { outcome: "unreachable", reason: `${reason} It is asked again by itself.` };
}
