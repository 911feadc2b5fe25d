/** The components the product may use, from npm, through the official bundler, unmodified. */
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import type { PushedDefinition } from "../../src/engine/push/analysis.ts";
import type { Identity } from "../../src/engine/types.ts";
import { preparePush } from "../../src/engine/push/push.ts";
import { startPushReply } from "../../src/server/push-request.ts";
import { userTables } from "../../src/engine/query/tables.ts";
import { bundle, call, eventually, mutate, openIn, push, query, tempFolder, valueOf } from "./support.ts";

const PROJECT = fileURLToPath(new URL("components", import.meta.url));

let definitions: PushedDefinition[];
beforeAll(async () => {
  definitions = await bundle({}, PROJECT);
});

async function deployedComponents(folder = tempFolder()): Promise<Engine> {
  const engine = await openIn(folder);
  if (engine.listFunctions().length === 0) await push(engine, definitions);
  return engine;
}

async function events(engine: Engine): Promise<string[]> {
  const texts = await query(engine, "app:events");
  return Array.isArray(texts) ? texts.map(String) : [];
}

function happened(engine: Engine, text: string): Promise<true> {
  return eventually(async () => ((await events(engine)).includes(text) ? true : null), text, 20_000);
}

describe("a push with components", () => {
  test("mounts them under their names, each with its children, tables and functions of its own", async () => {
    const engine = await openIn(tempFolder());
    const prepared = await preparePush(engine, definitions);
    expect(startPushReply(prepared)).toMatchObject({
      app: {
        childComponents: {
          rateLimiter: { componentPath: "rateLimiter" },
          scores: { componentPath: "scores" },
          workflow: { childComponents: { workpool: { componentPath: "workflow/workpool" } } },
        },
      },
    });
    await push(engine, definitions);
    expect(userTables(engine, "").map(({ name }) => name)).toEqual(["players", "events"]);
    expect(userTables(engine, "rateLimiter").map(({ name }) => name)).toContain("rateLimits");
    expect(engine.listFunctions().some(({ path }) => path.component === "workflow/workpool")).toBe(true);
  });

  test("keeps components closed to clients: only the app's public functions answer", async () => {
    const engine = await deployedComponents();
    const inside = call("lib:checkRateLimit", {}, { component: "rateLimiter", allowInternal: false });
    expect((await engine.runner.runQuery(inside)).result.ok).toBe(false);
  });
});

