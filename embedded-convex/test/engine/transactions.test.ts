/// <reference types="vite/client" />
/** Transactions and pages against models: whatever functions do, the database says what a plain list would. */
import { makeFunctionReference, type PaginationResult } from "convex/server";
import { compareValues } from "convex/values";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { convexTest } from "../../src/test/index.ts";
import { api, type Note } from "./fixture/_generated/api.ts";
import schema from "./fixture/schema.ts";

const modules = import.meta.glob("./fixture/**/*.ts");

/** One step of a random mutation; documents are named by number. */
interface Step {
  do: string;
  name?: number;
  owner?: string;
  rank?: number;
  order?: "asc" | "desc";
  limit?: number;
  nested?: Step[];
  fails?: boolean;
}

const owner = fc.constantFrom("ada", "bob", "");
const name = fc.nat({ max: 9 });
const rank = fc.constantFrom(-1, 0, 1, 2, 3);
const order = fc.constantFrom<("asc" | "desc")[]>("asc", "desc");
const { steps } = fc.letrec<{ step: Step; steps: Step[] }>((tie) => ({
  step: fc.oneof(
    { maxDepth: 3, depthIdentifier: "nesting" },
    fc.record({ do: fc.constant("insert"), owner, rank }),
    fc.record({ do: fc.constant("patch"), name, rank }),
    fc.record({ do: fc.constant("replace"), name, owner }),
    fc.record({ do: fc.constant("delete"), name }),
    fc.record({ do: fc.constant("read"), owner, order, limit: fc.nat({ max: 3 }) }),
    fc.record({ do: fc.constant("nested"), nested: tie("steps"), fails: fc.boolean() }),
  ),
  steps: fc.array(tie("step"), { maxLength: 8, depthIdentifier: "nesting" }),
}));

interface ModelNote {
  name: number;
  owner: string;
  rank: number | undefined;
}

/** The same steps on a plain list. */
class Model {
  notes: ModelNote[] = [];
  private inserted = 0;

  /** Returns what the reads saw; numbers the inserts on the way. */
  run(steps: readonly Step[]): number[][] {
    return steps.flatMap((step) => this.step(step));
  }

  private step(step: Step): number[][] {
    const { owner: of = "", name: named } = step;
    if (step.do === "insert") {
      step.name = this.inserted++;
      this.notes = [...this.notes, { name: step.name, owner: of, rank: step.rank }];
    }
    if (step.do === "patch") this.change(named, (note) => ({ ...note, rank: step.rank }));
    if (step.do === "replace") this.change(named, (note) => ({ ...note, owner: of, rank: undefined }));
    if (step.do === "delete") this.notes = this.notes.filter((note) => note.name !== named);
    if (step.do === "read") return [this.read(of, step.order).slice(0, step.limit)];
    if (step.do !== "nested") return [];
    const before = this.notes;
    const seen = this.run(step.nested ?? []);
    if (step.fails !== true) return seen;
    this.notes = before;
    return [];
  }

  private change(named: number | undefined, change: (note: ModelNote) => ModelNote): void {
    this.notes = this.notes.map((note) => (note.name === named ? change(note) : note));
  }

  private read(of: string, direction: "asc" | "desc" | undefined): number[] {
    const sorted = this.notes
      .filter((note) => note.owner === of)
      .sort((a, b) => compareValues(a.rank, b.rank) || a.name - b.name);
    return (direction === "desc" ? sorted.toReversed() : sorted).map((note) => note.name);
  }
}

/** Steps as the fixture takes them: nested ones as text. */
function encoded(all: readonly Step[]): object[] {
  return all.map(({ nested, ...step }) =>
    nested === undefined ? step : { ...step, steps: JSON.stringify(encoded(nested)) },
  );
}

const perform = makeFunctionReference<"mutation", { steps: object[]; fails: boolean }, number[][]>("model:perform");

