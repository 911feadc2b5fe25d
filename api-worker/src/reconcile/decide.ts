import type { ControlInstance, ReconcileResult, StepName, StepState } from "@oa/contract";
import type { FleetTrouble, RuntimeView } from "../fleet/fleet.ts";
import { digestOf } from "./modelPlan.ts";
import type { Action, RowFields, World } from "./world.ts";

/**
 * The plan: from what is known to the next single action. Pure, so that every situation a crash can leave behind is a
 * row of a table in the tests. Whoever carries an action out adds what it found to the world and asks again.
 * Which status may follow which is Convex's to say (`convex/lib/transitions.ts`): a wish starts `provisioning`,
 * `stopping` or `deleting`, and a `ready` row whose drive comes back with anything but `settled` becomes `degraded`.
 *
 * | wish    | found                                   | next |
 * |---------|-----------------------------------------|------|
 * | running | no service token                        | make one, kept if there is one already |
 * | running | names not on the row                    | write them down, then go on |
 * | running | models on credits, no inference key     | make one, kept if there is one already; then it is the account's |
 * | running | fleet not asked                         | ask it |
 * | running | absent, older generation, or stopped    | PUT, once a pass |
 * | running | given other models or another secret    | PUT, once a pass, in the same generation |
 * | running | newer generation                        | stale |
 * | running | fleet away or busy                      | retry with its reason; nothing is made anew |
 * | running | on its way up                           | record the step, come back soon |
 * | running | failed for good                         | failed with its reason |
 * | running | up                                      | ask the runtime itself, then `ready` |
 * | stopped | runs, or an older wish                  | PUT stopped, come back until it is |
 * | stopped | absent or stopped                       | `stopped` |
 * | running, but `suspended` | as for stopped         | settled once nothing runs: credit or own keys are a new wish |
 * | deleted | not gone                                | DELETE, come back until it is |
 * | deleted | gone                                    | `deleted` |
 */
export function decide(world: World): Action {
  switch (world.instance.desired) {
    case "running":
      return decideRunning(world);
    case "stopped":
      return decideStopped(world);
    case "deleted":
      return decideDeleted(world);
  }
}

/** How soon to look again while a gateway boots or stops, in ms. Events of the fleet usually come first. */
const SOON_MS = 500;

function decideRunning(world: World): Action {
  const { instance } = world;
  // Waits for a person, who creates again.
  if (instance.status === "error") return rest({ outcome: "settled" });
  // Waits for credits; until then nothing of it runs.
  if (instance.status === "suspended") return takeDown(world) ?? rest({ outcome: "settled" });
  return prepare(world) ?? bringUp(world);
}

/** What must stand on the row before a fleet hears of the instance. Null once it does. */
function prepare(world: World): Action | null {
  const { instance, names } = world;
  if (!instance.has_service_token) return { kind: "make_service_token" };
  const token = stepTo(instance, "service_token", "done", null);
  if (token !== null) return token;

  const fields: RowFields = {};
  if (instance.runtime_name === null) fields.runtime_name = names.runtimeName;
  if (instance.r2_bucket_name === null && names.bucketName !== null) fields.r2_bucket_name = names.bucketName;
  if (names.addressIsScarce && instance.runtime_url !== names.runtimeUrl) fields.runtime_url = names.runtimeUrl;
  if (Object.keys(fields).length > 0) return { kind: "record_row", fields };

  return (
    (instance.r2_bucket_name === null
      ? stepTo(instance, "storage", "skipped", "No bucket is configured: the fleet keeps the state on its own disk.")
      : stepTo(instance, "storage", "done", null)) ?? prepareModels(world)
  );
}

/** The instance's own key for model calls on credits; none where somebody else pays. */
function prepareModels({ instance, models, keyRegistered }: World): Action | null {
  if (models === null) return { kind: "ask_models" };
  if (models.kind === "own_keys") return stepTo(instance, "inference_key", "skipped", "Uses your own provider keys.");
  if (models.kind === "none") return stepTo(instance, "inference_key", "skipped", models.why);
  if (!instance.has_inference_key) return { kind: "make_inference_key" };
  if (stepOf(instance, "inference_key") === "done") return null;
  return keyRegistered ? stepTo(instance, "inference_key", "done", null) : { kind: "register_inference_key" };
}

