/** Pushes made by the official bundler: analysis, schema changes over existing data, and what survives a restart. */
import { beforeAll, describe, expect, test } from "vitest";
import type { PushedDefinition } from "../../src/engine/push/analysis.ts";
import { appModules, commitPush, preparePush } from "../../src/engine/push/push.ts";
import { startPushReply } from "../../src/server/push-request.ts";
import { bundle, call, deployed, eventually, mutate, openIn, push, query, tempFolder, valueOf } from "./support.ts";

const schemaWith = (notes: string, rest = "") => `
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ notes: ${notes}, pairs: defineTable(v.any()), counters: defineTable(v.any()).index("by_name", ["name"]) ${rest} });
`;
const NOTES = "defineTable({ owner: v.string(), text: v.string(), rank: v.optional(v.number()) })";

describe("a push", () => {
  let fixture: PushedDefinition[];
  beforeAll(async () => {
    fixture = await bundle();
  });

  test("describes functions, routes, crons and schema in the CLI's words", async () => {
    const engine = await openIn(tempFolder());
    const prepared = await preparePush(engine, fixture);
    const app = prepared.definitions.get("");
    const text = JSON.stringify(app?.functions);
    expect(text).toContain('"name":"add","pos":null,"udfType":"Mutation","visibility":{"kind":"public"}');
    expect(text).toContain('"name":"addLater","pos":null,"udfType":"Mutation","visibility":{"kind":"internal"}');
    expect(text).toContain('"name":"throughAction","pos":null,"udfType":"Action"');
    expect(text).toContain('{"route":{"path":"/notes","method":"POST"},"pos":null}');
    expect(app?.schema).toMatchObject({ schemaValidation: true });
    expect(startPushReply(prepared)).toMatchObject({ app: { componentPath: "", definitionPath: "" } });
    expect(engine.listFunctions()).toEqual([]);
  });

  test("is live only after its commit, and still after a restart", async () => {
    const folder = tempFolder();
    const engine = await openIn(folder);
    const prepared = await preparePush(engine, fixture);
    await prepared.change.check();
    await expect(query(engine, "notes:ofOwner", { owner: "ada" })).rejects.toThrow("Could not find");
    let changes = 0;
    engine.events.on("code", () => changes++);
    await commitPush(engine, prepared);
    expect(changes).toBe(1);
    await mutate(engine, "notes:add", { owner: "ada", text: "kept" });
    await engine.close();
    const again = await openIn(folder);
    expect(await query(again, "notes:ofOwner", { owner: "ada" })).toMatchObject([{ text: "kept" }]);
    expect(again.findFunction({ component: "", udf: "notes:add" })).toMatchObject({
      kind: "mutation",
      visibility: "public",
    });
    expect(appModules(again.storage.writer).map(({ path }) => path)).toContain("notes.js");
  });

  test("replaces code under running clients: new instances, no leftovers of the old functions", async () => {
    const engine = await openIn(tempFolder());
    await push(engine, fixture);
    await push(
      engine,
      await bundle({
        "extra.ts":
          'import { query } from "./_generated/server.ts"; export const hello = query({ args: {}, handler: () => "hello" });',
        "notes.ts": null,
        "http.ts": null,
        "model.ts": null,
      }),
    );
    expect(await query(engine, "extra:hello")).toBe("hello");
    await expect(query(engine, "notes:ofOwner", { owner: "ada" })).rejects.toThrow(
      "Could not find function for 'notes:ofOwner'",
    );
  });

  test.each([
    [
      "a module that throws while loading",
      { "bad.ts": "export const x = 1;\nthrow new Error('not today');" },
      /Failed to analyze bad\.js: Uncaught Error: not today/,
    ],
    [
      "a query in a Node module",
      {
        "bad.ts":
          '"use node";\nimport { query } from "./_generated/server.ts"; export const q = query({ args: {}, handler: () => 1 });',
      },
      /Only actions can be defined in Node/,
    ],
    [
      "a vector index",
      { "schema.ts": schemaWith(`${NOTES}.vectorIndex("v", { vectorField: "embedding", dimensions: 3 })`) },
      /Vector indexes are not part of embedded-convex/,
    ],
    [
      "a search index",
      { "schema.ts": schemaWith(`${NOTES}.searchIndex("s", { searchField: "text" })`) },
      /Text search indexes are not part of embedded-convex.*self-hosted/,
    ],
    [
      "a cron that calls nothing",
      {
        "crons.ts":
          'import { cronJobs, makeFunctionReference } from "convex/server"; const c = cronJobs(); c.daily("x", { hourUTC: 3 }, makeFunctionReference<"mutation">("no:where")); export default c;',
      },
      /Cron "x" calls no:where, which does not exist/,
    ],
    [
      "a cron pattern nobody understands",
      {
        "crons.ts":
          'import { cronJobs, makeFunctionReference } from "convex/server"; const c = cronJobs(); c.cron("x", "every full moon", makeFunctionReference<"mutation">("notes:add")); export default c;',
      },
      /Cron "x".*every full moon/,
    ],
  ])("with %s is refused with a sentence, and nothing changes", async (_name, changes, sentence) => {
    const engine = await openIn(tempFolder());
    await push(engine, fixture);
    await expect(bundle(changes).then((definitions) => push(engine, definitions))).rejects.toThrow(sentence);
    await mutate(engine, "notes:add", { owner: "ada", text: "still here" });
  });

  test("reads deployment variables while loading, and again when they change", async () => {
    const source =
      'import { query } from "./_generated/server.ts"; const atLoad = process.env.COLOUR ?? "none"; export const get = query({ args: {}, handler: () => [atLoad, process.env.COLOUR ?? "none", process.env.CONVEX_SITE_URL, process.env.PATH ?? "hidden"] });';
    const engine = await deployed({ "colour.ts": source });
    const site = "http://127.0.0.1:3211";
    expect(await query(engine, "colour:get")).toEqual(["none", "none", site, "hidden"]);
    await engine.setVariables([{ name: "COLOUR", value: "green" }]);
    expect(await query(engine, "colour:get")).toEqual(["green", "green", site, "hidden"]);
    expect([...engine.variables()]).toEqual([["COLOUR", "green"]]);
    await engine.setVariables([{ name: "COLOUR", value: null }]);
    expect(await query(engine, "colour:get")).toEqual(["none", "none", site, "hidden"]);
  });
});

