import { RuntimeStatus, UserId } from "@oa/contract";
import type { ControlInstance } from "@oa/contract";
import type { FleetConfig } from "../config.ts";
import { askRuntime } from "../runtime/client.ts";
import type { Fleet, FleetView, RuntimeView } from "./fleet.ts";

const STATUS_DEADLINE_MS = 8_000;
const HEALTH_DEADLINE_MS = 1_500;

const AWAY = "The configured runtime does not answer. It is asked again until it does.";
const TOKEN_REFUSED =
  "The configured runtime refuses this instance's service token. Its operator has to start it with the same token.";

/**
 * Fleet `static`: runtimes that someone else runs, at an address from the configuration. Nothing is started or stopped
 * there; an instance is a claim on the address, and Convex refuses a second claim on the same one.
 */
export function staticFleet(place: Extract<FleetConfig, { kind: "static" }>): Fleet {
  const runtimeUrl = (instance: ControlInstance): string =>
    "one" in place.where
      ? place.where.one
      : // The pattern is checked again here: two users must never meet in one address, nor one leave the path.
        place.where.template.replace("{user_id}", encodeURIComponent(UserId.parse(instance.user_id)));

  async function look(
    instance: ControlInstance,
    token: string | null,
    requestId: string,
    signal?: AbortSignal,
  ): Promise<FleetView> {
    const base = {
      kind: "instance",
      generation: instance.generation,
      desired: "running",
      gatewayUrl: runtimeUrl(instance),
      specDigest: null,
      hasProviderKeys: false,
    } as const;
    if (token === null) return { kind: "absent" };
    const answer = await askRuntime(
      { base: runtimeUrl(instance), token, requestId, signal },
      { method: "GET", path: "/v1/status", answer: RuntimeStatus, deadlineMs: STATUS_DEADLINE_MS },
    );
    if (answer.kind === "silent") return { kind: "away", reason: AWAY };
    if (answer.kind === "refused")
      return { kind: "away", reason: answer.code === "unauthorized" ? TOKEN_REFUSED : AWAY };
    const { gateway, version } = answer.data;
    return {
      ...base,
      phase: PHASE_OF[gateway.status],
      reason: gateway.reason ?? null,
      final: false,
      version: version.openclaw,
    };
  }

  const letGo = (instance: ControlInstance): RuntimeView => ({
    kind: "instance",
    generation: instance.generation,
    desired: "stopped",
    phase: "stopped",
    reason: null,
    final: false,
    gatewayUrl: runtimeUrl(instance),
    version: instance.version ?? "unknown",
    specDigest: null,
    hasProviderKeys: false,
  });

  return {
    addressIsScarce: true,
    takesModels: false,
    fixedServiceToken: place.serviceToken,
    runtimeUrl,
    async describe(instance, token, options) {
      if (instance.desired === "stopped") return letGo(instance);
      return look(instance, place.serviceToken ?? (await token()), options.requestId, options.signal);
    },
    async put(instance, wish, options) {
      return wish.desired === "stopped"
        ? letGo(instance)
        : look(instance, wish.serviceToken, options.requestId, options.signal);
    },
    remove: () => Promise.resolve({ kind: "gone" }),
    async answers(options) {
      if (!("one" in place.where)) return null;
      const signal = AbortSignal.timeout(HEALTH_DEADLINE_MS);
      const call = {
        method: "GET",
        path: "/v1/status",
        answer: RuntimeStatus,
        deadlineMs: HEALTH_DEADLINE_MS,
      } as const;
      // Without a token a runtime answers 401, in its own form: enough to know that it is there.
      return (
        (await askRuntime({ base: place.where.one, token: "", requestId: options.requestId, signal }, call)).kind !==
        "silent"
      );
    },
  };
}

const PHASE_OF = { running: "ready", starting: "boot", stopped: "stopped", error: "error" } as const;
