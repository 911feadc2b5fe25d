import type { ListedModel, ModelPrice } from "@oa/contract";
import { MICRO_USD_PER_USD } from "@oa/contract";
import * as z from "zod";
import type { ControlClient } from "../control/client.ts";
import type { InferenceConfig, Upstream } from "../inferenceConfig.ts";
import { upstreamFor } from "../inferenceConfig.ts";
import { callJson } from "../outbound/callJson.ts";

const UpstreamModels = z.object({
  data: z.array(z.looseObject({ id: z.string(), created: z.int().nullish(), owned_by: z.string().nullish() })),
});
type Known = Pick<ListedModel, "id" | "created" | "owned_by">;

const LIST_DEADLINE_MS = 5_000;
/** How long a list is believed; half a minute where it could not be had. */
const KEPT_MS = 5 * 60 * 1000;
const KEPT_AFTER_FAILURE_MS = 30_000;

interface Offer {
  models: readonly ListedModel[];
  /** False where an endpoint could not be asked: then models may be missing. */
  isWhole: boolean;
}
interface Kept extends Offer {
  until: number;
}

/** Lists by configuration: each belongs to one deployment's upstreams. */
const kept = new WeakMap<InferenceConfig, Kept>();

/** What is offered and has a price, in the order of its names. Asked of the upstreams every five minutes at most. */
export async function offeredModels(
  config: InferenceConfig,
  control: Pick<ControlClient, "inferenceModels">,
  now: number,
): Promise<readonly ListedModel[]> {
  return (await offerOf(config, control, now)).models;
}

/** The same, or null while an endpoint cannot be asked: for who must not take a model that is missing for one that is gone. */
export async function wholeOffer(
  config: InferenceConfig,
  control: Pick<ControlClient, "inferenceModels">,
  now: number,
): Promise<readonly ListedModel[] | null> {
  const { models, isWhole } = await offerOf(config, control, now);
  return isWhole ? models : null;
}

async function offerOf(
  config: InferenceConfig,
  control: Pick<ControlClient, "inferenceModels">,
  now: number,
): Promise<Offer> {
  const before = kept.get(config);
  if (before !== undefined && before.until > now) return before;
  const [prices, { known, isWhole }] = await Promise.all([control.inferenceModels(), knownModels(config)]);
  const byId = new Map(prices.map((price) => [price.model, price]));
  const models = known
    .flatMap((model) => {
      const price = upstreamFor(config, model.id) === null ? undefined : byId.get(model.id);
      return price === undefined ? [] : [listed(model, price)];
    })
    .toSorted((a, b) => a.id.localeCompare(b.id));
  const offer = { until: now + (isWhole ? KEPT_MS : KEPT_AFTER_FAILURE_MS), models, isWhole };
  kept.set(config, offer);
  return offer;
}

/** The operator's list; else what every upstream says it has, and the models that the table names whole. */
async function knownModels(config: InferenceConfig): Promise<{ known: Known[]; isWhole: boolean }> {
  if (config.models !== null) return { known: config.models.map(unknownMaker), isWhole: true };
  const named = config.upstreams.filter(({ match }) => !match.endsWith("*")).map(({ match }) => unknownMaker(match));
  const asked = config.upstreams.filter(({ match }) => match.endsWith("*"));
  const lists = await Promise.all(asked.map(modelsOf));
  const told = lists.flatMap((list) => list ?? []);
  const all = new Map([...named, ...told].map((model) => [model.id, model]));
  return { known: [...all.values()], isWhole: !lists.includes(null) };
}

function unknownMaker(id: string): Known {
  return { id, created: 0, owned_by: "" };
}

async function modelsOf(upstream: Upstream): Promise<Known[] | null> {
  const answer = await callJson({
    url: `${upstream.endpoint}/models`,
    method: "GET",
    headers: { authorization: `Bearer ${upstream.apiKey}`, "user-agent": "managed-openclaw" },
    deadlineMs: LIST_DEADLINE_MS,
  });
  const list = answer.kind === "answer" && answer.status === 200 ? UpstreamModels.safeParse(answer.body) : null;
  if (list?.success === true) {
    return list.data.data.map(({ id, created, owned_by }) => ({
      id,
      created: created ?? 0,
      owned_by: owned_by ?? "",
    }));
  }
  console.error(JSON.stringify({ level: "error", event: "upstream_models", match: upstream.match }));
  return null;
}

function listed({ id, created, owned_by }: Known, price: ModelPrice): ListedModel {
  const { input, output, cache_read, cache_write_5m } = price.rates;
  const usd = (rate: number) => rate / MICRO_USD_PER_USD;
  return {
    id,
    object: "model",
    created,
    owned_by,
    context_window: price.max_input_tokens,
    max_output_tokens: price.max_output_tokens,
    pricing_usd_per_million: {
      input: usd(input),
      output: usd(output),
      cache_read: usd(cache_read),
      cache_write: usd(cache_write_5m),
    },
  };
}