describe("a schema change", () => {
  test("builds a new index over the rows there are, and drops the entries of an old one", async () => {
    const engine = await deployed();
    for (let i = 0; i < 1200; i++)
      void engine.runner.runMutation(
        call("notes:add", { owner: `owner ${i % 3}`, text: `text ${String(i).padStart(4, "0")}` }),
      );
    const source =
      'import { queryGeneric } from "convex/server"; export const between = queryGeneric({ handler: (ctx, { from, to }: { from: string, to: string }) => ctx.db.query("notes").withIndex("by_text", (q) => q.gte("text", from).lt("text", to)).collect() });';
    await push(
      engine,
      await bundle({
        "byText.ts": source,
        "notes.ts": null,
        "http.ts": null,
        "model.ts": null,
        "schema.ts": schemaWith(`${NOTES}.index("by_text", ["text"])`),
      }),
    );
    const found = await query(engine, "byText:between", { from: "text 0500", to: "text 0510" });
    expect(found).toHaveLength(10);
    expect(found).toMatchObject([
      { text: "text 0500" },
      { text: "text 0501" },
      {},
      {},
      {},
      {},
      {},
      {},
      {},
      { text: "text 0509" },
    ]);
    const entries = () =>
      engine.storage.writer.get(
        "SELECT count(*) AS n FROM entries JOIN indexes ON indexes.id = entries.index_id WHERE indexes.state = 'dropped'",
      )?.["n"];
    await eventually(() => (entries() === 0 ? true : null), "entries of dropped indexes are deleted");
  });

  test("writes that come while an index is being built are in it", async () => {
    const engine = await deployed();
    for (let i = 0; i < 1500; i++)
      void engine.runner.runMutation(call("notes:add", { owner: "before", text: `b${i}`, rank: i }));
    const prepared = await preparePush(
      engine,
      await bundle({
        "schema.ts": schemaWith(
          `${NOTES}.index("by_owner", ["owner"]).index("by_owner_rank", ["owner", "rank"]).index("by_rank", ["rank"])`,
        ),
      }),
    );
    const checked = prepared.change.check();
    const during = Promise.all(
      Array.from({ length: 300 }, (_, i) => mutate(engine, "notes:add", { owner: "during", text: `d${i}`, rank: i })),
    );
    await Promise.all([checked, during]);
    await commitPush(engine, prepared);
    await mutate(engine, "notes:add", { owner: "after", text: "a", rank: 1 });
    const counts = engine.storage.writer.all(
      "SELECT indexes.fields, count(*) AS n FROM entries JOIN indexes ON indexes.id = entries.index_id JOIN tables ON tables.id = indexes.table_id WHERE tables.name = 'notes' AND state = 'live' GROUP BY indexes.id",
    );
    expect(counts.map((row) => row["n"])).toEqual([1801, 1801, 1801, 1801, 1801]);
  });

  test("that existing rows do not fit is refused, naming one of them; the old schema stays", async () => {
    const engine = await deployed();
    const id = await mutate(engine, "notes:add", { owner: "ada", text: "no rank" });
    const stricter = await bundle({
      "schema.ts": schemaWith(
        "defineTable({ owner: v.string(), text: v.string(), rank: v.number() }).index('by_owner', ['owner']).index('by_owner_rank', ['owner', 'rank'])",
      ),
    });
    await expect(push(engine, stricter)).rejects.toThrow(
      new RegExp(
        `Schema validation failed.\\nDocument with ID "${JSON.stringify(id).slice(1, -1)}" in table "notes" does not match the schema: Object is missing the required field \`rank\``,
      ),
    );
    await mutate(engine, "notes:add", { owner: "ada", text: "still allowed" });
  });

  test("that a row written during the check does not fit is refused at the end", async () => {
    const engine = await deployed();
    const stricter = await bundle({
      "schema.ts": schemaWith(
        "defineTable({ owner: v.string(), text: v.string(), rank: v.number() }).index('by_owner', ['owner']).index('by_owner_rank', ['owner', 'rank'])",
      ),
    });
    const prepared = await preparePush(engine, stricter);
    await prepared.change.check();
    await mutate(engine, "notes:add", { owner: "ada", text: "no rank, just in time" });
    await expect(commitPush(engine, prepared)).rejects.toThrow("Schema validation failed");
    expect(await query(engine, "notes:ofOwner", { owner: "ada" })).toHaveLength(1);
    await push(engine, await bundle());
  });

  test("after it is live, writes are held to it", async () => {
    const engine = await deployed();
    const bad = engine.runner.runMutation(
      call("notes:insertUnchecked", { value: { owner: "ada", text: "x", extra: 1 } }),
    );
    expect((await bad).result).toMatchObject({ ok: false });
    await expect(bad.then(({ result }) => valueOf(result))).rejects.toThrow(
      'Failed to insert or update a document in table "notes" because it does not match the schema: Object contains extra field `extra`',
    );
  });
});
