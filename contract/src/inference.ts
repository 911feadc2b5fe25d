import * as z from "zod";

/**
 * OpenAI-compatible model calls on credits: `Authorization: Bearer` with an editor's JWT or an `sk-prov-…` key. Errors have OpenAI's
 * own form. Every answer carries `x-request-id` and the headers below.
 */
export const INFERENCE_PATHS = {
  chatCompletions: "/v1/chat/completions",
  responses: "/v1/responses",
  embeddings: "/v1/embeddings",
  /** GET -> `ModelList`. */
  models: "/v1/models",
} as const;

/** What is left to spend, in dollars: after the call, and of a stream after its hold. */
export const BALANCE_HEADER = "x-occ-balance-usd";
/** What the call cost, in dollars. A stream's is known only at its end: there it is 0 and the usage chunk has `cost`. */
export const COST_HEADER = "x-occ-cost-usd";
/** What was held for the call, in dollars. */
export const HOLD_HEADER = "x-occ-hold-usd";

/** Dollars for each million tokens. */
export const ModelPricing = z.object({
  input: z.number(),
  output: z.number(),
  cache_read: z.number(),
  cache_write: z.number(),
});
export const ListedModel = z.object({
  id: z.string(),
  object: z.literal("model"),
  created: z.int(),
  owned_by: z.string(),
  context_window: z.int().nullable(),
  max_output_tokens: z.int().nullable(),
  pricing_usd_per_million: ModelPricing,
});
export type ListedModel = z.infer<typeof ListedModel>;
export const ModelList = z.object({ object: z.literal("list"), data: z.array(ListedModel) });
export type ModelList = z.infer<typeof ModelList>;

/** OpenAI's error, and what ours say besides. `code` is in upper case as the CLI's; `type` is OpenAI's. */
export const InferenceError = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string(),
    limit_source: z.string().optional(),
    available_usd: z.number().optional(),
    required_usd: z.number().optional(),
    max_affordable_tokens: z.int().optional(),
    reset_at: z.iso.datetime().optional(),
    topup_url: z.url().optional(),
  }),
});
