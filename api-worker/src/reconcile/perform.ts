import { ApiError, RUNTIME_PATHS, RuntimeStatus } from "@oa/contract";
import type { ControlInstance } from "@oa/contract";
import type { ControlClient } from "../control/client.ts";
import type { CallOptions, Fleet } from "../fleet/fleet.ts";
import { newServiceToken } from "../serviceToken.ts";
import { askRuntime } from "../runtime/client.ts";
import type { Action, HealthView, World } from "./world.ts";

export interface Hands {
  control: ControlClient;
  fleet: Fleet;
  /** Request id and end of the whole pass. */
  call: CallOptions;
}

const HEALTH_DEADLINE_MS = 8_000;

/**
 * Carries one action out and gives the world with what it found. Everything written carries the generation it was decided
 * on, so that Convex and the fleet drop what a newer wish has overtaken.
 */
export async function perform(action: Exclude<Action, { kind: "rest" }>, world: World, hands: Hands): Promise<World> {
  const { instance } = world;
  const { user_id: userId, generation, instance_id: instanceId } = instance;
  const { control, fleet, call } = hands;
  const storedToken = () => control.readSecret(userId, "service_token");
  switch (action.kind) {
    case "make_service_token": {
      // If another pass stored one first, that one stays; every later use reads back which one it is.
      const value = fleet.fixedServiceToken ?? newServiceToken();
      await control.storeSecretIfAbsent(userId, { key: "service_token", value, generation });
      return { ...world, instance: { ...instance, has_service_token: true } };
    }
    case "record_step": {
      const { step, state, detail } = action;
      const recorded = await control.recordStep({ instance_id: instanceId, generation, step, state, detail });
      if (!recorded) throw new ApiError("stale_generation", "The instance has moved on.");
      return { ...world, instance: withStep(instance, action) };
    }
    case "record_row":
      return { ...world, instance: await control.upsert(userId, { ...action.fields, generation }) };
    case "set_status":
      return {
        ...world,
        instance: await control.setStatus(userId, { status: action.status, reason: action.reason, generation }),
      };
    case "ask_fleet":
      return { ...world, fleet: await fleet.describe(instance, storedToken, call) };
    case "put_runtime": {
      const serviceToken = await storedToken();
      if (serviceToken === null) return { ...world, instance: { ...instance, has_service_token: false } };
      const view = await fleet.put(instance, { desired: action.desired, serviceToken }, call);
      return { ...world, fleet: view, wished: true };
    }
    case "remove_runtime":
      return { ...world, removal: await fleet.remove(instance, call) };
    case "ask_health": {
      const token = await storedToken();
      if (token === null) return { ...world, instance: { ...instance, has_service_token: false } };
      return { ...world, health: await askHealth(fleet.runtimeUrl(instance), token, call) };
    }
  }
}

async function askHealth(base: string, token: string, call: CallOptions): Promise<HealthView> {
  const answer = await askRuntime(
    { base, token, ...call },
    { method: "GET", path: RUNTIME_PATHS.status, answer: RuntimeStatus, deadlineMs: HEALTH_DEADLINE_MS },
  );
  if (answer.kind === "silent")
    return { kind: "away", reason: "The runtime's API does not answer yet. It is asked again." };
  if (answer.kind === "refused") {
    const refusedToken = answer.code === "unauthorized";
    return {
      kind: "away",
      reason: refusedToken ? "The runtime does not accept its service token." : "The runtime's API is not ready yet.",
    };
  }
  if (answer.data.health.ok) return { kind: "healthy" };
  const failing = answer.data.health.failing.join(", ");
  return {
    kind: "waiting",
    detail: failing === "" ? "The gateway is not ready yet." : `The gateway waits for: ${failing}.`.slice(0, 500),
  };
}

/** The row as Convex keeps it after the step; times are Convex's and are read with the next pass. */
function withStep(instance: ControlInstance, action: Extract<Action, { kind: "record_step" }>): ControlInstance {
  const before = instance.steps.find((step) => step.name === action.step);
  const step = {
    name: action.step,
    state: action.state,
    detail: action.detail,
    started_at: before?.started_at ?? null,
    finished_at: null,
  };
  return { ...instance, steps: [...instance.steps.filter((other) => other.name !== action.step), step] };
}
