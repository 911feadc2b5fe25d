import { describe, expect, it } from "vitest";
import type { CatalogueRow } from "./catalogue.ts";
import { changesBetween } from "./diff.ts";

const model = (id: string, input: number, more: Partial<CatalogueRow> = {}): CatalogueRow => ({
  id,
  input,
  output: 8_000_000,
  ...more,
});
const suspects = (before: CatalogueRow[], after: CatalogueRow[]): string[] =>
  changesBetween(before, after).flatMap(({ model, rate, suspicious }) => (suspicious ? [`${model} ${rate}`] : []));

describe("a new list of prices", () => {
  it("without a change says nothing", () => {
    expect(changesBetween([model("m", 2)], [model("m", 2)])).toEqual([]);
  });

  it("may cost three times as much, or a third", () => {
    expect(suspects([model("m", 100)], [model("m", 300)])).toEqual([]);
    expect(suspects([model("m", 300)], [model("m", 100)])).toEqual([]);
  });

  it.each([
    ["more than three times as much", 301],
    ["less than a third", 33],
    ["nothing", 0],
  ])("must be looked at where a model costs %s", (_name, input) => {
    expect(suspects([model("m", 100)], [model("m", input)])).toEqual(["m input"]);
  });

  it("must be looked at where only the cache got out of hand", () => {
    const cached = (cache_read: number) => [model("m", 100, { cache_read })];
    expect(suspects(cached(10), cached(90))).toEqual(["m cache_read"]);
  });

  it("tells of models that are new or gone, and lets them pass", () => {
    const changes = changesBetween([model("old", 100)], [model("new", 1)]);
    expect(changes.map(({ model, rate, before, after }) => [model, rate, before, after])).toEqual([
      ["new", "input", null, 1],
      ["new", "output", null, 8_000_000],
      ["old", "input", 100, null],
      ["old", "output", 8_000_000, null],
    ]);
    expect(changes.every(({ suspicious }) => !suspicious)).toBe(true);
  });
});
