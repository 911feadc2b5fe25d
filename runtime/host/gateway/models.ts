import { type FleetSpec, ModelProvider, type ProviderKeys, type RuntimeInference } from "@oa/contract";
import { type Json, type JsonObject, asObject, isObject, mergeConfig } from "./json.ts";
import { isHostRef, secretRef } from "./secrets.ts";

/**
 * Which models a gateway may call, and with whose keys: the managed endpoint on credits, or the gateway's own providers with
 * their owner's keys. All of it is taken up by a running gateway. Whatever else the owner has configured stays: an endpoint of
 * their own, other providers, the model they have chosen as long as it can be called.
 */

/** Provider id of the managed model endpoint: models are `managed/<id>`. */
const MANAGED_PROVIDER = "managed";

/** The plugin of OpenClaw that serves a provider, and the model OpenClaw itself starts a new user of it with. */
const SETUP: Readonly<Record<ModelProvider, { plugin: string; model: string }>> = {
  anthropic: { plugin: "anthropic", model: "anthropic/claude-opus-5" },
  openai: { plugin: "openai", model: "openai/gpt-6-astra" },
  google: { plugin: "google", model: "google/gemini-3.1-pro-preview" },
  openrouter: { plugin: "openrouter", model: "openrouter/auto" },
  xai: { plugin: "xai", model: "xai/grok-4.7" },
  together: { plugin: "together", model: "together/moonshotai/Kimi-K2.6" },
  nvidia: { plugin: "nvidia", model: "nvidia/nvidia/nemotron-3-ultra-550b-a55b" },
  huggingface: { plugin: "huggingface", model: "huggingface/deepseek-ai/DeepSeek-R1" },
  "opencode-go": { plugin: "opencode-go", model: "opencode-go/kimi-k3" },
  "ollama-cloud": { plugin: "ollama", model: "ollama-cloud/kimi-k2.6" },
};

export type ModelAccess = Pick<FleetSpec, "inference" | "providerKeys">;

/** The present configuration with the host's providers, keys and plugins in it, and a default model that can be called. */
export function withModels(current: JsonObject, access: ModelAccess): JsonObject {
  const providers = providersOf(current);
  const served = mergeConfig(current, {
    models: { ...modeFor(providers, access), providers: ownedProviders(providers, access) },
    ...neededPlugins(current, access),
  });
  const model = modelChoice(current, access);
  // A choice that stays is not touched: it may be a plain name, which a merge would lose.
  return Object.keys(model).length === 0 ? served : mergeConfig(served, { agents: { defaults: { model } } });
}

function providersOf(config: JsonObject): JsonObject {
  return asObject(asObject(config["models"])["providers"]);
}

/**
 * `replace` hides what a person on credits could not call. It is set when the managed endpoint comes and taken back when it
 * goes; in between it is the owner's, who may want to see both.
 */
function modeFor(providers: JsonObject, { inference }: ModelAccess): JsonObject {
  const had = providers[MANAGED_PROVIDER] !== undefined;
  if (inference !== undefined) return had ? {} : { mode: "replace" };
  return had ? { mode: "merge" } : {};
}

/** Patch of `models.providers`. Of a provider with an owner's key only the key is the host's. */
function ownedProviders(before: JsonObject, { inference, providerKeys = {} }: ModelAccess): JsonObject {
  const patch: JsonObject = { [MANAGED_PROVIDER]: inference === undefined ? null : managedProvider(inference) };
  for (const provider of ModelProvider.options) {
    const entry = asObject(before[provider]);
    if (providerKeys[provider] !== undefined) patch[provider] = { apiKey: secretRef(`/providerKeys/${provider}`) };
    else if (isHostRef(entry["apiKey"])) patch[provider] = Object.keys(entry).length === 1 ? null : { apiKey: null };
  }
  return patch;
}

function managedProvider(inference: RuntimeInference): JsonObject {
  return {
    baseUrl: inference.baseUrl,
    apiKey: secretRef("/inferenceKey"),
    api: "openai-completions",
    models: inference.models.map((model) => ({ ...model, input: ["text", "image"] })),
  };
}

/**
 * The plugins of providers with keys: on the owner's list of allowed plugins, where there is one, and named as enabled. OpenClaw
 * would enable them by itself, and disable them again with the key; a plugin that comes or goes cannot do so in the middle of a
 * turn, and one that is named stays. An owner who has disabled one has the last word.
 */
function neededPlugins(config: JsonObject, { providerKeys = {} }: ModelAccess): JsonObject {
  const { allow, entries } = asObject(config["plugins"]);
  const needed = withKeys(providerKeys).map((provider) => SETUP[provider].plugin);
  const missing = Array.isArray(allow) ? needed.filter((plugin) => !allow.includes(plugin)) : [];
  const unnamed = needed.filter((plugin) => asObject(asObject(entries)[plugin])["enabled"] === undefined);
  const patch: JsonObject = {};
  if (Array.isArray(allow) && missing.length > 0) patch["allow"] = [...allow, ...missing];
  if (unnamed.length > 0) patch["entries"] = Object.fromEntries(unnamed.map((plugin) => [plugin, { enabled: true }]));
  return Object.keys(patch).length === 0 ? {} : { plugins: patch };
}

/**
 * Patch of the default model. One that is unset, or that nobody can call any more (a managed model that is not offered, a
 * provider whose key was removed), becomes the first one on offer; any other choice of the owner stays.
 */
function modelChoice(config: JsonObject, access: ModelAccess): JsonObject {
  const model = asObject(asObject(config["agents"])["defaults"])["model"];
  const primary = typeof model === "string" ? model : asObject(model)["primary"];
  const fallbacks = asObject(model)["fallbacks"];
  const callable = (ref: Json) => typeof ref === "string" && !isOver(ref, providersOf(config), access);
  const patch: JsonObject = {};
  if (primary === undefined || !callable(primary)) {
    const first = firstModel(access);
    if (first !== undefined) patch["primary"] = first;
    else if (primary !== undefined) patch["primary"] = null;
  }
  if (Array.isArray(fallbacks) && !fallbacks.every(callable)) patch["fallbacks"] = fallbacks.filter(callable);
  return patch;
}

/** True for a model the host once made available and does not any more. Of others it knows nothing. */
function isOver(ref: string, before: JsonObject, { inference, providerKeys = {} }: ModelAccess): boolean {
  const [name = "", ...rest] = ref.split("/");
  if (name === MANAGED_PROVIDER) return !(inference?.models.some(({ id }) => id === rest.join("/")) ?? false);
  const provider = ModelProvider.safeParse(name).data;
  if (provider === undefined || providerKeys[provider] !== undefined) return false;
  const entry = before[provider];
  return isObject(entry) && isHostRef(entry["apiKey"]);
}

function firstModel({ inference, providerKeys = {} }: ModelAccess): string | undefined {
  const managed = inference?.models[0];
  if (managed !== undefined) return `${MANAGED_PROVIDER}/${managed.id}`;
  const own = withKeys(providerKeys)[0];
  return own === undefined ? undefined : SETUP[own].model;
}

function withKeys(keys: ProviderKeys): ModelProvider[] {
  return ModelProvider.options.filter((provider) => keys[provider] !== undefined);
}
