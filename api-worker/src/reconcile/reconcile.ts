import { ApiError } from "@oa/contract";
import type { ControlInstance, ReconcileRequest, ReconcileResult } from "@oa/contract";
import type { Services } from "../context.ts";
import { controlClient } from "../control/client.ts";
import { nameFor } from "../fleet/names.ts";
import { decide } from "./decide.ts";
import { perform } from "./perform.ts";
import type { World } from "./world.ts";

/** Convex gives a drive 25 s; a pass ends before that with a word of its own. */
const PASS_DEADLINE_MS = 20_000;

/** The longest way from a fresh row to `ready` takes about 20 actions. */
const MAX_ACTIONS = 40;

/**
 * One pass over one instance: read, decide, act, until there is nothing to do now. Never waits for a boot; the answer
 * says when to come back.
 *
 * @throws ApiError `control_unreachable`: Convex, which asked, is itself away; it asks again by its own clock.
 */
export async function reconcile(
  request: ReconcileRequest,
  services: Services,
  requestId: string,
): Promise<ReconcileResult> {
  const { config, fleet } = services;
  const signal = AbortSignal.timeout(PASS_DEADLINE_MS);
  const control = controlClient(config, requestId, { signal });
  const instance = await control.instanceById(request.instance_id);
  if (instance === null || instance.generation !== request.generation) return { outcome: "stale" };
  const hands = { config, control, fleet, call: { requestId, signal } };
  let world = firstLook(instance, services);
  try {
    for (let count = 0; count < MAX_ACTIONS && !signal.aborted; count += 1) {
      const action = decide(world);
      if (action.kind === "rest") return action.result;
      world = await perform(action, world, hands);
    }
  } catch (error) {
    if (!signal.aborted) return outcomeOf(error);
  }
  return { outcome: "retry", reason: "This takes longer than it should. It goes on in a moment." };
}

function firstLook(instance: ControlInstance, { config, fleet }: Services): World {
  return {
    instance,
    names: {
      runtimeName: nameFor(config.runtimeNamePrefix, instance.instance_id),
      bucketName: config.r2BucketPrefix === null ? null : nameFor(config.r2BucketPrefix, instance.instance_id),
      runtimeUrl: fleet.runtimeUrl(instance),
      addressIsScarce: fleet.addressIsScarce,
    },
    models: null,
    keyRegistered: false,
    fleet: null,
    wished: false,
    removal: null,
    health: null,
  };
}

/** What a refusal of Convex means for the drive. */
function outcomeOf(error: unknown): ReconcileResult {
  if (!(error instanceof ApiError)) throw error;
  switch (error.code) {
    case "stale_generation":
    case "no_instance":
    case "not_found":
      return { outcome: "stale" };
    case "taken":
      return { outcome: "failed", reason: "The runtime this installation is configured with serves another user." };
    case "secret_corrupt":
      return {
        outcome: "failed",
        reason:
          "A stored secret of this OpenClaw cannot be read. Remove your provider keys and store them again if you have any; else the operator has to check the encryption keys.",
      };
    case "not_configured":
      return { outcome: "retry", reason: error.message.slice(0, 500) };
    case "invalid_request":
      return {
        outcome: "failed",
        reason: `The control plane refuses what the fleet says: ${error.message}`.slice(0, 500),
      };
    case "conflict":
    case "invalid_transition":
      return { outcome: "retry", reason: "The instance changed while it was being worked on. It is looked at again." };
    default:
      throw error;
  }
}
