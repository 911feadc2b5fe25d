import { ApiError } from "@oa/contract";
import type { InferenceEndpoint } from "@oa/contract";
import * as z from "zod";
import type { Upstream } from "../inferenceConfig.ts";
import { chatMeter, responsesMeter } from "./meter.ts";
import type { Meter } from "./meter.ts";
import { PromptProblem, promptTokens } from "./prompt.ts";
import { REFUSED_FIELDS, refused } from "./refusedFields.ts";
import type { UsageFrame } from "./usage.ts";

/**
 * What is understood of a request is strict, because money depends on it: the model, how long and how many the answers may be,
 * whether they are streamed. Everything else goes to the vendor as it came, but for what would be paid for in another
 * way than by tokens, or would reach what other users of the same vendor account have stored there.
 */

/** Largest body of a request, in bytes. */
export const MAX_REQUEST_BYTES = 4 * 1024 * 1024;

/** Longer than any model reads, and as much as a hold can be asked for; a body of pictures may be estimated at more. */
const MOST_TOKENS = 100_000_000;

const Model = z.string().min(1, "name a model").max(200);
const Length = z.int().min(1).max(10_000_000);
const Flag = z.boolean().nullish();

const ServiceTier = z
  .enum(["auto", "default"], "only the default service tier has a price here; leave service_tier out")
  .nullish();

/** Tools that run at the caller's. Those a vendor runs itself cost more than tokens, and read what was not in the prompt. */
function toolsOf(...types: readonly string[]) {
  const sentence = `only tools of the types ${types.join(", ")} can be used here`;
  return z.array(z.looseObject({ type: z.string().refine((type) => types.includes(type), sentence) })).nullish();
}

export const ChatBody = z
  .looseObject({
    model: Model,
    messages: z.array(z.looseObject({ role: z.string() })).min(1),
    stream: Flag,
    stream_options: z.looseObject({ include_usage: Flag }).nullish(),
    max_tokens: Length.nullish(),
    max_completion_tokens: Length.nullish(),
    max_output_tokens: refused("name the length as max_completion_tokens"),
    n: z.int().min(1).max(128).nullish(),
    tools: toolsOf("function", "custom"),
    service_tier: ServiceTier,
    modalities: z.array(z.literal("text", "only text can be answered here")).nullish(),
    audio: refused("sound cannot be answered here"),
    store: refused("nothing is stored at the vendor; leave store out"),
    ...REFUSED_FIELDS,
  })
  .refine((body) => (body.max_tokens ?? null) === null || (body.max_completion_tokens ?? null) === null, {
    path: ["max_tokens"],
    message: "set max_tokens or max_completion_tokens, not both",
  });

export const ResponsesBody = z.looseObject({
  model: Model,
  input: z.union([z.string(), z.array(z.looseObject({}))]),
  stream: Flag,
  max_output_tokens: Length.nullish(),
  max_tokens: refused("name the length as max_output_tokens"),
  max_completion_tokens: refused("name the length as max_output_tokens"),
  n: refused("there is one response to a request; leave n out"),
  tools: toolsOf("function", "custom", "local_shell", "apply_patch"),
  service_tier: ServiceTier,
  ...REFUSED_FIELDS,
  previous_response_id: refused("responses are not stored; send the conversation as input"),
  conversation: refused("conversations are not stored; send them as input"),
  prompt: refused("stored prompts cannot be used; send the text as instructions and input"),
  store: refused("responses are not stored; leave store out, or false"),
});

export const EmbeddingsBody = z.looseObject({
  model: Model,
  input: z.union([z.string(), z.array(z.union([z.string(), z.int(), z.array(z.int())])).min(1)]),
});

/** A request that was understood, for any of the endpoints. */
export interface ModelRequest {
  endpoint: InferenceEndpoint;
  model: string;
  isStream: boolean;
  /** Whether its sender asked for the usage of a stream. */
  wantsUsage: boolean;
  /** Upper estimate of the prompt. */
  inputTokens: number;
  /** For each answer, as named; null where nothing was. */
  maxOutputTokens: number | null;
  choices: number;
  /** Behind the upstream's address. */
  path: string;
  /** Reads the stream of its answer. */
  meter(frame: UsageFrame): Meter;
  /** What the upstream is sent: its name of the model, and the answer no longer than was held for. */
  bodyFor(upstream: Upstream, maxOutputTokens: number): object;
}

/** @throws ApiError `invalid_request` for a prompt that is not taken. */
export function chatRequest(body: z.output<typeof ChatBody>): ModelRequest {
  const isStream = body.stream === true;
  return {
    endpoint: "chat",
    model: body.model,
    isStream,
    wantsUsage: isStream && body.stream_options?.include_usage === true,
    inputTokens: tokensOf(body),
    maxOutputTokens: body.max_completion_tokens ?? body.max_tokens ?? null,
    choices: body.n ?? 1,
    path: "/chat/completions",
    meter: (frame) => chatMeter(body.n ?? 1, frame),
    bodyFor(upstream, maxOutputTokens) {
      const { max_tokens, max_completion_tokens, ...rest } = body;
      return {
        ...rest,
        model: upstream.model ?? body.model,
        [lengthField(upstream, max_tokens, max_completion_tokens)]: maxOutputTokens,
        ...(isStream && { stream_options: { ...body.stream_options, include_usage: true } }),
      };
    },
  };
}

/** Where nothing else is said: OpenAI's newer models take only the newer name, everyone else knows the older. */
function lengthField(
  { maxTokensField, endpoint }: Upstream,
  older: number | null | undefined,
  newer: number | null | undefined,
): "max_tokens" | "max_completion_tokens" {
  if (maxTokensField !== null) return maxTokensField;
  if ((newer ?? null) !== null) return "max_completion_tokens";
  if ((older ?? null) !== null) return "max_tokens";
  return /(?:^|\.)(?:openai\.com|openai\.azure\.com)$/.test(new URL(endpoint).hostname)
    ? "max_completion_tokens"
    : "max_tokens";
}

/** @throws ApiError `invalid_request` for a prompt that is not taken. */
export function responsesRequest(body: z.output<typeof ResponsesBody>): ModelRequest {
  return {
    endpoint: "responses",
    model: body.model,
    isStream: body.stream === true,
    // The usage is part of the response itself.
    wantsUsage: true,
    inputTokens: tokensOf(body),
    maxOutputTokens: body.max_output_tokens ?? null,
    choices: 1,
    path: "/responses",
    meter: responsesMeter,
    bodyFor: (upstream, maxOutputTokens) => ({
      ...body,
      model: upstream.model ?? body.model,
      max_output_tokens: maxOutputTokens,
      // The vendor's default is to keep it, where every user of the account could refer to it.
      store: false,
    }),
  };
}

/** @throws ApiError `invalid_request` for a prompt that is not taken. */
export function embeddingsRequest(body: z.output<typeof EmbeddingsBody>): ModelRequest {
  return {
    endpoint: "embeddings",
    model: body.model,
    isStream: false,
    wantsUsage: false,
    inputTokens: tokensOf(body),
    maxOutputTokens: 0,
    choices: 1,
    path: "/embeddings",
    meter: (frame) => chatMeter(1, frame),
    bodyFor: (upstream) => ({ ...body, model: upstream.model ?? body.model }),
  };
}

function tokensOf(body: object): number {
  try {
    return Math.min(promptTokens(body), MOST_TOKENS);
  } catch (error) {
    if (error instanceof PromptProblem) throw new ApiError("invalid_request", error.message);
    throw error;
  }
}