function bringUp(world: World): Action {
  const { instance, fleet } = world;
  if (fleet === null) return { kind: "ask_fleet" };
  if (fleet.kind === "absent") {
    return world.wished ? retry("The fleet has not taken the instance yet. It is asked again.") : putRunning(world);
  }
  if (fleet.kind !== "instance") return trouble(world, fleet);
  if (fleet.generation > instance.generation) return rest({ outcome: "stale" });
  if (fleet.generation < instance.generation || fleet.desired !== "running") {
    return world.wished ? rest({ outcome: "continue", after_ms: SOON_MS, reason: null }) : putRunning(world);
  }
  if (!world.wished && hasDrifted(world, fleet)) return putRunning(world);
  return recordRuntime(world, fleet) ?? climb(world, fleet);
}

/**
 * True where the runtime was given something else than is right now: another secret, or other models. While that cannot be told,
 * where it holds keys that its owner has removed.
 */
function hasDrifted({ instance, models }: World, fleet: RuntimeView): boolean {
  if (models?.kind === "unknown") return fleet.hasProviderKeys;
  const digest = models === null ? null : digestOf(instance, models);
  return digest !== null && fleet.specDigest !== null && fleet.specDigest !== digest;
}

/** A key is the account's before a gateway has it: the one it has now then goes on working for a while. */
function putRunning({ models, keyRegistered, fleet }: World): Action {
  const holdsKeys = fleet?.kind === "instance" && fleet.hasProviderKeys;
  // Nothing is started without models, but removed keys are taken away without.
  if (models?.kind === "unknown" && !holdsKeys) return retry(models.reason);
  if (models?.kind === "credits" && !keyRegistered) return { kind: "register_inference_key" };
  return { kind: "put_runtime", desired: "running" };
}

function recordRuntime(world: World, fleet: RuntimeView): Action | null {
  const { instance, names } = world;
  const fields: RowFields = {};
  if (instance.runtime_url !== names.runtimeUrl) fields.runtime_url = names.runtimeUrl;
  if (instance.gateway_url !== fleet.gatewayUrl) fields.gateway_url = fleet.gatewayUrl;
  if (instance.version !== fleet.version) fields.version = fleet.version;
  if (Object.keys(fields).length > 0) return { kind: "record_row", fields };
  return stepTo(instance, "runtime", "done", null);
}

/** From a runtime that exists to `ready`, by the phase its fleet reports. */
function climb(world: World, fleet: RuntimeView): Action {
  const { instance } = world;
  switch (fleet.phase) {
    case "storage":
    case "boot":
    case "stopping":
    case "stopped":
    case "deleting": {
      const reason = fleet.reason ?? PHASE_WORDS[fleet.phase];
      return (
        stepTo(instance, "gateway_boot", "running", reason) ?? rest({ outcome: "continue", after_ms: SOON_MS, reason })
      );
    }
    case "error": {
      const reason = fleet.reason ?? "The gateway does not start.";
      return (
        stepTo(instance, "gateway_boot", fleet.final ? "failed" : "running", reason) ??
        (fleet.final ? rest({ outcome: "failed", reason }) : retry(reason))
      );
    }
    case "health": {
      const reason = fleet.reason ?? PHASE_WORDS.health;
      return (
        stepTo(instance, "gateway_boot", "done", null) ??
        stepTo(instance, "health", "running", reason) ??
        rest({ outcome: "continue", after_ms: SOON_MS, reason })
      );
    }
    case "ready":
      return stepTo(instance, "gateway_boot", "done", null) ?? confirm(world);
  }
}

/** The last word is the runtime's own: its API answers with our token, and its gateway says that it is ready. */
function confirm(world: World): Action {
  const { instance, health } = world;
  const settled =
    instance.status === "ready" && stepOf(instance, "health") === "done" && stepOf(instance, "ready") === "done";
  if (settled) return rest({ outcome: "settled" });
  if (health === null) return { kind: "ask_health" };
  if (health.kind === "away") return stepTo(instance, "health", "running", health.reason) ?? retry(health.reason);
  if (health.kind === "waiting") {
    return (
      stepTo(instance, "health", "running", health.detail) ??
      rest({ outcome: "continue", after_ms: SOON_MS, reason: health.detail })
    );
  }
  return (
    stepTo(instance, "health", "done", null) ??
    stepTo(instance, "ready", "done", null) ??
    (instance.status === "ready" ? rest({ outcome: "settled" }) : { kind: "set_status", status: "ready", reason: null })
  );
}

