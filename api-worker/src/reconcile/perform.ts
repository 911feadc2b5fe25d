import { ApiError, ProviderKeys, RUNTIME_PATHS, RuntimeStatus } from "@oa/contract";
import type { ControlInstance } from "@oa/contract";
import { newKeyHash, newProvisionedSecret, shownPrefix } from "../auth/secrets.ts";
import type { Config } from "../config.ts";
import type { ControlClient } from "../control/client.ts";
import type { CallOptions, Fleet, RuntimeWish } from "../fleet/fleet.ts";
import { sha256Hex } from "../secretEqual.ts";
import { newServiceToken } from "../serviceToken.ts";
import { askRuntime } from "../runtime/client.ts";
import { digestOf, modelPlan } from "./modelPlan.ts";
import type { Action, HealthView, World } from "./world.ts";

export interface Hands {
  config: Config;
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
      return { ...world, instance: await readAgain(instance, control) };
    }
    case "ask_models":
      return { ...world, models: await modelPlan(instance, hands, Date.now()) };
    case "make_inference_key": {
      const value = newProvisionedSecret().token;
      await control.storeSecretIfAbsent(userId, { key: "inference_key", value, generation });
      return { ...world, instance: await readAgain(instance, control) };
    }
    case "register_inference_key": {
      const key = await control.readSecret(userId, "inference_key");
      if (key === null) return { ...world, instance: { ...instance, has_inference_key: false } };
      await registerKey(instance, key, control);
      return { ...world, keyRegistered: true };
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
      const models = action.desired === "running" ? await modelsOf(world, control) : {};
      const view = await fleet.put(instance, { desired: action.desired, serviceToken, models }, call);
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

/** The row with what was just stored in it: what a fleet is given is named by the versions of its secrets. */
async function readAgain(instance: ControlInstance, control: ControlClient): Promise<ControlInstance> {
  const row = await control.instanceById(instance.instance_id);
  if (row === null || row.generation !== instance.generation)
    throw new ApiError("stale_generation", "The instance has moved on.");
  return row;
}

/** Makes the key the one that spends its owner's credits. The key before it, if there was one, works for some minutes more. */
async function registerKey(instance: ControlInstance, key: string, control: ControlClient): Promise<void> {
  await control.setInstanceKey(instance.user_id, {
    instance_id: instance.instance_id,
    hash: newKeyHash(),
    secret_hash: sha256Hex(key),
    prefix: shownPrefix(key),
  });
}

/**
 * What a runtime is given to call models with. Secrets are read after the row whose versions name them: one that was changed in
 * between is given under the older name, and is given again by the next pass.
 */
async function modelsOf({ instance, models }: World, control: ControlClient): Promise<RuntimeWish["models"]> {
  const digest = models === null ? null : digestOf(instance, models);
  // Nothing, without a name: the next pass that knows more finds that it is not right.
  if (models === null || digest === null) return {};
  switch (models.kind) {
    case "credits": {
      const apiKey = await control.readSecret(instance.user_id, "inference_key");
      if (apiKey === null) throw secretsChanged();
      return { digest, inference: { ...models.inference, apiKey } };
    }
    case "own_keys": {
      const stored = await control.readSecret(instance.user_id, "provider_keys");
      if (stored === null) throw secretsChanged();
      return { digest, providerKeys: parseProviderKeys(stored) };
    }
    default:
      return { digest };
  }
}

function secretsChanged(): ApiError {
  return new ApiError("conflict", "The secrets of this instance changed while it was being worked on.");
}

function parseProviderKeys(stored: string): ProviderKeys {
  try {
    return ProviderKeys.parse(JSON.parse(stored));
  } catch {
    throw new ApiError("secret_corrupt", "The stored provider keys are not in a form this version knows.");
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
