import { ApiError, type FleetInstance, type FleetPhase, type GatewayState, type RuntimeStatus } from "@oa/contract";
import { type HostContext, gatewayPlace } from "./context.ts";
import type { SupervisorState } from "./gateway/supervisor.ts";
import type { InstanceRecord } from "./store.ts";

/** What an instance looks like from outside. Pure: the record and the supervisor's state go in. */

const LONGEST_REASON = 500;

/** Trouble of the host with this instance (a full disk); tried again by itself. */
export type Problem = string | null;

export interface Look {
  phase: FleetPhase;
  gateway: GatewayState;
  reason: string | null;
  final: boolean;
}

export function look(
  { desired, access }: Pick<InstanceRecord, "desired" | "access">,
  state: SupervisorState,
  problem: Problem,
): Look {
  if (desired === "deleted")
    return {
      phase: "deleting",
      gateway: state.at === "stopped" ? "stopped" : "starting",
      reason: problem,
      final: false,
    };
  if (problem !== null) return { phase: "error", gateway: "error", reason: short(problem), final: false };
  if (desired === "stopped")
    return { phase: state.at === "stopped" ? "stopped" : "stopping", gateway: "stopped", reason: null, final: false };
  switch (state.at) {
    case "stopped":
    case "storage":
      return { phase: "storage", gateway: "starting", reason: null, final: false };
    case "queued":
      return {
        phase: "storage",
        gateway: "starting",
        reason: "Other instances are starting; this one is next in line.",
        final: false,
      };
    case "boot":
    case "stopping":
      return { phase: "boot", gateway: "starting", reason: null, final: false };
    case "health":
      return { phase: "health", gateway: "starting", reason: null, final: false };
    case "ready":
      return access.due
        ? { phase: "health", gateway: "starting", reason: "The devices of before are being removed.", final: false }
        : { phase: "ready", gateway: "running", reason: null, final: false };
    case "waiting":
      return state.failing
        ? { phase: "error", gateway: "error", reason: short(state.why), final: false }
        : { phase: "boot", gateway: "starting", reason: short(state.why), final: false };
    case "failed":
      return { phase: "error", gateway: "error", reason: short(state.why), final: true };
  }
}

export function fleetView(context: HostContext, record: InstanceRecord, seen: Look): FleetInstance {
  return {
    id: record.id,
    generation: record.generation,
    desired: record.desired,
    spec_digest: record.spec?.digest ?? null,
    has_provider_keys: record.spec?.providerKeys !== undefined,
    ...seen,
    runtime_url: `${context.urls.internal}/i/${record.id}`,
    gateway_url: gatewayPlace(context.urls, record.id).url,
    runtime_name: `openclaw-${record.id}`,
    version: context.install.version,
  };
}

export function gatewayView(
  seen: Look,
  state: SupervisorState,
  restarts: number,
  now: number,
): RuntimeStatus["gateway"] {
  return {
    status: seen.gateway,
    ...("pid" in state && state.pid !== null ? { pid: state.pid } : {}),
    ...(state.at === "ready" ? { uptime_ms: Math.max(0, now - state.launchedAt) } : {}),
    ...(seen.reason === null ? {} : { reason: seen.reason }),
    restarts,
  };
}

/** Why something did not work, as its owner may read it: an error nobody foresaw may say anything. */
export function sentenceOf(error: unknown): string {
  return short(error instanceof ApiError ? error.message : "Something went wrong on the machine it runs on.");
}

function short(text: string): string {
  return text.length <= LONGEST_REASON ? text : `${text.slice(0, LONGEST_REASON - 1)}…`;
}
