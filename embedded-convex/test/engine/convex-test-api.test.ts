/// <reference types="vite/client" />
/** The same scenarios on `convex-test` and on this engine: one expectation, two implementations. */
import { convexTest as onConvexTest } from "convex-test";
import { makeFunctionReference } from "convex/server";
import { ConvexError } from "convex/values";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { convexTest as onEngine } from "../../src/test/index.ts";
import { api } from "./fixture/_generated/api.ts";
import schema from "./fixture/schema.ts";

const modules = import.meta.glob("./fixture/**/*.ts");

describe.each([
  ["convex-test", () => onConvexTest({ schema, modules })],
  ["embedded-convex", () => onEngine({ schema, modules })],
])("%s", (_name, setup) => {
  test("a document written by a mutation is read by a query, by index", async () => {
    const t = setup();
    const id = await t.mutation(api.notes.add, { owner: "ada", text: "one" });
    await t.mutation(api.notes.add, { owner: "bob", text: "two" });
    expect(await t.query(api.notes.ofOwner, { owner: "ada" })).toMatchObject([{ _id: id, owner: "ada", text: "one" }]);
  });

  test("t.run reads and writes in one transaction; a throw takes everything back", async () => {
    const t = setup();
    const count = () => t.run(async (ctx) => (await ctx.db.query("notes").collect()).length);
    await t.run((ctx) => ctx.db.insert("notes", { owner: "ada", text: "kept" }));
    const failing = t.run(async (ctx) => {
      await ctx.db.insert("notes", { owner: "ada", text: "lost" });
      throw new Error("changed my mind");
    });
    await expect(failing).rejects.toThrow("changed my mind");
    expect(await count()).toBe(1);
  });

  test("a parent that catches its child's error keeps its own writes, and the error's data", async () => {
    const t = setup();
    expect(await t.mutation(api.notes.catchChild, {})).toEqual({ code: "refused", amount: 3 });
    const texts = await t.run(async (ctx) => (await ctx.db.query("notes").collect()).map((note) => note.text));
    expect(texts).toEqual(["before", "after"]);
  });

  test("a ConvexError reaches the caller with its data", async () => {
    const error: unknown = await setup()
      .mutation(api.notes.refuse, {})
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConvexError);
    expect(error).toMatchObject({ data: { code: "refused", amount: 3 } });
  });

  test("an action calls queries and mutations", async () => {
    expect(await setup().action(api.notes.throughAction, { owner: "ada" })).toMatchObject([{ text: "from an action" }]);
  });

  test("functions see the identity the test speaks as", async () => {
    const t = setup();
    expect(await t.query(api.notes.whoAmI, {})).toBeNull();
    const ada = t.withIdentity({ subject: "ada", name: "Ada" });
    expect(await ada.query(api.notes.whoAmI, {})).toMatchObject({
      subject: "ada",
      name: "Ada",
      issuer: "https://convex.test",
    });
  });

  test("arguments that do not fit the validator are refused", async () => {
    const incomplete = makeFunctionReference<"mutation", { owner: string }>("notes:add");
    await expect(setup().mutation(incomplete, { owner: "ada" })).rejects.toThrow(/text/);
  });

  test("documents that do not fit the schema are refused", async () => {
    const unchecked = makeFunctionReference<"mutation", { value: unknown }>("notes:insertUnchecked");
    await expect(setup().mutation(unchecked, { value: { owner: "ada", text: 7 } })).rejects.toThrow(/string/);
  });

  test("t.fetch runs the HTTP action of the route", async () => {
    const t = setup();
    const response = await t.fetch("/notes?owner=ada", { method: "POST", body: "posted" });
    expect(response.status).toBe(201);
    expect(await t.query(api.notes.ofOwner, { owner: "ada" })).toMatchObject([{ text: "posted" }]);
    expect((await t.fetch("/nowhere")).status).toBe(404);
    await expect(t.fetch("/broken")).rejects.toThrow("broken on purpose");
  });

  describe("with fake timers", () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    test("scheduled functions, and those they schedule, run when time goes on", async () => {
      const t = setup();
      const id = await t.mutation(api.notes.later, { delayMs: 60_000, owner: "ada" });
      expect(await t.query(api.notes.ofOwner, { owner: "ada" })).toEqual([]);
      const before = await t.run((ctx) => ctx.db.system.get(id));
      expect(before).toMatchObject({ state: { kind: "pending" }, args: [{ owner: "ada", again: 2 }] });
      await t.finishAllScheduledFunctions(vi.runAllTimers);
      const notes = await t.query(api.notes.ofOwner, { owner: "ada" });
      expect(notes.map((note) => note.text)).toEqual(["later 2", "later 1", "later 0"]);
      expect(await t.run((ctx) => ctx.db.system.get(id))).toMatchObject({ state: { kind: "success" } });
    });

    test("time can be advanced step by step", async () => {
      const t = setup();
      await t.mutation(api.notes.later, { delayMs: 500, owner: "ada" });
      vi.advanceTimersByTime(499);
      await t.finishInProgressScheduledFunctions();
      expect(await t.query(api.notes.ofOwner, { owner: "ada" })).toHaveLength(0);
      vi.advanceTimersByTime(1);
      await t.finishInProgressScheduledFunctions();
      expect(await t.query(api.notes.ofOwner, { owner: "ada" })).toHaveLength(1);
    });
  });

  test.each(["fetch", "timer"])("a mutation cannot use %s", async (what) => {
    await expect(setup().mutation(api.notes.forbidden, { what })).rejects.toThrow(/quer/i);
  });
});
