import { ApiError, INFERENCE_PATHS, ModelList } from "@oa/contract";
import type { ErrorCode } from "@oa/contract";
import * as z from "zod";
import { creditDeskOf } from "../credits/desk.ts";
import type { InferenceConfig } from "../inferenceConfig.ts";
import { callModel } from "../inference/call.ts";
import type { ModelAnswer } from "../inference/call.ts";
import { offeredModels } from "../inference/models.ts";
import { refusalError, topUpUrl } from "../inference/refusal.ts";
import {
  ChatBody,
  EmbeddingsBody,
  MAX_REQUEST_BYTES,
  ResponsesBody,
  chatRequest,
  embeddingsRequest,
  responsesRequest,
} from "../inference/request.ts";
import type { ModelRequest } from "../inference/request.ts";
import { spentAnswer } from "../inference/spent.ts";
import { NOTHING, relay, route } from "../route.ts";
import type { Call } from "../route.ts";

/** How a model call can fail besides its gate and its schema. */
const CALL_ERRORS: readonly ErrorCode[] = [
  "insufficient_credits",
  "credit_limit_exceeded",
  "account_frozen",
  "model_not_found",
  "payload_too_large",
  "rate_limited",
  "upstream_error",
  "upstream_unreachable",
  "control_unreachable",
];

const shared = { method: "POST", gate: "spender", maxBodyBytes: MAX_REQUEST_BYTES, errors: CALL_ERRORS } as const;

/** OpenAI's API on credits, for any client of it. */
export const inferenceRoutes = [
  relay({
    ...shared,
    path: INFERENCE_PATHS.chatCompletions,
    types: ["application/json", "text/event-stream"],
    summary: "A chat completion, streamed or not, paid from credits",
    input: z.object({ body: ChatBody }),
    handle: async (call) => await answer(call, chatRequest(call.input.body)),
  }),
  relay({
    ...shared,
    path: INFERENCE_PATHS.responses,
    types: ["application/json", "text/event-stream"],
    summary: "A response, streamed or not, paid from credits; nothing is stored",
    input: z.object({ body: ResponsesBody }),
    handle: async (call) => await answer(call, responsesRequest(call.input.body)),
  }),
  relay({
    ...shared,
    path: INFERENCE_PATHS.embeddings,
    types: ["application/json"],
    summary: "Embeddings, paid from credits",
    input: z.object({ body: EmbeddingsBody }),
    handle: async (call) => await answer(call, embeddingsRequest(call.input.body)),
  }),
  ...([INFERENCE_PATHS.models, "/models"] as const).map((path) =>
    route({
      method: "GET",
      path,
      gate: "spender",
      summary: "The models that are offered, and what they cost",
      input: NOTHING,
      answer: ModelList,
      errors: ["control_unreachable"],
      async handle({ services }) {
        const { config, control } = services;
        const data = await offeredModels(configured(config.inference), control, Date.now());
        return { object: "list" as const, data: [...data] };
      },
    }),
  ),
];

async function answer(call: Call<"spender", unknown>, request: ModelRequest): Promise<ModelAnswer> {
  const { granted, services, c, requestId, after } = call;
  const result = await callModel(
    {
      config: configured(services.config.inference),
      desk: creditDeskOf(c.env),
      spender: granted,
      requestId,
      callerLeft: c.req.raw.signal,
      after,
    },
    request,
  );
  if (result.kind === "answered") return result;
  const site = services.config.outside.publicUrl ?? new URL(c.req.url).origin;
  const isHosted = granted.instanceId !== null && request.endpoint === "chat";
  if (isHosted && result.refusal.code === "insufficient_credits") {
    return spentAnswer(request, topUpUrl(site), Date.now());
  }
  throw refusalError(result.refusal, site);
}

function configured(inference: InferenceConfig | null): InferenceConfig {
  if (inference !== null) return inference;
  const variables = [{ variable: "INFERENCE_ENDPOINT", message: "is not set" }];
  throw new ApiError("not_configured", "No model endpoint is configured: INFERENCE_ENDPOINT is not set.", {
    variables,
  });
}
