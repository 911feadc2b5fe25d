import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  players: defineTable({ name: v.string(), score: v.number(), rank: v.optional(v.string()) }),
  events: defineTable({ text: v.string() }),
});