describe("mutations", () => {
  test("do what a list would do, with nested calls that fail and are caught, alone or one after another", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 3 }), async (mutations) => {
        const t = convexTest({ schema, modules });
        const model = new Model();
        for (const mutation of mutations) {
          const seen = model.run(mutation);
          expect(await t.mutation(perform, { steps: encoded(mutation), fails: false })).toEqual(seen);
        }
        const rows = await t.run(async (ctx) => ctx.db.query("notes").collect());
        const kept = model.notes.map((note) => ({ text: `note ${note.name}`, owner: note.owner, rank: note.rank }));
        expect(rows.map(({ text, owner, rank }) => ({ text, owner, rank }))).toEqual(kept);
      }),
      { numRuns: 60 },
    );
  });

  test("run one at a time: a hundred parallel increments count to a hundred", async () => {
    const t = convexTest({ schema, modules });
    const increment = () =>
      t.mutation(async (ctx) => {
        const counter = await ctx.db
          .query("counters")
          .withIndex("by_name", (q) => q.eq("name", "hits"))
          .unique();
        if (counter === null) await ctx.db.insert("counters", { name: "hits", value: 1 });
        else await ctx.db.patch(counter._id, { value: counter.value + 1 });
      });
    await Promise.all(Array.from({ length: 100 }, increment));
    expect(await t.run((ctx) => ctx.db.query("counters").collect())).toMatchObject([{ name: "hits", value: 100 }]);
  });

  test("parallel nested calls do not see or undo each other's half-done writes", async () => {
    const t = convexTest({ schema, modules });
    const outcome = await t.mutation(async (ctx) => {
      const settled = await Promise.allSettled([
        ctx.runMutation(api.notes.add, { owner: "a", text: "kept" }),
        ctx.runMutation(api.notes.refuse, {}),
        ctx.db.insert("notes", { owner: "b", text: "of the parent" }),
        ctx.runMutation(api.notes.add, { owner: "c", text: "kept too" }),
      ]);
      return settled.map(({ status }) => status);
    });
    expect(outcome).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
    const texts = (await t.run((ctx) => ctx.db.query("notes").collect())).map(({ text }) => text).sort();
    expect(texts).toEqual(["kept", "kept too", "of the parent"]);
  });

  test("documents deleted or changed while a query walks them are seen as they are by then", async () => {
    const t = convexTest({ schema, modules });
    await t.run(async (ctx) => {
      for (let i = 0; i < 200; i++) await ctx.db.insert("notes", { owner: "ada", text: `${i}`, rank: i });
    });
    const seen = await t.run(async (ctx) => {
      const texts: string[] = [];
      for await (const note of ctx.db.query("notes").withIndex("by_owner_rank", (q) => q.eq("owner", "ada"))) {
        texts.push(note.text);
        const next = await ctx.db
          .query("notes")
          .withIndex("by_owner_rank", (q) => q.eq("owner", "ada").gt("rank", note.rank ?? 0))
          .first();
        if (next !== null) await ctx.db.delete(next._id);
      }
      return texts;
    });
    expect(seen).toEqual(Array.from({ length: 100 }, (_, i) => `${i * 2}`));
  });

  test("commit timestamps: pending inside, the commit's own outside, in commit order", async () => {
    const t = convexTest({ schema, modules });
    const write = (name: string) =>
      t.mutation(async (ctx) => {
        const id = await ctx.db.insert("counters", { name, value: 0, at: ctx.db.vars.commitTs });
        const back = await ctx.db.get(id);
        return { pending: String(back?.at), at: back?.at };
      });
    const first = await write("first");
    const second = await write("second");
    expect(first.pending).toBe("[unresolved commit timestamp]");
    const stored = await t.run((ctx) => ctx.db.query("counters").collect());
    expect(stored.map(({ at }) => at)).toEqual([first.at, second.at]);
    expect(compareValues(first.at, second.at)).toBeLessThan(0);
  });
});

