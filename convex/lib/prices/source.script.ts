import { calcPrice, findProvider } from "@pydantic/genai-prices";
import * as z from "zod";
import type { CatalogueRates, CatalogueRow } from "./catalogue.ts";

/**
 * What `@pydantic/genai-prices` knows, as rows of our catalogue. Left out is what tokens of text do not pay for: models that
 * answer with sound or pictures, that bill searches inside a call, and whatever has no price or a price of nothing.
 */

/**
 * Whose prices count, first named first: vendors of their own models before those who host others', and the aggregator,
 * whose ids carry the vendor (`openai/gpt-5`), before hosts of the same weights.
 */
const PROVIDERS = [
  "openai",
  "anthropic",
  "google",
  "mistral",
  "x-ai",
  "deepseek",
  "cohere",
  "moonshotai",
  "minimax",
  "zai",
  "perplexity",
  "voyageai",
  "openrouter",
  "groq",
  "cerebras",
  "together",
  "fireworks",
  "novita",
  "azure",
  "aws",
] as const;

/** Not plain text in, plain text out: their other units are not in our price, so a call would be sold too cheaply. */
const OTHER_UNITS = ["output_audio_mtok", "output_image_mtok", "output_video_mtok", "output_citation_mtok"] as const;
/** Of those that search, only the vendor's own rows tell what a search costs; under an aggregator's ids it would be given away. */
const UNPRICED_SEARCH = /\/sonar|sonar-pro-search|-online$/;
const NEVER_ALONE =
  /^ft:|audio|image|search-preview|deep-research|realtime|transcribe|whisper|moderation|-tts|computer-use/;
const NEVER = new RegExp(`${NEVER_ALONE.source}|${UNPRICED_SEARCH.source}`);

/**
 * Answers of models that stop before the usual length; a longer one is refused by their vendors. By the id without its
 * vendor; the first that fits. Source: the vendors' model pages.
 */
const SHORT_ANSWERS: readonly (readonly [RegExp, number])[] = [
  [/^gpt-3\.5|^gpt-4-(turbo|vision|32k|1106|0125)|^gpt-4o-2024-05-13$|^gpt-4$|^gpt-4-0/, 4096],
  [/^claude-(2|v1|instant)|^claude-3-(haiku|opus|sonnet)/, 4096],
  [/^claude-3[-.]5/, 8192],
  [/^gemini-(1\.|2\.0)|^gemini-flash-1|^gemini-pro-1/, 8192],
  [/^deepseek-chat/, 8192],
];
/** Of a window this small a default answer takes a quarter: more would leave no room for a prompt. */
const SMALL_WINDOW = 32_768;

const Tiered = z.object({ base: z.number(), tiers: z.array(z.object({ start: z.number(), price: z.number() })) });
const Rate = z.union([z.number(), Tiered]);
const Prices = z.record(z.string(), Rate.optional());
type Prices = z.infer<typeof Prices>;

