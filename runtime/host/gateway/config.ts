import type { RuntimeInference } from "@oa/contract";
import type { InstanceSettings } from "../../src/env.ts";

/**
 * The gateway's configuration, as plain data. The file belongs to the instance's owner, who changes channels, agents and
 * plugins in the Control UI; the host owns only the keys below and puts them back before each start. Secrets are references
 * into the secrets file, so the configuration, and every backup of it, holds none.
 */

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** Name of the file secret provider in the configuration. */
const SECRETS_PROVIDER = "oa";
/** Provider id of the managed model endpoint: models are `managed/<id>`. */
const MANAGED_PROVIDER = "managed";
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
  inference: RuntimeInference | undefined;
  /** OpenClaw's, for a first configuration. */
  version: string;
}

/** What the secrets file holds; the configuration refers to these names. */
export interface GatewaySecrets {
  gatewayToken: string;
  inferenceKey?: string;
}

export function secretsOf(gatewayToken: string, inference: RuntimeInference | undefined): GatewaySecrets {
  return inference === undefined ? { gatewayToken } : { gatewayToken, inferenceKey: inference.apiKey };
}

/**
 * Keys the host decides. `null` deletes a key. Why each is there:
 * bind and port: the default listens on every interface; trustedProxies: with it the gateway believes the forwarder's
 * address of a device and asks for approval, without it every device would look local and be paired silently; terminal:
 * a shell with the gateway's environment; mDNS, update check and catalogue: nothing leaves the machine unasked.
 */
export function ownedConfig(input: ConfigInput): JsonObject {
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
    models: {
      catalogRefresh: { enabled: false },
      providers: { [MANAGED_PROVIDER]: input.inference === undefined ? null : managedProvider(input.inference) },
    },
  };
}

/** A gateway takes a public origin for links only over https, or on a person's own machine. */
function isLinkable(origin: string): boolean {
  const { protocol, hostname } = new URL(origin);
  return protocol === "https:" || ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
}

function secretRef(id: string): JsonObject {
  return { source: "file", provider: SECRETS_PROVIDER, id };
}

function managedProvider(inference: RuntimeInference): JsonObject {
  return {
    baseUrl: inference.baseUrl,
    apiKey: secretRef("/inferenceKey"),
    api: "openai-completions",
    models: inference.models.map((model) => ({ ...model, input: ["text", "image"] })),
  };
}

/** What a new instance starts with, and its owner may change. Few plugins and no heartbeat: a quiet, quick gateway. */
export function firstConfig({ inference, version }: Pick<ConfigInput, "inference" | "version">): JsonObject {
  const models: JsonObject = inference === undefined ? {} : { models: { mode: "replace" } };
  return {
    ...models,
    // Says that there are no old spellings to look for and migrate.
    meta: { lastTouchedVersion: version },
    plugins: { allow: ["memory-core", "device-pair"] },
    agents: { defaults: { skipBootstrap: true, heartbeat: { every: "0m" } } },
  };
}

/**
 * The file's next content: what is there, with the owned keys put back. A primary model that is unset, or names a managed
 * model that is no longer offered, becomes the first managed one; any other choice of the owner stays.
 */
export function nextConfig(current: JsonObject | null, input: ConfigInput): JsonObject {
  const merged = mergeConfig(current ?? firstConfig(input), ownedConfig(input));
  const primary = primaryModel(merged);
  const offered = input.inference?.models.map((model) => `${MANAGED_PROVIDER}/${model.id}`) ?? [];
  const first = offered[0];
  const dangling = primary === undefined || (primary.startsWith(`${MANAGED_PROVIDER}/`) && !offered.includes(primary));
  if (!dangling) return merged;
  const model: Json = first === undefined ? (primary === undefined ? {} : { primary: null }) : { primary: first };
  return mergeConfig(merged, { agents: { defaults: { model } } });
}

function primaryModel(config: JsonObject): string | undefined {
  const defaults = asObject(asObject(config["agents"])["defaults"]);
  const model = defaults["model"];
  const primary = typeof model === "string" ? model : asObject(model)["primary"];
  return typeof primary === "string" ? primary : undefined;
}

function asObject(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

/** True for a JSON object; false for null and arrays. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** RFC 7396 merge: objects merge, `null` deletes, everything else replaces. Neither argument is changed. */
export function mergeConfig(target: JsonObject, patch: JsonObject): JsonObject {
  const out: JsonObject = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key];
    else if (isObject(value)) out[key] = mergeConfig(asObject(out[key]), value);
    else out[key] = value;
  }
  return out;
}
