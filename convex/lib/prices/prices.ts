import type { ModelPrice } from "@oa/contract";
import { cataloguePrice, cataloguePrices } from "./catalogue.ts";
import { operatorPrices } from "./operatorPrices.ts";

/** What a model costs on this deployment: the operator's own price (`INFERENCE_PRICES`) before the catalogue's; null: no price. */
export function priceOf(model: string): ModelPrice | null {
  return operatorPrices(process.env.INFERENCE_PRICES).get(model) ?? cataloguePrice(model);
}

/** Every model there is a price for, in the order of their ids. Refuses with `not_configured` as `priceOf` does. */
export function allPrices(): ModelPrice[] {
  const own = operatorPrices(process.env.INFERENCE_PRICES);
  const rest = cataloguePrices().filter(({ model }) => !own.has(model));
  return [...own.values(), ...rest].sort((a, b) => (a.model < b.model ? -1 : 1));
}
