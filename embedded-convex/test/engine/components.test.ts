/** The components the product may use, from npm, through the official bundler, unmodified. */
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import type { LocalEngine } from "../../src/engine/engine.ts";
import type { PushedDefinition } from "../../src/engine/types.ts";
import { bundle, call, eventually, mutate, openIn, push, query, tempFolder } from "./support.ts";

const PROJECT = fileURLToPath(new URL("components", import.meta.url));

let definitions: PushedDefinition[];
beforeAll(async () => {
  definitions = await bundle({}, PROJECT);
});

async function deployedComponents(folder = tempFolder()): Promise<LocalEngine> {
  const engine = await openIn(folder);
  if (engine.listFunctions().length === 0) await push(engine, definitions);
  return engine;
}

async function events(engine: LocalEngine): Promise<string[]> {
  const texts = await query(engine, "app:events");
  return Array.isArray(texts) ? texts.map(String) : [];
}

function happened(engine: LocalEngine, text: string): Promise<true> {
  return eventually(async () => ((await events(engine)).includes(text) ? true : null), text, 20_000);
}

describe("a push with components", () => {
  test("mounts them under their names, each with its children, tables and functions of its own", async () => {
    const engine = await openIn(tempFolder());
    const prepared = await engine.preparePush(definitions, { dryRun: true });
    expect(prepared.app).toMatchObject({
      childComponents: {
        rateLimiter: { componentPath: "rateLimiter" },
        scores: { componentPath: "scores" },
        workflow: { childComponents: { workpool: { componentPath: "workflow/workpool" } } },
      },
    });
    await push(engine, definitions);
    expect(engine.tables("")).toEqual(["players", "events"]);
    expect(engine.tables("rateLimiter")).toContain("rateLimits");
    expect(engine.listFunctions().some(({ path }) => path.component === "workflow/workpool")).toBe(true);
  });

  test("keeps components closed to clients: only the app's public functions answer", async () => {
    const engine = await deployedComponents();
    const inside = call("lib:checkRateLimit", {}, { component: "rateLimiter", allowInternal: false });
    expect((await engine.runQuery(inside)).result.ok).toBe(false);
  });
});

describe("rate-limiter", () => {
  test("lets three through, then no more; a mutation that throws gives its token back", async () => {
    const engine = await deployedComponents();
    for (let i = 0; i < 3; i++) {
      await expect(mutate(engine, "app:send", { user: "ada", throws: true })).rejects.toThrow("after taking a token");
      expect(await mutate(engine, "app:send", { user: "ada" })).toEqual({ ok: true, waits: false });
    }
    expect(await mutate(engine, "app:send", { user: "ada" })).toEqual({ ok: false, waits: true });
    expect(await mutate(engine, "app:send", { user: "bob" })).toMatchObject({ ok: true });
  });
});

describe("aggregate", () => {
  test("counts, sums and finds by rank what the table holds", async () => {
    const engine = await deployedComponents();
    const scores = [70, 10, 90, 30, 50, 20];
    for (const score of scores) await mutate(engine, "app:addPlayer", { name: `p${score}`, score });
    expect(await query(engine, "app:statistics")).toEqual({ count: 6, sum: 270, best: 90, third: 30, below50: 3 });
  });
});

describe("workpool", () => {
  test("tries an action again until it works, and then says so once", async () => {
    const engine = await deployedComponents();
    await mutate(engine, "app:enqueue", { name: "steady", failures: 0 });
    await mutate(engine, "app:enqueue", { name: "flaky", failures: 2 });
    await mutate(engine, "app:enqueue", { name: "hopeless", failures: 99 });
    await Promise.all([
      happened(engine, "steady success"),
      happened(engine, "flaky success"),
      happened(engine, "hopeless failed"),
    ]);
    const times = (text: string) => query(engine, "app:times", { text });
    expect(await times("steady tried")).toBe(1);
    expect(await times("flaky tried")).toBe(3);
    expect(await times("hopeless tried")).toBe(3);
    expect(await times("flaky success")).toBe(1);
  });
});

describe("workflow", () => {
  test("goes on after a failed step, in parallel, after a sleep, and over a restart of the engine", async () => {
    const folder = tempFolder();
    const engine = await deployedComponents(folder);
    await mutate(engine, "app:tell", { name: "story" });
    await happened(engine, "story begins");
    await engine.close();
    const again = await deployedComponents(folder);
    await happened(again, "story ends");
    const told = await events(again);
    expect(told.filter((text) => text === "story begins")).toHaveLength(1);
    expect(told).toEqual(expect.arrayContaining(["story worked on the left", "story worked on the right"]));
    expect(told.at(-1)).toBe("story ends");
  });
});

describe("migrations", () => {
  test("change every document of a table, in batches", async () => {
    const engine = await deployedComponents();
    for (let score = 36; score < 66; score++) await mutate(engine, "app:addPlayer", { name: `p${score}`, score });
    expect(await mutate(engine, "app:run")).toMatchObject({ Status: "Migration started." });
    await eventually(
      async () => (JSON.stringify(await query(engine, "app:ranks")) === '{"high":15,"low":15}' ? true : null),
      "all are ranked",
      20_000,
    );
  });
});
