import type { Environment, Problem, UpstreamEntry } from "./env.ts";
import { isLoopback } from "./env.ts";
import { DOUBLE_PREFIX } from "./outsideConfig.ts";

/** An OpenAI-compatible endpoint, and which models it answers. */
export interface Upstream {
  /** A model's id, or a beginning with `*` behind it; `*`: any. */
  match: string;
  endpoint: string;
  apiKey: string;
  /** What the endpoint calls the model; null: as the caller does. */
  model: string | null;
  /** What is done with its answer when the caller goes away: end it, or read on for the usage it charges anyway. */
  onAbort: "cancel" | "drain";
  /** Where the length of an answer is bounded; null: where the caller did it, else by the endpoint's kind. */
  maxTokensField: "max_tokens" | "max_completion_tokens" | null;
}

export interface InferenceConfig {
  /** The best match first. */
  upstreams: readonly Upstream[];
  /** What is offered; null: whatever the endpoints list. */
  models: readonly string[] | null;
  /** Until a streamed answer begins. */
  startMs: number;
  /** Between two parts of an answer. */
  idleMs: number;
}

/** Checks what belongs together. A double's key stays on this machine; a real key is not sent to a double. */
export function inferenceConfig(env: Environment): { config: InferenceConfig | null } | { problems: Problem[] } {
  const { INFERENCE_ENDPOINT: endpoint, INFERENCE_API_KEY: apiKey, INFERENCE_UPSTREAMS: table = {} } = env;
  if ((endpoint === undefined) !== (apiKey === undefined)) {
    const [missing, given] =
      endpoint === undefined
        ? ["INFERENCE_ENDPOINT", "INFERENCE_API_KEY"]
        : ["INFERENCE_API_KEY", "INFERENCE_ENDPOINT"];
    return { problems: [{ variable: missing, message: `is not set, and ${given} is` }] };
  }
  const special = Object.entries(table).map(([match, entry]) => upstreamOf(match, entry));
  const general =
    endpoint === undefined || apiKey === undefined ? [] : [upstreamOf("*", { endpoint, api_key: apiKey })];
  const problems = [
    ...special.flatMap((upstream) => credentialProblem("INFERENCE_UPSTREAMS", upstream, env)),
    ...general.flatMap((upstream) => credentialProblem("INFERENCE_API_KEY", upstream, env)),
  ];
  if (problems.length > 0) return { problems };
  const upstreams = [...special.toSorted((a, b) => weightOf(b.match) - weightOf(a.match)), ...general];
  if (upstreams.length === 0) return { config: null };
  return {
    config: {
      upstreams,
      models: env.INFERENCE_MODELS ?? null,
      startMs: env.INFERENCE_START_SECONDS * 1000,
      idleMs: env.INFERENCE_IDLE_SECONDS * 1000,
    },
  };
}

function upstreamOf(match: string, entry: UpstreamEntry): Upstream {
  return {
    match,
    endpoint: entry.endpoint,
    apiKey: entry.api_key,
    model: entry.model ?? null,
    onAbort: entry.on_abort ?? "cancel",
    maxTokensField: entry.max_tokens_field ?? null,
  };
}

/** A whole id weighs more than any beginning; a longer beginning more than a shorter one. */
function weightOf(match: string): number {
  return match.endsWith("*") ? match.length : Number.MAX_SAFE_INTEGER;
}

function credentialProblem(variable: string, { endpoint, apiKey }: Upstream, env: Environment): Problem[] {
  const here = isLoopback(new URL(endpoint).hostname);
  const forDouble = apiKey.startsWith(DOUBLE_PREFIX);
  if (forDouble && !here) {
    return [{ variable, message: "is a double's, and the endpoint is not on this machine" }];
  }
  if (here && !forDouble && env.OA_DOUBLES.includes("upstream")) {
    return [{ variable, message: `does not begin with ${DOUBLE_PREFIX}: a real key must not be sent to a double` }];
  }
  return [];
}

/** The endpoint that answers a model; null where none does. */
export function upstreamFor({ upstreams, models }: InferenceConfig, model: string): Upstream | null {
  if (models !== null && !models.includes(model)) return null;
  const fits = ({ match }: Upstream) => (match.endsWith("*") ? model.startsWith(match.slice(0, -1)) : match === model);
  return upstreams.find(fits) ?? null;
}
