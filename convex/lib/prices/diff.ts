import type { CatalogueRow } from "./catalogue.ts";

/** How a rate of a model changed between two catalogues; null: not there. */
export interface PriceChange {
  model: string;
  rate: "input" | "output" | "cache_read";
  before: number | null;
  after: number | null;
  /** More than three times as much or as little, or nothing: somebody must have a look before it is charged. */
  suspicious: boolean;
}

/** A price that moves by more than this is more often a mistake in a list than a new price. */
const SUSPICIOUS_FACTOR = 3;
const RATES = ["input", "output", "cache_read"] as const;

/** What changed, model by model. A model that is new or gone is told, and is not suspicious. */
export function changesBetween(before: readonly CatalogueRow[], after: readonly CatalogueRow[]): PriceChange[] {
  const [old, fresh] = [byId(before), byId(after)];
  const ids = [...new Set([...old.keys(), ...fresh.keys()])].sort();
  return ids.flatMap((model) =>
    RATES.flatMap((rate) => {
      const [was, is] = [old.get(model), fresh.get(model)];
      const change = { model, rate, before: was?.[rate] ?? null, after: is?.[rate] ?? null };
      if (change.before === change.after) return [];
      return [
        { ...change, suspicious: was !== undefined && is !== undefined && suspicious(change.before, change.after) },
      ];
    }),
  );
}

function suspicious(before: number | null, after: number | null): boolean {
  if (before === null || before === 0) return false;
  if (after === null || after === 0) return after === 0;
  return after > before * SUSPICIOUS_FACTOR || after * SUSPICIOUS_FACTOR < before;
}

function byId(rows: readonly CatalogueRow[]): Map<string, CatalogueRow> {
  return new Map(rows.map((row) => [row.id, row]));
}
