import { mutationGeneric, queryGeneric, type DataModelFromSchemaDefinition } from "convex/server";
import type { MutationBuilder, QueryBuilder } from "convex/server";
import { v } from "convex/values";
import type schema from "./schema.ts";

type DataModel = DataModelFromSchemaDefinition<typeof schema>;
const query: QueryBuilder<DataModel, "public"> = queryGeneric;
const mutation: MutationBuilder<DataModel, "public"> = mutationGeneric;

const BODY = "a text of about a hundred characters, which is what a small document of an application has, more or less";

export const fill = mutation({
  args: { from: v.number(), count: v.number() },
  handler: async (ctx, { from, count }) => {
    for (let n = from; n < from + count; n++) {
      const document = { n, owner: `owner ${n % 1000}`, body: BODY };
      await ctx.db.insert("left", document);
      await ctx.db.insert("right", document);
    }
    return null;
  },
});

export const insert = mutation({
  args: { n: v.number() },
  handler: async (ctx, { n }) => {
    await ctx.db.insert("left", { n, owner: "late", body: BODY });
    return null;
  },
});

export const point = query({
  args: { n: v.number() },
  handler: (ctx, { n }) =>
    ctx.db
      .query("right")
      .withIndex("by_n", (q) => q.eq("n", n))
      .unique(),
});

export const range = query({
  args: { n: v.number() },
  handler: (ctx, { n }) =>
    ctx.db
      .query("right")
      .withIndex("by_n", (q) => q.gte("n", n))
      .take(100),
});

export const page = query({
  args: { n: v.number() },
  handler: (ctx, { n }) =>
    ctx.db
      .query("left")
      .withIndex("by_n", (q) => q.gte("n", n))
      .paginate({ cursor: null, numItems: 20 }),
});
