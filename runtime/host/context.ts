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
  /** Milliseconds since 1970: what is told and written down. */
  now: () => number;
  /** Milliseconds of a clock that only goes on: how long something took. A corrected clock must not end a gateway. */
  elapsed: () => number;
}

export interface HostUrls {
  /** Where the control plane reaches this host, without a slash at the end. */
  internal: string;
  /** Where devices and browsers reach it. */
  public: string;
  /** With a domain each gateway has an origin of its own, `<id>.<domain>`; without, a path of the public origin. */
  gatewayDomain: string | undefined;
}

/** Where one gateway is reached, as its devices and its own configuration must agree on it. */
export interface GatewayPlace {
  /** Origins a browser may come from; the first is the one links are made with. */
  origins: readonly [string, ...string[]];
  /** Path prefix under which it serves everything; empty at an origin of its own. */
  basePath: string;
  /** Address devices connect to. */
  url: string;
}

/**
 * Two people's Control UIs on one origin could read each other's browser storage; an origin for each gateway keeps them
 * apart, and needs a wildcard name and certificate. The path is for one person's own machine.
 */
export function gatewayPlace(urls: HostUrls, id: string): GatewayPlace {
  const { protocol } = new URL(urls.public);
  if (urls.gatewayDomain !== undefined) {
    const { origin } = new URL(`${protocol}//${id}.${urls.gatewayDomain}`);
    return { origins: [origin], basePath: "", url: toWebSocket(origin) };
  }
  const basePath = `/i/${id}/gateway`;
  return { origins: pathOrigins(new URL(urls.public)), basePath, url: toWebSocket(urls.public) + basePath };
}

/** On a person's own machine both names of it are the same place. */
function pathOrigins(url: URL): [string, ...string[]] {
  const port = url.port === "" ? "" : `:${url.port}`;
  const other = { "127.0.0.1": "localhost", localhost: "127.0.0.1" }[url.hostname];
  return other === undefined ? [url.origin] : [url.origin, `${url.protocol}//${other}${port}`];
}

function toWebSocket(origin: string): string {
  return origin.replace(/^http/, "ws");
}

/** The instance whose own origin this `Host` header names; null for every other one. */
export function instanceOfHost(urls: HostUrls, host: string | undefined): string | null {
  const suffix = urls.gatewayDomain === undefined ? null : `.${urls.gatewayDomain.toLowerCase()}`;
  const name = host?.toLowerCase() ?? "";
  return suffix !== null && name.endsWith(suffix) ? name.slice(0, -suffix.length) : null;
}
