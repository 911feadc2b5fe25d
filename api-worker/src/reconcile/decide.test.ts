import type { InstanceStatus, StepName, StepState } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { freshRow } from "../../test/support/convexDouble.ts";
import type { FleetView, RuntimeView } from "../fleet/fleet.ts";
import { decide } from "./decide.ts";
import { digestOf } from "./modelPlan.ts";
import type { ModelPlan } from "./modelPlan.ts";
import type { Action, World } from "./world.ts";

const names = {
  runtimeName: "oc-inst00000001",
  bucketName: null,
  runtimeUrl: "https://host/i/inst00000001",
  addressIsScarce: false,
};

/** A world just after a claim, with changes on top. */
function world(instance: Partial<World["instance"]> = {}, rest: Partial<World> = {}): World {
  const row = { ...freshRow("ada", "inst00000001"), generation: 3, ...instance };
  const nothing = { fleet: null, wished: false, removal: null, health: null };
  return { instance: row, names, models: NO_MODELS, keyRegistered: false, ...nothing, ...rest };
}

const NO_BUCKET = "No bucket is configured: the fleet keeps the state on its own disk.";
const NO_MODELS = { kind: "none", why: "No model endpoint is configured here." } as const;
const OWN_KEYS: ModelPlan = { kind: "own_keys" };
const UNKNOWN: ModelPlan = { kind: "unknown", reason: "cannot be listed" };
const CREDITS: ModelPlan = {
  kind: "credits",
  inference: {
    baseUrl: "https://app.example.com/v1",
    models: [{ id: "m1", name: "m1", contextWindow: 128_000, maxTokens: 16_384 }],
  },
};

/** Steps up to and with `last` are as a clean run leaves them. */
function stepsTo(last: StepName): World["instance"]["steps"] {
  const { steps } = freshRow("ada", "inst00000001");
  const end = steps.findIndex((step) => step.name === last);
  const details: Partial<Record<StepName, [StepState, string]>> = {
    storage: ["skipped", NO_BUCKET],
    inference_key: ["skipped", NO_MODELS.why],
  };
  return steps.map((step, index) => {
    if (index > end) return step;
    const [state, detail] = details[step.name] ?? ["done" as const, null];
    return Object.assign(step, { state, detail });
  });
}

const prepared = { has_service_token: true, runtime_name: "oc-inst00000001", steps: stepsTo("inference_key") };
const recorded = {
  ...prepared,
  runtime_url: "https://host/i/inst00000001",
  gateway_url: "wss://host/i/inst00000001/gateway",
  version: "2026.9.6",
  steps: stepsTo("runtime"),
};
const booted = { ...recorded, steps: stepsTo("gateway_boot") };
const up = { ...recorded, steps: stepsTo("ready") };

function runtime(change: Partial<RuntimeView> = {}): RuntimeView {
  return {
    kind: "instance",
    generation: 3,
    desired: "running",
    phase: "ready",
    reason: null,
    final: false,
    gatewayUrl: "wss://host/i/inst00000001/gateway",
    version: "2026.9.6",
    specDigest: null,
    hasProviderKeys: false,
    ...change,
  };
}

const step = (name: StepName, state: StepState, detail: string | null = null): Action => ({
  kind: "record_step",
  step: name,
  state,
  detail,
});
const rest = (result: Extract<Action, { kind: "rest" }>["result"]): Action => ({ kind: "rest", result });
const row = (fields: Extract<Action, { kind: "record_row" }>["fields"]): Action => ({ kind: "record_row", fields });
const status = (to: InstanceStatus): Action => ({ kind: "set_status", status: to, reason: null });
const settled = rest({ outcome: "settled" });
const soon = (reason: string | null) => rest({ outcome: "continue", after_ms: 500, reason });
const away: FleetView = { kind: "away", reason: "away" };
const absent: FleetView = { kind: "absent" };

type Row = [situation: string, world: World, next: Action];

