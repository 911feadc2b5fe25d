/** Put beside the product's own functions while measuring: fills a ledger, and says how many documents those functions read. */
import {
  type DataModelFromSchemaDefinition,
  type MutationBuilder,
  mutationGeneric,
  type QueryBuilder,
  queryGeneric,
  makeFunctionReference,
} from "convex/server";
import { v } from "convex/values";
import type schema from "../../../convex/schema.ts";

type Model = DataModelFromSchemaDefinition<typeof schema>;
const mutation: MutationBuilder<Model, "public"> = mutationGeneric;
const query: QueryBuilder<Model, "public"> = queryGeneric;

const balance = makeFunctionReference<"query", { user_id: string }>("billing:getCreditBalance");
const standing = makeFunctionReference<"query", { user_id: string }>("holds:standing");

/** Ledger rows `from` to `to` of a user, each a credit of a cent, as `post` would leave them. */
export const fill = mutation({
  args: { user_id: v.string(), from: v.number(), to: v.number() },
  handler: async (ctx, { user_id, from, to }): Promise<null> => {
    const cent = 10_000;
    for (let seq = from + 1; seq <= to; seq += 1) {
      await ctx.db.insert("credit_ledger", {
        user_id,
        kind: "promo_grant",
        amount_usd: 0.01,
        amount_microusd: cent,
        seq,
        balance_after_microusd: seq * cent,
        idempotency_key: `fill:${seq}`,
        created_at: seq,
      });
    }
    const account = {
      user_id,
      posted_microusd: to * cent,
      held_microusd: 0,
      open_holds: 0,
      status: "active" as const,
      overrun_microusd: 0,
      lifetime_credit_microusd: to * cent,
      lifetime_debit_microusd: 0,
      seq: to,
      rows_by_kind: { promo_grant: to },
      updated_at: 1,
    };
    const before = await ctx.db
      .query("credit_accounts")
      .withIndex("by_user_id", (q) => q.eq("user_id", user_id))
      .unique();
    if (before === null) await ctx.db.insert("credit_accounts", account);
    else await ctx.db.patch("credit_accounts", before._id, account);
    return null;
  },
});

/** Documents that reading a balance, and an account's standing, takes. */
export const documents = query({
  args: { user_id: v.string() },
  handler: async (ctx, args): Promise<{ balance: number; standing: number }> => {
    await ctx.runQuery(balance, args);
    const first = (await ctx.meta.getTransactionMetrics()).documentsRead.used;
    await ctx.runQuery(standing, args);
    return { balance: first, standing: (await ctx.meta.getTransactionMetrics()).documentsRead.used - first };
  },
});
