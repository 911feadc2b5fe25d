import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

const documents = defineTable({ n: v.number(), owner: v.string(), body: v.string() })
  .index("by_n", ["n"])
  .index("by_owner", ["owner"]);

/** Two tables alike, so that none of the figures is of a database with only one. */
export default defineSchema({ left: documents, right: documents });