describe("the wish is running", () => {
  it.each<Row>([
    ["S1 just claimed", world(), { kind: "make_service_token" }],
    ["S2 token stored, its step not told", world({ has_service_token: true }), step("service_token", "done")],
    [
      "S3 names not written down",
      world({ has_service_token: true, steps: stepsTo("service_token") }),
      row({ runtime_name: "oc-inst00000001" }),
    ],
    [
      "S4 with a bucket to name",
      world(
        { has_service_token: true, steps: stepsTo("service_token") },
        { names: { ...names, bucketName: "b-inst00000001" } },
      ),
      row({ runtime_name: "oc-inst00000001", r2_bucket_name: "b-inst00000001" }),
    ],
    [
      "S5 a scarce address is claimed before the fleet is asked",
      world(prepared, { names: { ...names, addressIsScarce: true } }),
      row({ runtime_url: names.runtimeUrl }),
    ],
    [
      "S6 storage not told",
      world({ ...prepared, steps: stepsTo("service_token") }),
      step("storage", "skipped", NO_BUCKET),
    ],
    [
      "S7 inference not told",
      world({ ...prepared, steps: stepsTo("storage") }),
      step("inference_key", "skipped", NO_MODELS.why),
    ],
    ["S8 prepared", world(prepared), { kind: "ask_fleet" }],
    [
      "S9 the fleet knows nothing of it",
      world(prepared, { fleet: absent }),
      { kind: "put_runtime", desired: "running" },
    ],
    [
      "S10 it still knows nothing after the PUT",
      world(prepared, { fleet: absent, wished: true }),
      rest({ outcome: "retry", reason: "The fleet has not taken the instance yet. It is asked again." }),
    ],
    ["S11 the fleet is away: told once", world(prepared, { fleet: away }), step("runtime", "running", "away")],
    [
      "S12 still away: nothing is told twice, nothing is made",
      world(
        {
          ...prepared,
          steps: prepared.steps.map((s) => (s.name === "runtime" ? { ...s, state: "running", detail: "away" } : s)),
        },
        { fleet: away },
      ),
      rest({ outcome: "retry", reason: "away" }),
    ],
    [
      "S13 away while up: only the drive says so",
      world({ ...up, status: "ready" }, { fleet: away }),
      rest({ outcome: "retry", reason: "away" }),
    ],
    [
      "S14 the fleet refuses it",
      world(prepared, { fleet: { kind: "refused", reason: "no such version" } }),
      step("runtime", "failed", "no such version"),
    ],
    ["S15 the fleet has a newer one", world(prepared, { fleet: { kind: "stale" } }), rest({ outcome: "stale" })],
    ["S16 so says its generation", world(prepared, { fleet: runtime({ generation: 4 }) }), rest({ outcome: "stale" })],
    [
      "S17 an older incarnation runs",
      world(prepared, { fleet: runtime({ generation: 2 }) }),
      { kind: "put_runtime", desired: "running" },
    ],
    [
      "S18 it was stopped",
      world(prepared, { fleet: runtime({ desired: "stopped", phase: "stopped" }) }),
      { kind: "put_runtime", desired: "running" },
    ],
    [
      "S19 it is being deleted still, after the PUT",
      world(prepared, { fleet: runtime({ desired: "deleted", phase: "deleting" }), wished: true }),
      soon(null),
    ],
    [
      "S20 it exists, its addresses are not on the row",
      world(prepared, { fleet: runtime({ phase: "boot" }) }),
      row({ runtime_url: names.runtimeUrl, gateway_url: "wss://host/i/inst00000001/gateway", version: "2026.9.6" }),
    ],
    [
      "S21 its step is not told",
      world({ ...recorded, steps: stepsTo("inference_key") }, { fleet: runtime({ phase: "boot" }) }),
      step("runtime", "done"),
    ],
    [
      "S22 it boots",
      world(recorded, { fleet: runtime({ phase: "boot" }) }),
      step("gateway_boot", "running", "The gateway is starting."),
    ],
    [
      "S23 it boots, with the fleet's own words",
      world(recorded, { fleet: runtime({ phase: "boot", reason: "waiting for memory" }) }),
      step("gateway_boot", "running", "waiting for memory"),
    ],
    [
      "S24 it runs and is checked",
      world(recorded, { fleet: runtime({ phase: "health" }) }),
      step("gateway_boot", "done"),
    ],
    [
      "S25 the check goes on",
      world(booted, { fleet: runtime({ phase: "health" }) }),
      step("health", "running", "The gateway runs and is being checked."),
    ],
    [
      "S26 it fails and the fleet tries on",
      world(booted, { fleet: runtime({ phase: "error", reason: "exit 1" }) }),
      rest({ outcome: "retry", reason: "exit 1" }),
    ],
    [
      "S27 it fails for good",
      world(recorded, { fleet: runtime({ phase: "error", reason: "exit 78", final: true }) }),
      step("gateway_boot", "failed", "exit 78"),
    ],
    ["S28 the fleet says ready", world(booted, { fleet: runtime() }), { kind: "ask_health" }],
    [
      "S29 the runtime is healthy",
      world(booted, { fleet: runtime(), health: { kind: "healthy" } }),
      step("health", "done"),
    ],
    ["S30 all told but the status", world(up, { fleet: runtime(), health: { kind: "healthy" } }), status("ready")],
    [
      "S31 ready, and nothing drifted: not even its health is asked",
      world({ ...up, status: "ready" }, { fleet: runtime() }),
      settled,
    ],
    [
      "S32 degraded, and up again: it has to say so itself",
      world({ ...up, status: "degraded" }, { fleet: runtime() }),
      { kind: "ask_health" },
    ],
    [
      "S33 degraded, healthy",
      world({ ...up, status: "degraded" }, { fleet: runtime(), health: { kind: "healthy" } }),
      status("ready"),
    ],
    [
      "S34 ready on paper, booting in truth",
      world({ ...up, status: "ready" }, { fleet: runtime({ phase: "boot" }) }),
      soon("The gateway is starting."),
    ],
    [
      "S35 ready on paper, checked in truth",
      world({ ...up, status: "ready" }, { fleet: runtime({ phase: "health" }) }),
      soon("The gateway runs and is being checked."),
    ],
    [
      "S36 ready on paper, gone in truth",
      world({ ...up, status: "ready" }, { fleet: absent }),
      { kind: "put_runtime", desired: "running" },
    ],
    [
      "S37 the fleet moved its gateway",
      world({ ...up, status: "ready" }, { fleet: runtime({ gatewayUrl: "wss://other/" }) }),
      row({ gateway_url: "wss://other/" }),
    ],
    [
      "S38 the row's address was changed",
      world({ ...up, runtime_url: "https://evil/" }, { fleet: runtime() }),
      row({ runtime_url: names.runtimeUrl }),
    ],
    [
      "S39 the runtime waits for something",
      world(up, { fleet: runtime(), health: { kind: "waiting", detail: "sidecars" } }),
      soon("sidecars"),
    ],
    [
      "S40 the runtime's API is silent",
      world(up, { fleet: runtime(), health: { kind: "away", reason: "silent" } }),
      rest({ outcome: "retry", reason: "silent" }),
    ],
    ["S41 error waits for its owner", world({ ...up, status: "error" }), settled],
    ["S42 suspended: the fleet is asked", world({ ...up, status: "suspended" }), { kind: "ask_fleet" }],
    [
      "S43 suspended, yet it runs",
      world({ ...up, status: "suspended" }, { fleet: runtime() }),
      { kind: "put_runtime", desired: "stopped" },
    ],
    [
      "S44 suspended, and stopping",
      world(
        { ...up, status: "suspended" },
        { fleet: runtime({ desired: "stopped", phase: "stopping" }), wished: true },
      ),
      soon(null),
    ],
    [
      "S45 suspended and down waits for credits",
      world({ ...up, status: "suspended" }, { fleet: runtime({ desired: "stopped", phase: "stopped" }) }),
      settled,
    ],
    [
      "S46 credits are back: what was suspended is started under the new generation",
      world(
        { ...up, generation: 4, status: "provisioning" },
        { fleet: runtime({ desired: "stopped", phase: "stopped" }) },
      ),
      { kind: "put_runtime", desired: "running" },
    ],
  ])("%s", (_situation, given, next) => {
    expect(decide(given)).toEqual(next);
  });
});

