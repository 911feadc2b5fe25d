import { ApiError, FLEET_KEY_HEADER, FleetSpec } from "@oa/contract";
import type { FleetInstance, FleetPhase, PendingDevice } from "@oa/contract";
import type { Asked } from "./convexDouble.ts";
import type { LogStreamState } from "./logStreamDouble.ts";
import { quietLogStream } from "./logStreamDouble.ts";

export const FLEET_KEY = "fleet-key-of-the-tests";

interface Machine {
  spec: FleetSpec;
  phase: FleetPhase;
  pending: PendingDevice[];
}

/** What the double runs, and everything it was told to do. */
export interface FleetState {
  machines: Record<string, Machine>;
  puts: { id: string; spec: FleetSpec }[];
  deletes: string[];
  /** Requests that reached a runtime, with the token they carried. */
  runtimeCalls: { method: string; path: string; token: string | undefined }[];
  /** Phases a machine goes through, one with each look at it. */
  climb: FleetPhase[];
  health: { ok: boolean; failing: string[] };
  trouble: { reason: string; final: boolean } | null;
  logStream: LogStreamState;
}

export function emptyFleet(): FleetState {
  return {
    machines: {},
    puts: [],
    deletes: [],
    runtimeCalls: [],
    climb: ["boot", "health", "ready"],
    health: { ok: true, failing: [] },
    trouble: null,
    logStream: quietLogStream(),
  };
}

/** Enough of a runtime host for the Worker: `/fleet/*`, and `/i/:id/v1/*` behind each machine's own token. */
export function fleetAnswer(state: FleetState, asked: Asked, origin: string): unknown {
  const fleet = /^\/fleet\/instances\/([^/]+)$/.exec(asked.url.pathname);
  if (fleet !== null) return fleetApi(state, asked, fleet[1] ?? "", origin);
  // `/one` and `/users/:user` are runtimes that someone else runs: fleet `static`.
  const runtime = /^\/(?:i\/([^/]+)|(one)|users\/([^/]+))(\/v1\/.*)$/.exec(asked.url.pathname);
  if (runtime === null) throw new ApiError("not_found", "no such path");
  return runtimeApi(state, asked, runtime[1] ?? runtime[2] ?? runtime[3] ?? "", runtime[4] ?? "", origin);
}

function fleetApi(state: FleetState, asked: Asked, id: string, origin: string): unknown {
  if (asked.headers[FLEET_KEY_HEADER] !== FLEET_KEY) throw new ApiError("unauthorized", "wrong fleet key");
  const machine = state.machines[id];
  if (asked.method === "DELETE") {
    state.deletes.push(id);
    if (machine === undefined) return { id, state: "gone" };
    if (machine.phase === "deleting") {
      delete state.machines[id];
      return { id, state: "gone" };
    }
    machine.phase = "deleting";
    return { id, state: "deleting" };
  }
  if (asked.method === "PUT") {
    const spec = FleetSpec.parse(asked.body);
    if (machine !== undefined && spec.generation < machine.spec.generation)
      throw new ApiError("stale_generation", "newer one runs");
    state.puts.push({ id, spec });
    const phase = spec.desired === "running" ? (state.climb[0] ?? "ready") : "stopping";
    const put: Machine = { spec, phase, pending: machine?.pending ?? [] };
    state.machines[id] = put;
    return view(state, id, put, origin);
  }
  if (machine === undefined) throw new ApiError("not_found", "no such instance");
  const before = view(state, id, machine, origin);
  if (machine.phase === "stopping") machine.phase = "stopped";
  else if (machine.spec.desired === "running")
    machine.phase = state.climb[state.climb.indexOf(machine.phase) + 1] ?? machine.phase;
  return before;
}

function view(state: FleetState, id: string, machine: Machine, origin: string): FleetInstance {
  const { phase } = machine;
  return {
    id,
    generation: machine.spec.generation,
    desired: machine.spec.desired,
    spec_digest: machine.spec.digest ?? null,
    has_provider_keys: machine.spec.providerKeys !== undefined,
    phase: state.trouble === null ? phase : "error",
    gateway: phase === "ready" ? "running" : "starting",
    reason: state.trouble?.reason ?? null,
    final: state.trouble?.final ?? false,
    runtime_url: `${origin}/i/${id}`,
    gateway_url: `${origin.replace("http", "ws")}/i/${id}/gateway`,
    runtime_name: `openclaw-${id}`,
    version: "2026.9.6",
  };
}

function runtimeApi(state: FleetState, asked: Asked, id: string, path: string, origin: string): unknown {
  const token = asked.headers["x-openagents-service-token"];
  state.runtimeCalls.push({ method: asked.method, path: asked.url.pathname + asked.url.search, token });
  const machine = (state.machines[id] ??= newMachine(token ?? ""));
  if (token !== machine.spec.env.OPENAGENTS_SERVICE_TOKEN) throw new ApiError("unauthorized", "wrong service token");
  const decision = /^\/v1\/devices\/([^/]+)\/(approve|reject)$/.exec(path);
  if (decision !== null) {
    const requestId = decision[1] ?? "";
    const waiting = machine.pending.findIndex((device) => device.requestId === requestId);
    if (waiting === -1) throw new ApiError("not_found", `request ${requestId} is unknown to ${id}`);
    machine.pending.splice(waiting, 1);
    return { approved: decision[2] === "approve", requestId };
  }
  if (asked.method === "DELETE" && path.startsWith("/v1/devices/"))
    throw new ApiError("not_found", `device is unknown to ${id}`);
  switch (path) {
    case "/v1/status":
      return {
        gateway: { status: "running", restarts: 0, pid: 7, uptime_ms: 1000 },
        lastBackup: null,
        container: { instanceType: "process" },
        version: { openclaw: "2026.9.6", runtime: "1" },
        health: state.health,
        jobs: { at: 9, running: { id: "j1", kind: "backup", phase: "verifying", startedAt: 8 }, last: null },
        undeclared: "a field no schema names",
      };
    case "/v1/devices":
      return { pending: machine.pending, paired: [] };
    case "/v1/gateway/restart":
      return { gateway: { status: "running", pid: 8, uptime_ms: 5 }, tookMs: 5 };
    case "/v1/storage/backup":
      return { lastBackup: 5, id: "b1", size: 10, sha256: "0".repeat(64) };
    case "/v1/storage/backups":
      return { backups: [] };
    case "/v1/storage/restore":
      return { restored: "b1", replaced: "b2", tookMs: 9 };
    case "/v1/logs":
      return { lines: [], next: Number(asked.url.searchParams.get("since")) };
    case "/v1/connect":
      return { url: `${origin.replace("http", "ws")}/i/${id}/gateway`, token: `gateway-token-of-${id}` };
    default:
      throw new ApiError("not_found", path);
  }
}

/** A runtime someone else started, with the token it is first asked with. */
function newMachine(token: string): Machine {
  return {
    spec: { generation: 1, desired: "running", env: { OPENAGENTS_SERVICE_TOKEN: token } },
    phase: "ready",
    pending: [],
  };
}
