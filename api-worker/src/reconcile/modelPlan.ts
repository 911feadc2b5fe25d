import { createHash } from "node:crypto";
import { DEFAULT_OUTPUT_TOKENS } from "@oa/contract";
import type { ControlInstance, ListedModel, RuntimeInference } from "@oa/contract";
import type { Config } from "../config.ts";
import type { ControlClient } from "../control/client.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { wholeOffer } from "../inference/models.ts";

/** Which models a gateway is to call, and who pays for them. */
export type ModelPlan =
  /** On credits: these models of this installation's own endpoint. */
  | { kind: "credits"; inference: Omit<RuntimeInference, "apiKey"> }
  /** On credits, but what is on offer cannot be told right now. */
  | { kind: "unknown"; reason: string }
  /** With the owner's own provider keys. */
  | { kind: "own_keys" }
  /** This installation has nothing to give; `why` is for people. */
  | { kind: "none"; why: string };

/** Models a gateway is told of. The prompt of every turn names none of them, but a person picks from a list. */
const MOST_MODELS = 30;
/** Where the catalogue does not say how long a prompt may be. */
const USUAL_CONTEXT_TOKENS = 128_000;
/** OpenClaw's own prompt and tools take some 15,000 tokens. */
const LEAST_CONTEXT_TOKENS = 32_000;
/** Names of models that do something else than talk. */
const NOT_FOR_TALK = /embed|whisper|tts|audio|realtime|transcri|image|dall-e|moderation|rerank|ocr|guard/i;

/** What a gateway of this instance is to call, as things stand now. */
export async function modelPlan(
  instance: Pick<ControlInstance, "has_provider_keys">,
  { config, fleet, control }: { config: Config; fleet: Fleet; control: ControlClient },
  now: number,
): Promise<ModelPlan> {
  if (!fleet.takesModels) return { kind: "none", why: "The configured runtime has models of its own." };
  if (instance.has_provider_keys) return { kind: "own_keys" };
  if (config.inference === null) {
    return {
      kind: "none",
      why: "No model endpoint is configured here. Store a provider key of your own to use models.",
    };
  }
  if (config.gatewayInferenceUrl === null) {
    return {
      kind: "none",
      why: "Gateways are not told where models are called: the operator has to set OA_PUBLIC_URL.",
    };
  }
  const offered = await wholeOffer(config.inference, control, now);
  const models = offered === null ? [] : modelsForGateway(offered, config.inference.models);
  if (models.length === 0) {
    return { kind: "unknown", reason: "The models on offer cannot be listed at the moment. It is tried again." };
  }
  return { kind: "credits", inference: { baseUrl: config.gatewayInferenceUrl, models } };
}

/**
 * The models a gateway can talk with, the default first: in the operator's order, where there is one, else the newest first. The
 * length of an answer is bounded, because a hold covers the longest one that a call asks for.
 */
export function modelsForGateway(
  offered: readonly ListedModel[],
  order: readonly string[] | null,
): RuntimeInference["models"] {
  const rank = (id: string) => order?.indexOf(id) ?? 0;
  return offered
    .filter(({ id, context_window, pricing_usd_per_million }) => {
      const talks = !NOT_FOR_TALK.test(id) && pricing_usd_per_million.output > 0;
      return talks && (context_window ?? USUAL_CONTEXT_TOKENS) >= LEAST_CONTEXT_TOKENS;
    })
    .toSorted((a, b) => rank(a.id) - rank(b.id) || b.created - a.created || a.id.localeCompare(b.id))
    .slice(0, MOST_MODELS)
    .map(({ id, context_window, max_output_tokens }) => ({
      id,
      name: id,
      contextWindow: context_window ?? USUAL_CONTEXT_TOKENS,
      maxTokens: Math.min(max_output_tokens ?? DEFAULT_OUTPUT_TOKENS, DEFAULT_OUTPUT_TOKENS),
    }));
}

/**
 * Names what a fleet is given for an instance, so that it is seen when that has changed. Of secrets only their versions go in:
 * two equal digests mean the same secrets, and a digest tells nothing of them. Null while it cannot be said.
 */
export function digestOf(instance: Pick<ControlInstance, "secret_versions">, plan: ModelPlan): string | null {
  const { service_token, inference_key, provider_keys } = instance.secret_versions;
  switch (plan.kind) {
    case "unknown":
      return null;
    case "credits":
      return sha256(["credits", service_token, inference_key, plan.inference.baseUrl, plan.inference.models]);
    case "own_keys":
      return sha256(["own_keys", service_token, provider_keys]);
    case "none":
      return sha256(["none", service_token]);
  }
}

function sha256(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