describe("which models its gateway calls", () => {
  const versions = { service_token: 1, inference_key: 1, provider_keys: 0 };
  const stored = { ...prepared, steps: stepsTo("storage"), has_inference_key: true, secret_versions: versions };
  const keyed = { ...stored, steps: withKey(stepsTo("inference_key")) };
  const running = { ...up, has_inference_key: true, status: "ready", secret_versions: versions } as const;
  const onCredits = { ...running, steps: withKey(stepsTo("ready")) };
  const given = (plan: ModelPlan, change = {}) => digestOf({ secret_versions: { ...versions, ...change } }, plan);

  it.each<Row>([
    ["M1 is asked before the fleet hears of it", world(stored, { models: null }), { kind: "ask_models" }],
    [
      "M2 credits, and no key yet",
      world({ ...stored, has_inference_key: false }, { models: CREDITS }),
      { kind: "make_inference_key" },
    ],
    ["M3 a key that is stored only", world(stored, { models: CREDITS }), { kind: "register_inference_key" }],
    [
      "M4 a key that is the account's, its step not told",
      world(stored, { models: CREDITS, keyRegistered: true }),
      step("inference_key", "done"),
    ],
    ["M5 a key that was made in an earlier pass", world(keyed, { models: CREDITS }), { kind: "ask_fleet" }],
    [
      "M6 it is made the account's once more before a fleet is given it",
      world(keyed, { models: CREDITS, fleet: absent }),
      { kind: "register_inference_key" },
    ],
    [
      "M7 then it is given",
      world(keyed, { models: CREDITS, keyRegistered: true, fleet: absent }),
      { kind: "put_runtime", desired: "running" },
    ],
    [
      "M8 what is on offer cannot be told: nothing is started without models",
      world(keyed, { models: UNKNOWN, fleet: absent }),
      rest({ outcome: "retry", reason: "cannot be listed" }),
    ],
    [
      "M9 own keys: no key of ours",
      world({ ...stored, has_inference_key: false, has_provider_keys: true }, { models: OWN_KEYS }),
      step("inference_key", "skipped", "Uses your own provider keys."),
    ],
    [
      "M10 up, and given what is right: nothing is done",
      world(onCredits, { models: CREDITS, fleet: runtime({ specDigest: given(CREDITS) }) }),
      settled,
    ],
    [
      "M11 up, and the key was rotated",
      world(onCredits, { models: CREDITS, fleet: runtime({ specDigest: given(CREDITS, { inference_key: 7 }) }) }),
      { kind: "register_inference_key" },
    ],
    [
      "M12 up, and the models on offer changed",
      world(onCredits, { models: CREDITS, keyRegistered: true, fleet: runtime({ specDigest: given(OWN_KEYS) }) }),
      { kind: "put_runtime", desired: "running" },
    ],
    [
      "M13 up, and given something before there were digests",
      world(onCredits, { models: CREDITS, keyRegistered: true, fleet: runtime({ specDigest: "" }) }),
      { kind: "put_runtime", desired: "running" },
    ],
    [
      "M14 up, and what is on offer cannot be told: it keeps what it has",
      world(onCredits, { models: UNKNOWN, fleet: runtime({ specDigest: given(CREDITS) }) }),
      settled,
    ],
    [
      "M15 given once in this pass: a fleet that does not say so is not given it again and again",
      world(onCredits, { models: CREDITS, keyRegistered: true, wished: true, fleet: runtime({ specDigest: "" }) }),
      settled,
    ],
    [
      "M16 a fleet that takes no models is not given any",
      world({ ...running, steps: stepsTo("ready") }, { fleet: runtime({ specDigest: null }) }),
      settled,
    ],
    [
      "M17 own keys were stored while it runs on credits: the step says so",
      world(
        { ...onCredits, has_provider_keys: true },
        { models: OWN_KEYS, fleet: runtime({ specDigest: given(CREDITS) }) },
      ),
      step("inference_key", "skipped", "Uses your own provider keys."),
    ],
    [
      "M18 then they are given, and no key of ours is touched",
      world(
        { ...running, steps: withKey(stepsTo("ready"), "skipped", "Uses your own provider keys.") },
        { models: OWN_KEYS, fleet: runtime({ specDigest: given(CREDITS) }) },
      ),
      { kind: "put_runtime", desired: "running" },
    ],
    [
      "M19 the service token was stored anew",
      world(onCredits, {
        models: CREDITS,
        keyRegistered: true,
        fleet: runtime({ specDigest: given(CREDITS, { service_token: 0 }) }),
      }),
      { kind: "put_runtime", desired: "running" },
    ],
    [
      "M20 up with keys its owner has removed, and what is on offer cannot be told: they are taken away",
      world(onCredits, { models: UNKNOWN, fleet: runtime({ specDigest: given(OWN_KEYS), hasProviderKeys: true }) }),
      { kind: "put_runtime", desired: "running" },
    ],
    [
      "M21 taken away: it runs without models until they can be told",
      world(onCredits, { models: UNKNOWN, wished: true, fleet: runtime({ specDigest: "" }) }),
      settled,
    ],
  ])("%s", (_situation, given, next) => {
    expect(decide(given)).toEqual(next);
  });

  function withKey(steps: World["instance"]["steps"], state: StepState = "done", detail: string | null = null) {
    return steps.map((step) => (step.name === "inference_key" ? { ...step, state, detail } : step));
  }
});

