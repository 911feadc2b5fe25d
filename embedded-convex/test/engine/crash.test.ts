/**
 * The plug is pulled: a process under load is killed with SIGKILL, again and again, over the same database.
 * `CRASH_ROUNDS=200` makes the long run.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { readTable } from "../../src/engine/query/tables.ts";
import { isObject, type JsonObject } from "../../src/engine/values/json.ts";
import { afterTest, bundle, eventually, openIn, tempFolder } from "./support.ts";

const ROUNDS = Number(process.env["CRASH_ROUNDS"] ?? 20);
const WORKER = fileURLToPath(new URL("crash-worker.ts", import.meta.url));
const ROUND_NUMBERS = 1_000_000;

/** Lets a worker write for a random while, kills it, and returns what it had acknowledged. */
async function killedUnderLoad(folder: string, first: number): Promise<string[]> {
  const worker = spawn(process.execPath, [WORKER, folder, String(first)], { stdio: ["ignore", "pipe", "pipe"] });
  afterTest(() => void worker.kill("SIGKILL"));
  const lines: string[] = [];
  let errors = "";
  worker.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  createInterface({ input: worker.stdout }).on("line", (line) => lines.push(line));
  const exited = once(worker, "exit");
  await eventually(
    () => (lines.includes("ready") || worker.exitCode !== null ? true : null),
    "the worker is ready",
    30_000,
  );
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 400));
  worker.kill("SIGKILL");
  await exited;
  expect([worker.signalCode, errors]).toEqual(["SIGKILL", ""]);
  return lines;
}

function rows(engine: Engine, table: string): JsonObject[] {
  return readTable(engine, "", table, { order: "asc", cursor: null, limit: 1_000_000 }).page.filter(isObject);
}

/** How often each number was written by `owner`. */
function written(engine: Engine, owner: string): Map<number, number> {
  const times = new Map<number, number>();
  for (const note of rows(engine, "notes")) {
    if (note["owner"] === owner) times.set(Number(note["text"]), (times.get(Number(note["text"])) ?? 0) + 1);
  }
  return times;
}

function numbers(acknowledged: readonly string[], what: string): number[] {
  return acknowledged.filter((line) => line.startsWith(`${what} `)).map((line) => Number(line.slice(what.length + 1)));
}

test(
  `killed ${ROUNDS} times under load: nothing acknowledged is lost, nothing is half done, no job runs twice`,
  async () => {
    const folder = tempFolder();
    const withIndex =
      'defineTable({ owner: v.string(), text: v.string(), rank: v.optional(v.number()) }).index("by_rank", ["rank"])';
    const changed = `import { defineSchema, defineTable } from "convex/server"; import { v } from "convex/values";
export default defineSchema({ notes: ${withIndex}, counters: defineTable({ name: v.string(), value: v.number() }).index("by_name", ["name"]) });`;
    const only = { "notes.ts": null, "http.ts": null, "model.ts": null, "checks.ts": null, "jobs.ts": null };
    writeFileSync(path.join(folder, "push-a.json"), JSON.stringify(await bundle(only)));
    writeFileSync(path.join(folder, "push-b.json"), JSON.stringify(await bundle({ ...only, "schema.ts": changed })));
    const acknowledged: string[] = [];
    let pushes = 0;
    for (let round = 0; round < ROUNDS; round++) {
      acknowledged.push(...(await killedUnderLoad(folder, round * ROUND_NUMBERS)));
      const engine = await openIn(folder);
      await eventually(() => (unfinished(engine) === 0 ? true : null), "jobs left over are run", 30_000);
      const writes = written(engine, "write");
      expect(numbers(acknowledged, "write").filter((n) => writes.get(n) !== 1)).toEqual([]);
      expect([...writes.values()].every((times) => times === 1)).toBe(true);
      expect(rows(engine, "counters").map(({ name, value }) => [name, value])).toEqual(
        writes.size === 0
          ? []
          : [
              ["left", writes.size],
              ["right", writes.size],
            ],
      );
      const jobs = written(engine, "job");
      expect(numbers(acknowledged, "job").filter((n) => jobs.get(n) !== 1)).toEqual([]);
      expect([...jobs.values(), ...written(engine, "action").values()].every((times) => times === 1)).toBe(true);
      expect(indexesAgree(engine)).toEqual([]);
      pushes = numbersOf(acknowledged, "push");
      await engine.close();
    }
    console.log(`${ROUNDS} kills, ${acknowledged.length} acknowledgements kept, ${pushes} of them pushes`);
    expect(acknowledged.length).toBeGreaterThan(ROUNDS);
  },
  20 * 60_000,
);

function numbersOf(acknowledged: readonly string[], what: string): number {
  return acknowledged.filter((line) => line === what).length;
}

function unfinished(engine: Engine): number {
  return Number(engine.storage.writer.get("SELECT count(*) AS n FROM jobs")?.["n"]);
}

/** Tables whose live indexes do not all have one entry per document. */
function indexesAgree(engine: Engine): unknown[] {
  return engine.storage.writer.all(`
    SELECT t.name, count(DISTINCT n) AS sizes FROM tables t JOIN (
      SELECT i.table_id, (SELECT count(*) FROM entries e WHERE e.index_id = i.id) AS n FROM indexes i WHERE i.state = 'live') ON table_id = t.id
    GROUP BY t.id HAVING sizes <> 1`);
}
