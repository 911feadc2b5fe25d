import { TokenUsage } from "@oa/contract";
import * as z from "zod";

/** What an upstream says a call has used. */
export interface ToldUsage {
  usage: TokenUsage;
  /** What it says it charges for that, in dollars. */
  costUsd: number | null;
}

const Count = z.int().nonnegative();
const Details = z.looseObject({ cached_tokens: Count.nullish(), reasoning_tokens: Count.nullish() }).nullish();

/** The fields of the vendors' usages that count; each has its own set of them. */
const Told = z.looseObject({
  prompt_tokens: Count.nullish(),
  completion_tokens: Count.nullish(),
  total_tokens: Count.nullish(),
  input_tokens: Count.nullish(),
  output_tokens: Count.nullish(),
  prompt_tokens_details: Details,
  completion_tokens_details: Details,
  input_tokens_details: Details,
  output_tokens_details: Details,
  // DeepSeek's name of what was in the cache.
  prompt_cache_hit_tokens: Count.nullish(),
  // Anthropic's: beside `input_tokens`, not parts of it.
  cache_read_input_tokens: Count.nullish(),
  cache_creation_input_tokens: Count.nullish(),
  cache_creation: z.looseObject({ ephemeral_1h_input_tokens: Count.nullish() }).nullish(),
});

const Cost = z.looseObject({ cost: z.number().nonnegative() });

/**
 * A usage in the contract's form, whichever vendor's it is; null for what is none, or says negative or broken numbers: such
 * a call is estimated. A zero that is told stays a zero. `answers`: whether the endpoint answers tokens at all (embeddings do not).
 */
export function usageOf(told: unknown, answers: boolean): ToldUsage | null {
  const parsed = Told.safeParse(told);
  if (!parsed.success) return null;
  const usage = { ...inputOf(parsed.data), ...outputOf(parsed.data, answers) };
  const normal = TokenUsage.safeParse(usage);
  const cost = Cost.safeParse(told);
  return normal.success ? { usage: normal.data, costUsd: cost.success ? cost.data.cost : null } : null;
}

type Told = z.infer<typeof Told>;

function inputOf(told: Told) {
  const written = told.cache_creation_input_tokens ?? 0;
  const hour = Math.min(told.cache_creation?.ephemeral_1h_input_tokens ?? 0, written);
  const read =
    told.cache_read_input_tokens ??
    told.prompt_tokens_details?.cached_tokens ??
    told.input_tokens_details?.cached_tokens ??
    told.prompt_cache_hit_tokens ??
    0;
  // `prompt_tokens` and OpenAI's `input_tokens` have the caches in them; Anthropic's `input_tokens` has not.
  const isApart =
    (told.prompt_tokens ?? null) === null &&
    (told.cache_read_input_tokens ?? told.cache_creation_input_tokens ?? null) !== null;
  const said = told.prompt_tokens ?? told.input_tokens;
  return {
    input: isApart && typeof said === "number" ? said + read + written : said,
    cache_read: read,
    cache_write_5m: written - hour,
    cache_write_1h: hour,
  };
}

function outputOf(told: Told, answers: boolean) {
  const reasoning =
    told.completion_tokens_details?.reasoning_tokens ?? told.output_tokens_details?.reasoning_tokens ?? 0;
  const output = told.completion_tokens ?? told.output_tokens ?? (answers ? undefined : 0);
  // xAI counts reasoning beside the completion; its total tells.
  const isApart =
    reasoning > 0 &&
    typeof output === "number" &&
    told.total_tokens === (told.prompt_tokens ?? told.input_tokens ?? 0) + output + reasoning;
  return { output: isApart ? output + reasoning : output, reasoning };
}