describe("the wish is stopped", () => {
  const stopping = { ...up, desired: "stopped", status: "stopping" } as const;
  it.each<Row>([
    ["T1 the fleet is asked first", world(stopping), { kind: "ask_fleet" }],
    ["T2 it runs", world(stopping, { fleet: runtime() }), { kind: "put_runtime", desired: "stopped" }],
    [
      "T3 what an older wish stopped is stopped",
      world(stopping, { fleet: runtime({ generation: 2, desired: "stopped", phase: "stopped" }) }),
      status("stopped"),
    ],
    ["T4 it is stopping", world(stopping, { fleet: runtime({ desired: "stopped", phase: "stopping" }) }), soon(null)],
    ["T5 it stopped", world(stopping, { fleet: runtime({ desired: "stopped", phase: "stopped" }) }), status("stopped")],
    ["T6 there is nothing", world({ ...stopping, has_service_token: false }, { fleet: absent }), status("stopped")],
    [
      "T7 something runs that has no token here",
      world({ ...stopping, has_service_token: false }, { fleet: runtime() }),
      { kind: "make_service_token" },
    ],
    ["T8 the fleet is away", world(stopping, { fleet: away }), rest({ outcome: "retry", reason: "away" })],
    [
      "T9 the fleet has a newer one",
      world(stopping, { fleet: runtime({ generation: 4 }) }),
      rest({ outcome: "stale" }),
    ],
    [
      "T10 stopped is kept",
      world({ ...stopping, status: "stopped" }, { fleet: runtime({ desired: "stopped", phase: "stopped" }) }),
      settled,
    ],
    [
      "T11 stopped, yet it runs",
      world({ ...stopping, status: "stopped" }, { fleet: runtime() }),
      { kind: "put_runtime", desired: "stopped" },
    ],
    ["T12 error waits for its owner", world({ ...stopping, status: "error" }), settled],
    [
      "T13 it cannot be stopped",
      world(stopping, { fleet: runtime({ desired: "stopped", phase: "error", final: true, reason: "stuck" }) }),
      rest({ outcome: "failed", reason: "stuck" }),
    ],
  ])("%s", (_situation, given, next) => {
    expect(decide(given)).toEqual(next);
  });
});

describe("the wish is deleted", () => {
  const deleting = { ...up, desired: "deleted", status: "deleting" } as const;
  it.each<Row>([
    ["U1 the fleet is told", world(deleting), { kind: "remove_runtime" }],
    ["U2 it is at it", world(deleting, { removal: { kind: "deleting" } }), soon(null)],
    ["U3 nothing is left", world(deleting, { removal: { kind: "gone" } }), status("deleted")],
    [
      "U4 the fleet is away: what is there stays known",
      world(deleting, { removal: { kind: "away", reason: "away" } }),
      rest({ outcome: "retry", reason: "away" }),
    ],
    ["U5 the fleet has a newer one", world(deleting, { removal: { kind: "stale" } }), rest({ outcome: "stale" })],
    [
      "U6 the fleet will not",
      world(deleting, { removal: { kind: "refused", reason: "no" } }),
      rest({ outcome: "failed", reason: "no" }),
    ],
    ["U7 done already", world({ ...deleting, status: "deleted" }), settled],
    ["U8 error waits for its owner", world({ ...deleting, status: "error" }), settled],
  ])("%s", (_situation, given, next) => {
    expect(decide(given)).toEqual(next);
  });
});
