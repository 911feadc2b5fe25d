/**
 * Writes the committed catalogue of prices from the installed `@pydantic/genai-prices` and prints what changed.
 *
 *   npm run prices -- [--accept <model>]…
 *
 * A rate that becomes nothing, or moves by more than three times, is refused unless its model is accepted by name: nothing
 * is written then, and the exit status is 1.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as z from "zod";
import type { CatalogueRow } from "./catalogue.ts";
import { changesBetween } from "./diff.ts";
import { ROWS } from "./rows.gen.ts";
import { rowsOfSource } from "./source.script.ts";

const TARGET = fileURLToPath(new URL("rows.gen.ts", import.meta.url));
const MANIFEST = new URL("../../../package.json", import.meta.url);
const Manifest = z.object({ devDependencies: z.object({ "@pydantic/genai-prices": z.string() }) });

const { values } = parseArgs({ options: { accept: { type: "string", multiple: true, default: [] } } });
const now = new Date();
const release = Manifest.parse(JSON.parse(readFileSync(MANIFEST, "utf8"))).devDependencies["@pydantic/genai-prices"];
const rows = rowsOfSource(now);
const changes = changesBetween(ROWS, rows);

for (const { model, rate, before, after, suspicious } of changes) {
  const mark = suspicious ? "!" : before === null ? "+" : after === null ? "-" : " ";
  console.log(`${mark} ${model} ${rate}: ${before ?? "none"} -> ${after ?? "none"}`);
}
const refused = [...new Set(changes.filter(({ suspicious }) => suspicious).map(({ model }) => model))].filter(
  (model) => !values.accept.includes(model),
);
if (refused.length > 0) {
  console.error(`\nNothing is written. Look at these and accept them by name:`);
  for (const model of refused) console.error(`  --accept ${model}`);
  process.exitCode = 1;
} else {
  writeFileSync(TARGET, moduleText(`genai-prices-${release}+${now.toISOString().slice(0, 10)}`, rows));
  console.log(`\n${rows.length} models, ${changes.length} rates changed.`);
}

function moduleText(version: string, catalogue: readonly CatalogueRow[]): string {
  return [
    "// Written by `npm run prices`. Rates are micro-USD for a million tokens. Data: genai-prices, MIT, (c) Pydantic Services Inc.",
    'import type { CatalogueRow } from "./catalogue.ts";',
    "",
    `export const CATALOGUE_VERSION = ${JSON.stringify(version)};`,
    "",
    "export const ROWS: readonly CatalogueRow[] = [",
    ...catalogue.map((row) => `  ${JSON.stringify(row)},`),
    "];",
    "",
  ].join("\n");
}
