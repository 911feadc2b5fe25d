import type { Retention } from "./backups/catalog.ts";
import type { Reporter } from "./events.ts";
import type { BootGate } from "./gateway/bootGate.ts";
import type { HeapLimits, OpenClawInstall } from "./gateway/command.ts";
import type { PortPool } from "./gateway/ports.ts";
import type { SupervisorLimits } from "./gateway/supervisor.ts";
import type { Log } from "./log.ts";
import type { Store } from "./store.ts";

/** What all instances of one host share. */
export interface HostContext {
  dataDir: string;
  install: OpenClawInstall;
  runtimeVersion: string;
  instanceType: string;
  heap: HeapLimits;
  limits: SupervisorLimits;
  retention: Retention;
  /** How long a gateway may finish its work when it is stopped or restarted, in milliseconds. */
  stopGraceMs: number;
  urls: HostUrls;
  gate: BootGate;
  ports: PortPool;
  store: Store;
  reporter: Reporter;
  log: Log;
  env: NodeJS.ProcessEnv;
  now: () => number;
}

export interface HostUrls {
  /** Where the control plane reaches this host, without a slash at the end. */
  internal: string;
  /** Where devices and browsers reach it. */
  public: string;
}

/** Path prefix of an instance's forwarded gateway; the gateway serves its Control UI under the same one. */
export function gatewayPath(id: string): string {
  return `/i/${id}/gateway`;
}

/** Origins a browser may come from: the public one, and on a person's own machine both names of it. */
export function browserOrigins(publicUrl: string): readonly [string, ...string[]] {
  const url = new URL(publicUrl);
  const port = url.port === "" ? "" : `:${url.port}`;
  if (url.hostname === "127.0.0.1") return [url.origin, `${url.protocol}//localhost${port}`];
  if (url.hostname === "localhost") return [url.origin, `${url.protocol}//127.0.0.1${port}`];
  return [url.origin];
}

/** The address devices connect to. */
export function gatewayUrl(publicUrl: string, id: string): string {
  return `${publicUrl.replace(/^http/, "ws")}${gatewayPath(id)}`;
}