/** The catalogue as of a day. Rows in the order of their ids; one row for each id. */
export function rowsOfSource(now: Date): CatalogueRow[] {
  const rows = new Map<string, CatalogueRow>();
  const taken = new Set<string>();
  for (const providerId of PROVIDERS) {
    const provider = findProvider({ providerId });
    if (provider === undefined) throw new Error(`The price list knows no provider ${providerId}.`);
    // Own ids before aliases: a model is never shadowed by another's second name.
    const models = provider.models.filter(({ id }) => !NEVER.test(id) && !taken.has(id));
    for (const { id } of models) taken.add(id);
    for (const { id, match, prices, context_window } of models) {
      const inForce = pricesInForce(prices, now);
      const row = inForce === null ? null : rowOf(id, inForce, context_window);
      if (row === null) continue;
      const means = (name: string) => calcPrice({ input_tokens: 1 }, name, { providerId })?.model.id === id;
      const also = [...new Set(namesOf(match))].filter((name) => !taken.has(name) && !NEVER.test(name) && means(name));
      for (const alias of also) taken.add(alias);
      rows.set(id, { ...row, ...(also.length > 0 && { also }), ...(means(`${id}-20991231`) && { dated: true }) });
    }
  }
  return [...rows.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

const Constraint = z.union([
  z.object({ type: z.literal("start_date"), start_date: z.string() }),
  z.object({ type: z.literal("time_of_date"), start_time: z.string(), end_time: z.string() }),
]);
const Conditional = z.array(z.object({ constraint: Constraint.optional(), prices: Prices }));

/** The prices of a day; where they change with the hour, the dearest. */
function pricesInForce(prices: unknown, now: Date): Prices | null {
  const conditional = Conditional.safeParse(prices);
  if (!conditional.success) return Prices.parse(prices);
  const today = now.toISOString().slice(0, 10);
  const ofDay = conditional.data.filter(
    ({ constraint }) => constraint?.type !== "start_date" || constraint.start_date <= today,
  );
  const newest = ofDay.findLast(({ constraint }) => constraint?.type !== "time_of_date");
  const hourly = ofDay.filter(({ constraint }) => constraint?.type === "time_of_date");
  const dearest = [...hourly, ...(newest === undefined ? [] : [newest])].sort(
    (a, b) => baseOf(b.prices.output_mtok) - baseOf(a.prices.output_mtok),
  )[0];
  return dearest?.prices ?? null;
}

function rowOf(id: string, prices: Prices, window: number | undefined): CatalogueRow | null {
  if (OTHER_UNITS.some((unit) => prices[unit] !== undefined)) return null;
  const base = ratesAt(prices, 0);
  if (base === null || base.input === 0) return null;
  const starts = [...new Set(Object.values(prices).flatMap((rate) => startsOf(rate)))].sort((a, b) => a - b);
  const tiers = starts.flatMap((above) => {
    const rates = ratesAt(prices, above + 1);
    return rates === null ? [] : [{ above, ...rates }];
  });
  const perRequest = baseOf(prices.requests_kcount) / 1000;
  const maxOutput = answerOf(id, window);
  return {
    id,
    ...base,
    ...(tiers.length > 0 && { tiers }),
    ...(perRequest > 0 && { per_request: micro(perRequest) }),
    ...(window !== undefined && { max_input: window }),
    ...(maxOutput !== undefined && { max_output: maxOutput }),
  };
}

function answerOf(id: string, window: number | undefined): number | undefined {
  const bare = id.slice(id.lastIndexOf("/") + 1);
  const short = SHORT_ANSWERS.find(([pattern]) => pattern.test(bare))?.[1];
  if (short !== undefined) return short;
  return window !== undefined && window <= SMALL_WINDOW ? Math.floor(window / 4) : undefined;
}

/** The rates of a prompt of so many tokens; null without one for input. Without one for output (embeddings) that is free. */
function ratesAt(prices: Prices, tokens: number): CatalogueRates | null {
  const at = (rate: z.infer<typeof Rate> | undefined): number | undefined => {
    if (rate === undefined || typeof rate === "number") return rate;
    return rate.tiers.toSorted((a, b) => a.start - b.start).findLast(({ start }) => tokens > start)?.price ?? rate.base;
  };
  const of = (name: string): number | undefined => {
    const rate = at(prices[name]);
    return rate === undefined ? undefined : micro(rate);
  };
  const input = of("input_mtok");
  if (input === undefined) return null;
  const rates: CatalogueRates = { input, output: of("output_mtok") ?? 0 };
  const [read, write, write1h, reasoning] = [
    of("cache_read_mtok"),
    of("cache_write_mtok"),
    of("cache_write_1h_mtok"),
    of("output_reasoning_mtok"),
  ];
  if (read !== undefined) rates.cache_read = read;
  if (write !== undefined) rates.cache_write_5m = write;
  if (write1h !== undefined) rates.cache_write_1h = write1h;
  if (reasoning !== undefined) rates.reasoning = reasoning;
  return rates;
}

/** Dollars as whole micro-USD. Rounded up where there is a fraction, after taking off what binary fractions add. */
function micro(usd: number): number {
  return Math.ceil(Number((usd * 1_000_000).toFixed(3)));
}

function baseOf(rate: z.infer<typeof Rate> | undefined): number {
  return rate === undefined ? 0 : typeof rate === "number" ? rate : rate.base;
}

function startsOf(rate: z.infer<typeof Rate> | undefined): number[] {
  return rate === undefined || typeof rate === "number" ? [] : rate.tiers.map(({ start }) => start);
}

const Match = z.union([
  z.object({ equals: z.string() }),
  z.object({ starts_with: z.string() }),
  z.object({ or: z.array(z.unknown()) }),
]);

/** Ids a model is matched by: in full, or as what its releases begin with. */
function namesOf(match: unknown): string[] {
  const parsed = Match.safeParse(match);
  if (!parsed.success) return [];
  if ("equals" in parsed.data) return [parsed.data.equals];
  if ("starts_with" in parsed.data) return [parsed.data.starts_with.replace(/[-@]$/, "")];
  return parsed.data.or.flatMap((part) => namesOf(part));
}
