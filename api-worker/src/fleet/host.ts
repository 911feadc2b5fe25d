import { FLEET_KEY_HEADER, FleetDeletion, FleetInstance, REQUEST_ID_HEADER } from "@oa/contract";
import type { ControlInstance, ErrorCode, FleetSpec } from "@oa/contract";
import type * as z from "zod";
import type { Config, FleetConfig } from "../config.ts";
import { callJson } from "../outbound/callJson.ts";
import { readEnvelope } from "../outbound/readEnvelope.ts";
import type { CallOptions, Fleet, FleetTrouble, FleetView } from "./fleet.ts";

/** The fleet API answers at once: a boot is asked about, never waited for. */
const FLEET_DEADLINE_MS = 8_000;
const HEALTH_DEADLINE_MS = 1_500;

const AWAY = "The runtime host does not answer. It is asked again until it does.";
const KEY_REFUSED =
  "The runtime host refuses this installation's key. Its operator has to set the same OA_FLEET_KEY on both sides.";

/** Fleet `host`: the Node supervisor of `runtime/host`, over the wire of `contract/src/fleet.ts`. */
export function hostFleet(place: Extract<FleetConfig, { kind: "host" }>, runtimeEnv: Config["runtimeEnv"]): Fleet {
  const pathOf = (instance: ControlInstance) => `/fleet/instances/${encodeURIComponent(instance.instance_id)}`;

  async function ask<S extends z.ZodType>(
    call: { method: "GET" | "PUT" | "DELETE"; path: string; body?: FleetSpec; answer: S },
    options: CallOptions,
  ): Promise<{ kind: "data"; data: z.output<S> } | FleetTrouble> {
    const answer = await callJson({
      url: `${place.url}${call.path}`,
      method: call.method,
      headers: { [FLEET_KEY_HEADER]: place.key, [REQUEST_ID_HEADER]: options.requestId },
      ...(call.body !== undefined && { body: call.body }),
      deadlineMs: FLEET_DEADLINE_MS,
      signal: options.signal,
    });
    if (answer.kind === "silent") return { kind: "away", reason: AWAY };
    const envelope = readEnvelope(answer.body, call.answer);
    if (envelope === null) return { kind: "away", reason: AWAY };
    return envelope.ok
      ? { kind: "data", data: envelope.data }
      : troubleOf(answer.status, envelope.error.code, envelope.error.message);
  }

  async function view(
    call: Parameters<typeof ask>[0] & { answer: typeof FleetInstance },
    options: CallOptions,
  ): Promise<FleetView> {
    const result = await ask(call, options);
    if (result.kind !== "data") return result;
    const { generation, desired, phase, reason, final, version } = result.data;
    return {
      kind: "instance",
      generation,
      desired,
      phase,
      reason,
      final,
      gatewayUrl: result.data.gateway_url,
      version,
      // Without a digest it was given a wish that is not the present one: from before there were any, or without models.
      specDigest: result.data.spec_digest ?? "",
      hasProviderKeys: result.data.has_provider_keys,
    };
  }

  return {
    addressIsScarce: false,
    takesModels: true,
    fixedServiceToken: null,
    runtimeUrl: (instance) => `${place.url}/i/${encodeURIComponent(instance.instance_id)}`,
    describe: (instance, _token, options) =>
      view({ method: "GET", path: pathOf(instance), answer: FleetInstance }, options),
    put(instance, wish, options) {
      const body: FleetSpec = {
        generation: instance.generation,
        desired: wish.desired,
        env: { ...runtimeEnv, OPENAGENTS_SERVICE_TOKEN: wish.serviceToken },
        ...wish.models,
        ...(instance.access_version > 0 && { access_version: instance.access_version }),
      };
      return view({ method: "PUT", path: pathOf(instance), body, answer: FleetInstance }, options);
    },
    async remove(instance, options) {
      const path = `${pathOf(instance)}?generation=${instance.generation}`;
      const result = await ask({ method: "DELETE", path, answer: FleetDeletion }, options);
      if (result.kind === "absent") return { kind: "gone" };
      return result.kind === "data" ? { kind: result.data.state } : result;
    },
    async answers(options) {
      const signal = AbortSignal.timeout(HEALTH_DEADLINE_MS);
      const { kind } = await ask(
        { method: "GET", path: "/fleet/instances/00000000", answer: FleetInstance },
        { ...options, signal },
      );
      // That id is nobody's: "unknown" proves address, key and envelope at once.
      return kind === "absent" || kind === "data";
    },
  };
}

/** What a refusal of the fleet means. A 5xx says nothing about what stands there, so it counts as away. */
function troubleOf(status: number, code: ErrorCode, message: string): FleetTrouble {
  if (code === "not_found") return { kind: "absent" };
  if (code === "stale_generation") return { kind: "stale" };
  if (code === "unauthorized" || code === "forbidden") return { kind: "away", reason: KEY_REFUSED };
  if (status === 422 || status === 400)
    return { kind: "refused", reason: `The runtime host cannot run this instance: ${message}`.slice(0, 500) };
  return {
    kind: "away",
    reason: status >= 500 ? AWAY : "The runtime host is busy with this instance. It is asked again in a moment.",
  };
}
