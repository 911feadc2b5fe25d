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

/** What can be meant by a usage, and what can not. */
export interface UsageFrame {
  /** Whether the endpoint answers tokens at all; embeddings do not. */
  answers: boolean;
  /** More than these is a mistake of whoever counts, and no debt of whoever called. */
  most: { input: number; output: number };
}

/** Models read at most about this much where nobody says how much theirs reads, and write at most so much. */
const LONGEST = { input: 10_000_000, output: 1_000_000 };

/** The frame of a call: a model's window, or twice what the prompt was held for, because pictures count for more than their place. */
export function frameOf(call: {
  answers: boolean;
  window: number | null;
  inputTokens: number;
  outputTokens: number;
  choices: number;
}): UsageFrame {
  const { answers, window, inputTokens, outputTokens, choices } = call;
  const input = Math.max(window ?? LONGEST.input, 2 * inputTokens);
  return { answers, most: { input, output: Math.max(LONGEST.output, outputTokens) * choices } };
}

/**
 * A usage in the contract's form, whichever vendor's it is; null for what is none, or says negative, broken or impossible numbers:
 * such a call is estimated. A zero that is told stays a zero.
 */
export function usageOf(told: unknown, { answers, most }: UsageFrame): ToldUsage | null {
  const parsed = Told.safeParse(told);
  if (!parsed.success) return null;
  const normal = TokenUsage.safeParse(countsOf(parsed.data, answers));
  if (!normal.success || normal.data.input > most.input || normal.data.output > most.output) return null;
  const cost = Cost.safeParse(told);
  return { usage: normal.data, costUsd: cost.success ? cost.data.cost : null };
}

type Told = z.infer<typeof Told>;

/**
 * Both sides together, because a total tells what stands beside them: of reasoning that is not in the completion (Gemini, xAI), and
 * of caches that are not in the prompt. Whatever it is the total of, what cannot be explained is charged as output, as Gemini's is.
 */
function countsOf(told: Told, answers: boolean) {
  const written = told.cache_creation_input_tokens ?? 0;
  const hour = Math.min(told.cache_creation?.ephemeral_1h_input_tokens ?? 0, written);
  const read =
    told.cache_read_input_tokens ??
    told.prompt_tokens_details?.cached_tokens ??
    told.input_tokens_details?.cached_tokens ??
    told.prompt_cache_hit_tokens ??
    0;
  const reasoning =
    told.completion_tokens_details?.reasoning_tokens ?? told.output_tokens_details?.reasoning_tokens ?? 0;
  const input = told.prompt_tokens ?? told.input_tokens;
  const output = told.completion_tokens ?? told.output_tokens ?? (answers ? undefined : 0);
  if (typeof input !== "number" || typeof output !== "number") return null;
  const beside = Math.max(0, (told.total_tokens ?? 0) - input - output);
  const cached = read + written;
  // `prompt_tokens` and OpenAI's `input_tokens` have the caches in them; Anthropic's `input_tokens` has not, and says it by its names.
  const isAnthropic =
    (told.prompt_tokens ?? null) === null &&
    (told.cache_read_input_tokens ?? told.cache_creation_input_tokens ?? null) !== null;
  const cachesApart = isAnthropic || cached > input || (cached > 0 && beside === cached);
  const reasoned = answers ? Math.max(0, beside - (cachesApart ? cached : 0)) : 0;
  return {
    input: cachesApart ? input + cached : input,
    cache_read: read,
    cache_write_5m: written - hour,
    cache_write_1h: hour,
    output: output + reasoned,
    reasoning: Math.max(reasoning, reasoned),
  };
}
