import type { InstanceSettings } from "../../src/env.ts";
import { type JsonObject, mergeConfig } from "./json.ts";
import { type ModelAccess, withModels } from "./models.ts";
import { SECRETS_PROVIDER, secretRef } from "./secrets.ts";

/**
 * The gateway's configuration, as plain data. The file belongs to the instance's owner, who changes channels, agents and
 * plugins in the Control UI; the host owns only the keys below and puts them back before each start. Secrets are references
 * into the secrets file, so the configuration, and every backup of it, holds none.
 */

/** The gateway rotates its own log file at this size and keeps five. */
const GATEWAY_LOG_BYTES = 2 * 1024 * 1024;

export interface ConfigInput {
  settings: Pick<InstanceSettings, "bind" | "logLevel">;
  port: number;
  /** Public origins of the forwarded path; the first is the one links are made with. */
  origins: readonly [string, ...string[]];
  /** Path prefix of the forwarded path; empty for none. */
  basePath: string;
  secretsFile: string;
  logFile: string;
  access: ModelAccess;
  /** OpenClaw's, for a first configuration. */
  version: string;
}

/**
 * Keys the host decides. `null` deletes a key. Why each is there:
 * bind and port: the default listens on every interface; trustedProxies: with it the gateway believes the forwarder's
 * address of a device and asks for approval, without it every device would look local and be paired silently; terminal:
 * a shell with the gateway's environment; mDNS, update check and catalogue: nothing leaves the machine unasked.
 */
function ownedConfig(input: ConfigInput): JsonObject {
  return {
    gateway: {
      mode: "local",
      port: input.port,
      bind: input.settings.bind,
      auth: { mode: "token", token: secretRef("/gatewayToken"), password: null },
      trustedProxies: ["127.0.0.1"],
      publicOrigin: isLinkable(input.origins[0]) ? input.origins[0] : null,
      controlUi: { enabled: true, basePath: input.basePath || null, allowedOrigins: [...input.origins] },
      terminal: { enabled: false },
      nodes: { pairing: { sshVerify: false } },
    },
    secrets: { providers: { [SECRETS_PROVIDER]: { source: "file", path: input.secretsFile, mode: "json" } } },
    logging: {
      file: input.logFile,
      maxFileBytes: GATEWAY_LOG_BYTES,
      level: input.settings.logLevel,
      consoleLevel: input.settings.logLevel,
      consoleStyle: "json",
    },
    discovery: { mdns: { mode: "off" } },
    update: { checkOnStart: false },
    telemetry: { enabled: false },
    models: { catalogRefresh: { enabled: false } },
  };
}

/** A gateway takes a public origin for links only over https, or on a person's own machine. */
function isLinkable(origin: string): boolean {
  const { protocol, hostname } = new URL(origin);
  return protocol === "https:" || ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
}

/** What a new instance starts with, and its owner may change. Few plugins and no heartbeat: a quiet, quick gateway. */
function firstConfig(version: string): JsonObject {
  return {
    // Says that there are no old spellings to look for and migrate.
    meta: { lastTouchedVersion: version },
    plugins: { allow: ["memory-core", "device-pair"] },
    agents: { defaults: { skipBootstrap: true, heartbeat: { every: "0m" } } },
  };
}

/** The file's next content: what is there, with the owned keys put back and the models that may be called (`models.ts`). */
export function nextConfig(current: JsonObject | null, input: ConfigInput): JsonObject {
  return withModels(mergeConfig(current ?? firstConfig(input.version), ownedConfig(input)), input.access);
}
