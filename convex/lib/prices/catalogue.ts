import { type ModelPrice, ModelPrice as ModelPriceSchema, type TokenRates } from "@oa/contract";
import { CATALOGUE_VERSION, ROWS } from "./rows.gen.ts";

/** Rates as a row of the catalogue carries them: micro-USD for a million tokens, what is missing left out. */
export interface CatalogueRates {
  input: number;
  output: number;
  cache_read?: number;
  cache_write_5m?: number;
  cache_write_1h?: number;
  reasoning?: number;
}

/** One model of the committed catalogue, `rows.gen.ts`; written by `sync.script.ts` alone. */
export interface CatalogueRow extends CatalogueRates {
  id: string;
  /** Other ids of the same model at the same price. */
  also?: readonly string[];
  /** The vendor sells dated releases (`<id>-20250929`) at this price. */
  dated?: true;
  tiers?: readonly (CatalogueRates & { above: number })[];
  per_request?: number;
  max_input?: number;
  max_output?: number;
}

/** `-20250929`, `@20250929`, `-2025-09-29`, `-latest`: a release of a model, not another model. */
const RELEASE = /(?:[-@]\d{8}|-\d{4}-\d{2}-\d{2}|-latest)$/;

const byId = new Map(ROWS.flatMap((row) => [row.id, ...(row.also ?? [])].map((id) => [id, row] as const)));

/** The catalogue's price of a model id, under that id; null where there is none. */
export function cataloguePrice(model: string): ModelPrice | null {
  const exact = byId.get(model);
  if (exact !== undefined) return priceOfRow(exact, model);
  const base = byId.get(model.replace(RELEASE, ""));
  return base?.dated === true ? priceOfRow(base, model) : null;
}

/** Every id of the catalogue with its price. */
export function cataloguePrices(): ModelPrice[] {
  return [...byId].map(([id, row]) => priceOfRow(row, id));
}

/** A row as the contract's price: a cache whose price nobody names is charged as plain input, so never too little. */
export function priceOfRow(row: CatalogueRow, model: string): ModelPrice {
  return ModelPriceSchema.parse({
    model,
    version: CATALOGUE_VERSION,
    rates: ratesOfRow(row),
    tiers: (row.tiers ?? []).map((tier) => ({ above_input_tokens: tier.above, rates: ratesOfRow(tier) })),
    per_request_microusd: row.per_request ?? 0,
    max_input_tokens: row.max_input ?? null,
    max_output_tokens: row.max_output ?? null,
  });
}

function ratesOfRow(rates: CatalogueRates): TokenRates {
  const write = rates.cache_write_5m ?? rates.input;
  return {
    input: rates.input,
    output: rates.output,
    cache_read: rates.cache_read ?? rates.input,
    cache_write_5m: write,
    cache_write_1h: rates.cache_write_1h ?? write,
    reasoning: rates.reasoning ?? null,
  };
}
