import type { RestartResult, RuntimeStatus } from "@oa/contract";
import type { Hono } from "hono";
import { createRuntimeApp } from "../src/app.ts";
import type { Backups } from "./backups/backups.ts";
import { type HostContext, gatewayPlace } from "./context.ts";
import type { DeviceMirror } from "./gateway/deviceMirror.ts";
import { probe } from "./gateway/probes.ts";
import type { Supervisor } from "./gateway/supervisor.ts";
import type { InstanceEvents } from "./instanceEvents.ts";
import { type Look, gatewayView } from "./instanceView.ts";
import type { JobSlot } from "./jobs.ts";
import { messageOf } from "./log.ts";
import type { LogStore } from "./logs/store.ts";
import { serviceTokensOf } from "./serviceTokens.ts";
import type { InstanceRecord } from "./store.ts";

/** What an instance's service API speaks for. */
export interface InstanceParts {
  record: () => InstanceRecord;
  /** The new token of a rotation was used. */
  forgetOldToken: () => void;
  look: () => Look;
  restart: () => Promise<RestartResult>;
  supervisor: Supervisor;
  mirror: DeviceMirror;
  backups: Backups;
  logs: LogStore;
  events: InstanceEvents;
  jobs: JobSlot;
}

/** The service API of one instance of this host: the ports of `createRuntimeApp`, each by the part that knows. */
export function createInstanceApp(context: HostContext, id: string, parts: InstanceParts): Hono {
  const { now, log, urls, install, runtimeVersion, instanceType } = context;
  const { record, supervisor, mirror, jobs } = parts;
  return createRuntimeApp({
    tokens: serviceTokensOf(record, parts.forgetOldToken, now),
    gateway: {
      status: () => gatewayView(parts.look(), supervisor.state, supervisor.restarts, now()),
      health: () => healthOf(supervisor),
      restart: parts.restart,
      devices: () => mirror.list(),
      approve: (requestId) => mirror.decide(requestId, "approve"),
      reject: (requestId) => mirror.decide(requestId, "reject"),
      remove: (deviceId) => mirror.remove(deviceId),
      connectInfo: () => ({ url: gatewayPlace(urls, id).url, token: record().gatewayToken }),
    },
    storage: parts.backups,
    logs: parts.logs,
    events: parts.events,
    info: { version: { openclaw: install.version, runtime: runtimeVersion }, instanceType, jobs: () => jobs.report() },
    report: (error) => log.error("a request failed", { instance: id, why: messageOf(error) }),
  });
}

async function healthOf({ state }: Supervisor): Promise<RuntimeStatus["health"]> {
  if (state.at === "health") return { ok: false, failing: state.pending };
  if (state.at !== "ready") return { ok: false, failing: ["gateway"] };
  const answer = await probe(state.port, "/readyz");
  return answer.answered ? { ok: answer.ok, failing: answer.failing } : { ok: false, failing: ["gateway"] };
}