describe("a component of one's own", () => {
  const sources = {
    "convex.config.ts": `
import { defineApp } from "convex/server";
import { v } from "convex/values";
import inner from "./inner/convex.config";
const app = defineApp({ env: { COLOUR: v.optional(v.string()) } });
app.use(inner, { env: { SHADE: app.env.COLOUR, FIXED: "as given" } });
export default app;`,
    "inner/convex.config.ts": `
import { defineComponent } from "convex/server";
import { v } from "convex/values";
export default defineComponent("inner", { env: { SHADE: v.optional(v.string()), FIXED: v.string() } });`,
    "inner/schema.ts": `
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ notes: defineTable({ text: v.string() }) });`,
    "inner/lib.ts": `
import { createFunctionHandle, makeFunctionReference, mutationGeneric, queryGeneric } from "convex/server";
import { v } from "convex/values";
export const about = queryGeneric({ args: {}, handler: async (ctx) => ({
  identity: await ctx.auth.getUserIdentity(),
  env: [process.env.SHADE ?? null, process.env.FIXED, process.env.COLOUR ?? null],
  meta: await ctx.meta.getFunctionMetadata(),
}) });
export const write = mutationGeneric({ args: { text: v.string() }, handler: (ctx, args) => ctx.db.insert("notes", args) });
export const count = queryGeneric({ args: {}, handler: async (ctx) => (await ctx.db.query("notes").collect()).length });
export const callBack = mutationGeneric({ args: { handle: v.string() }, handler: async (ctx, { handle }) => {
  await ctx.scheduler.runAfter(0, handle, { text: "called back" });
} });
export const own = queryGeneric({ args: {}, handler: () => createFunctionHandle(makeFunctionReference("lib:write")) });`,
    "schema.ts": `
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ notes: defineTable({ text: v.string() }) });`,
    "app.ts": `
import { componentsGeneric, createFunctionHandle, makeFunctionReference, mutationGeneric, queryGeneric } from "convex/server";
import { v } from "convex/values";
const { inner } = componentsGeneric();
export const both = queryGeneric({ args: {}, handler: async (ctx) => ({ inside: await ctx.runQuery(inner.lib.about, {}), outside: await ctx.auth.getUserIdentity() }) });
export const spread = mutationGeneric({ args: { fails: v.boolean() }, handler: async (ctx, { fails }) => {
  await ctx.db.insert("notes", { text: "outer" });
  await ctx.runMutation(inner.lib.write, { text: "inner" });
  const stale = await ctx.runQuery(inner.lib.count, {}, { useStaleSnapshot: true });
  const fresh = await ctx.runQuery(inner.lib.count, {});
  if (fails) throw new Error("both or neither");
  return { stale, fresh };
} });
export const add = mutationGeneric({ args: { text: v.string() }, handler: (ctx, args) => ctx.db.insert("notes", args) });
export const askBack = mutationGeneric({ args: {}, handler: async (ctx) => ctx.runMutation(inner.lib.callBack, { handle: await createFunctionHandle(makeFunctionReference("app:add")) }) });
export const counts = queryGeneric({ args: {}, handler: async (ctx) => ({ outer: (await ctx.db.query("notes").collect()).length, inner: await ctx.runQuery(inner.lib.count, {}) }) });`,
  };
  let own: PushedDefinition[];
  beforeAll(async () => {
    own = await bundle(sources, null);
  });
  const engineWithOwn = async () => {
    const engine = await openIn(tempFolder());
    await push(engine, own);
    return engine;
  };

  test("sees its own variables and no others, and not who calls the app", async () => {
    const engine = await engineWithOwn();
    await engine.setVariables([{ name: "COLOUR", value: "green" }]);
    const identity: Identity = { kind: "user", attributes: { subject: "ada" }, token: "jwt", expiresAtMs: Infinity };
    const { result } = await engine.runner.runQuery(call("app:both", {}, { identity }));
    expect(valueOf(result)).toEqual({
      inside: {
        identity: null,
        env: ["green", "as given", null],
        meta: { name: "lib:about", componentPath: "inner", type: "query", visibility: "public" },
      },
      outside: { subject: "ada" },
    });
  });

  test("writes in its caller's transaction, in tables of its own; a stale read sees what was before", async () => {
    const engine = await engineWithOwn();
    await expect(mutate(engine, "app:spread", { fails: true })).rejects.toThrow("both or neither");
    expect(await query(engine, "app:counts")).toEqual({ outer: 0, inner: 0 });
    expect(await mutate(engine, "app:spread", { fails: false })).toEqual({ stale: 0, fresh: 1 });
    expect(await query(engine, "app:counts")).toEqual({ outer: 1, inner: 1 });
  });

  test("calls the app back by a handle it was given, even after another push", async () => {
    const engine = await engineWithOwn();
    await mutate(engine, "app:askBack");
    await eventually(
      async () => (JSON.stringify(await query(engine, "app:counts")) === '{"inner":0,"outer":1}' ? true : null),
      "called back",
    );
    const handle = valueOf((await engine.runner.runQuery(call("lib:own", {}, { component: "inner" }))).result);
    await push(engine, own);
    expect(valueOf((await engine.runner.runQuery(call("lib:own", {}, { component: "inner" }))).result)).toBe(handle);
  });

  test("with HTTP routes of its own is refused at push, naming the place that has them", async () => {
    const config = sources["convex.config.ts"].replace("inner, { env: {", 'inner, { httpPrefix: "/inner/", env: {');
    const mounted = await bundle({ ...sources, "convex.config.ts": config }, null);
    const engine = await openIn(tempFolder());
    await expect(push(engine, mounted)).rejects.toThrow(/HTTP routes of components.*Run this app on Convex/);
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