describe("pages", () => {
  test("joined together they are the sorted list, whatever the page size, the order and what is written between", async () => {
    const pageSize = fc.integer({ min: 1, max: 5 });
    const between = fc.array(
      fc.record({ delete: fc.nat({ max: 30 }), insert: fc.option(fc.integer({ min: -3, max: 8 })) }),
      { maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(0, 1, 2, 3, 4, undefined), { maxLength: 20 }),
        pageSize,
        fc.constantFrom("asc", "desc"),
        between,
        async (ranks, numItems, order, writes) => {
          const t = convexTest({ schema, modules });
          const all = () => t.run((ctx) => ctx.db.query("notes").collect());
          for (const [i, rank] of ranks.entries())
            await t.mutation(api.notes.add, { owner: "ada", text: `${i}`, ...(rank === undefined ? {} : { rank }) });
          const before = new Set((await all()).map(({ _id }) => _id));
          const seen: Note[] = [];
          let cursor: string | null = null;
          for (let turn = 0; ; turn++) {
            const page: PaginationResult<Note> = await t.query(api.notes.page, {
              owner: "ada",
              cursor,
              numItems,
              order,
            });
            seen.push(...page.page);
            if (page.isDone) break;
            cursor = page.continueCursor;
            const write = writes[turn];
            if (write === undefined) continue;
            const victim = (await all())[write.delete];
            if (victim !== undefined) await t.run((ctx) => ctx.db.delete(victim._id));
            if (write.insert !== null)
              await t.mutation(api.notes.add, { owner: "ada", text: "between", rank: write.insert });
          }
          const ids = seen.map(({ _id }) => _id);
          expect(new Set(ids).size).toBe(ids.length);
          const sorted = seen.toSorted(
            (a, b) => (compareValues(a.rank, b.rank) || a._creationTime - b._creationTime) * (order === "asc" ? 1 : -1),
          );
          expect(ids).toEqual(sorted.map(({ _id }) => _id));
          const survivors = (await all()).filter(({ _id }) => before.has(_id)).map(({ _id }) => _id);
          expect(survivors.filter((id) => !ids.some((seenId) => seenId === id))).toEqual([]);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("a cursor of another query, or one that was tampered with, is refused by name", async () => {
    const t = convexTest({ schema, modules });
    for (let i = 0; i < 5; i++) await t.mutation(api.notes.add, { owner: "ada", text: `${i}`, rank: i });
    const { continueCursor } = await t.query(api.notes.page, { owner: "ada", cursor: null, numItems: 2 });
    const again = (cursor: string, owner = "ada") => t.query(api.notes.page, { owner, cursor, numItems: 2 });
    expect((await again(continueCursor)).page.map(({ text }) => text)).toEqual(["2", "3"]);
    await expect(again(continueCursor, "bob")).rejects.toThrow("InvalidCursor");
    await expect(again(`${continueCursor.slice(0, -4)}AAAA`)).rejects.toThrow("InvalidCursor");
    await expect(again("nonsense")).rejects.toThrow("InvalidCursor");
    expect(Buffer.from(continueCursor, "base64url").toString("latin1")).not.toContain("ada");
  });
});

describe("filters", () => {
  test("say what compareValues says about every pair of values", async () => {
    const t = convexTest({ schema, modules });
    const values = [null, 1n, 2n, 1.5, -0, 0, NaN, true, false, "a", "b", [1], [1, 2], { a: 1 }, { b: 1 }];
    const pairs = values.flatMap((left) => values.map((right) => ({ left, right })));
    await t.run(async (ctx) => {
      for (const pair of pairs) await ctx.db.insert("pairs", pair);
    });
    const passing = (name: "eq" | "neq" | "lt" | "lte" | "gt" | "gte") =>
      t.query(async (ctx) => {
        const found = await ctx.db
          .query("pairs")
          .filter((q) => {
            const [left, right] = [q.field("left"), q.field("right")];
            if (name === "eq") return q.eq(left, right);
            if (name === "neq") return q.neq(left, right);
            if (name === "lt") return q.lt(left, right);
            if (name === "lte") return q.lte(left, right);
            return name === "gt" ? q.gt(left, right) : q.gte(left, right);
          })
          .collect();
        return found.map(({ left, right }) => ({ left, right }));
      });
    const ordered = (holds: (sign: number) => boolean) =>
      pairs.filter(({ left, right }) => holds(compareValues(left, right)));
    expect(await passing("eq")).toEqual(ordered((sign) => sign === 0));
    expect(await passing("neq")).toEqual(ordered((sign) => sign !== 0));
    expect(await passing("lt")).toEqual(ordered((sign) => sign < 0));
    expect(await passing("lte")).toEqual(ordered((sign) => sign <= 0));
    expect(await passing("gt")).toEqual(ordered((sign) => sign > 0));
    expect(await passing("gte")).toEqual(ordered((sign) => sign >= 0));
  });

  test("calculate with numbers and integers, and tell a missing field from null", async () => {
    const t = convexTest({ schema, modules });
    for (const rank of [1, 2, 3, undefined])
      await t.mutation(api.notes.add, { owner: "ada", text: `${rank}`, ...(rank === undefined ? {} : { rank }) });
    const texts = await t
      .query(async (ctx) => {
        const notes = ctx.db.query("notes");
        const found = notes.filter((q) => q.or(q.eq(q.field("rank"), undefined), q.gt(q.mul(q.field("rank"), 2), 4)));
        return (await found.collect()).map(({ text }) => text);
      })
      .catch((error: unknown) => String(error));
    expect(texts).toEqual(["3", "undefined"]);
  });
});