function decideStopped(world: World): Action {
  const { status } = world.instance;
  if (status !== "stopping" && status !== "stopped") return rest({ outcome: "settled" });
  const action = takeDown(world);
  if (action !== null) return action;
  if (status === "stopped") return rest({ outcome: "settled" });
  return { kind: "set_status", status: "stopped", reason: null };
}

/** Has the fleet stop what runs. Null once nothing does. */
function takeDown(world: World): Action | null {
  const { instance, fleet } = world;
  if (fleet === null) return { kind: "ask_fleet" };
  const down =
    fleet.kind === "absent" || (fleet.kind === "instance" && fleet.desired === "stopped" && fleet.phase === "stopped");
  if (down) return null;
  if (fleet.kind !== "instance") return trouble(world, fleet);
  if (fleet.generation > instance.generation) return rest({ outcome: "stale" });
  const asked = fleet.generation === instance.generation && fleet.desired === "stopped";
  if (!asked && !world.wished) {
    // A fleet that runs what has no token here is told in the same form, so it needs one.
    return instance.has_service_token ? { kind: "put_runtime", desired: "stopped" } : { kind: "make_service_token" };
  }
  if (fleet.phase === "error" && fleet.final)
    return rest({ outcome: "failed", reason: fleet.reason ?? "The gateway does not stop." });
  return rest({ outcome: "continue", after_ms: SOON_MS, reason: fleet.reason });
}

function decideDeleted(world: World): Action {
  const { instance, removal } = world;
  if (instance.status !== "deleting") return rest({ outcome: "settled" });
  if (removal === null) return { kind: "remove_runtime" };
  if (removal.kind === "gone") return { kind: "set_status", status: "deleted", reason: null };
  if (removal.kind === "deleting") return rest({ outcome: "continue", after_ms: SOON_MS, reason: null });
  return trouble(world, removal);
}

/** A fleet that is away leaves its reason on the step a person looks at; the row keeps its status. */
function trouble(world: World, found: Exclude<FleetTrouble, { kind: "absent" }>): Action {
  const { instance } = world;
  const climbing = instance.desired === "running" && instance.status === "provisioning";
  switch (found.kind) {
    case "stale":
      return rest({ outcome: "stale" });
    case "refused": {
      const step = climbing ? stepTo(instance, "runtime", "failed", found.reason) : null;
      return step ?? rest({ outcome: "failed", reason: found.reason });
    }
    case "away": {
      const step =
        climbing && stepOf(instance, "runtime") !== "done"
          ? stepTo(instance, "runtime", "running", found.reason)
          : null;
      return step ?? retry(found.reason);
    }
  }
}

const PHASE_WORDS = {
  storage: "Preparing its storage.",
  boot: "The gateway is starting.",
  stopping: "The gateway is stopping before it starts again.",
  stopped: "The gateway is about to start.",
  deleting: "What was there before is being removed.",
  health: "The gateway runs and is being checked.",
} as const;

/** Records a step only where that changes what is recorded. */
function stepTo(instance: ControlInstance, name: StepName, state: StepState, detail: string | null): Action | null {
  const step = instance.steps.find((step) => step.name === name);
  // What was done once stays done through later restarts: the steps tell of provisioning, the status of now.
  if (step?.state === "done" && state === "running") return null;
  if (step?.state === state && step.detail === detail) return null;
  return { kind: "record_step", step: name, state, detail };
}

function stepOf(instance: ControlInstance, name: StepName): StepState {
  return instance.steps.find((step) => step.name === name)?.state ?? "pending";
}

function retry(reason: string): Action {
  return rest({ outcome: "retry", reason });
}

function rest(result: ReconcileResult): Action {
  return { kind: "rest", result };
}
