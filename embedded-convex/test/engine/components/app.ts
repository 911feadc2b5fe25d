import { TableAggregate } from "@convex-dev/aggregate";
import { Migrations } from "@convex-dev/migrations";
import { RateLimiter } from "@convex-dev/rate-limiter";
import { start, WorkflowManager } from "@convex-dev/workflow";
import { vOnCompleteArgs, Workpool } from "@convex-dev/workpool";
import {
  internalActionGeneric,
  internalMutationGeneric,
  mutationGeneric,
  queryGeneric,
  type ActionBuilder,
  type DataModelFromSchemaDefinition,
  type MutationBuilder,
  type QueryBuilder,
} from "convex/server";
import { v } from "convex/values";
import { components, internal } from "./_generated/api.js";
import type schema from "./schema.ts";

type DataModel = DataModelFromSchemaDefinition<typeof schema>;
const query: QueryBuilder<DataModel, "public"> = queryGeneric;
const mutation: MutationBuilder<DataModel, "public"> = mutationGeneric;
const internalMutation: MutationBuilder<DataModel, "internal"> = internalMutationGeneric;
const internalAction: ActionBuilder<DataModel, "internal"> = internalActionGeneric;

const limiter = new RateLimiter(components.rateLimiter, {
  send: { kind: "token bucket", rate: 2, period: 60_000, capacity: 3 },
});
const scores = new TableAggregate<{ Key: number; DataModel: DataModel; TableName: "players" }>(components.scores, {
  sortKey: (player) => player.score,
  sumValue: (player) => player.score,
});
const pool = new Workpool(components.pool, {
  maxParallelism: 3,
  retryActionsByDefault: true,
  defaultRetryBehavior: { maxAttempts: 3, initialBackoffMs: 20, base: 1 },
});
const workflow = new WorkflowManager(components.workflow);
const migrations = new Migrations<DataModel>(components.migrations);

/** Lets the third message through and no more; the whole mutation fails when there is no credit left. */
export const send = mutation({
  args: { user: v.string(), throws: v.optional(v.boolean()) },
  handler: async (ctx, { user, throws }) => {
    const { ok, retryAfter } = await limiter.limit(ctx, "send", { key: user });
    if (throws === true) throw new Error("after taking a token");
    return { ok, waits: retryAfter !== undefined };
  },
});

export const addPlayer = mutation({
  args: { name: v.string(), score: v.number() },
  handler: async (ctx, player) => {
    const inserted = await ctx.db.get(await ctx.db.insert("players", player));
    if (inserted !== null) await scores.insert(ctx, inserted);
  },
});

export const statistics = query({
  args: {},
  handler: async (ctx) => ({
    count: await scores.count(ctx),
    sum: await scores.sum(ctx),
    best: (await scores.max(ctx))?.key ?? null,
    third: (await scores.at(ctx, 2)).key,
    below50: await scores.count(ctx, { bounds: { upper: { key: 50, inclusive: false } } }),
  }),
});

export const enqueue = mutation({
  args: { name: v.string(), failures: v.number() },
  handler: (ctx, args) =>
    pool.enqueueAction(ctx, internal.app.flaky, args, { onComplete: internal.app.done, context: args.name }),
});

/** Fails as often as it is told, counting the attempts in the database. */
export const flaky = internalAction({
  args: { name: v.string(), failures: v.number() },
  handler: async (ctx, { name, failures }) => {
    await ctx.runMutation(internal.app.note, { text: `${name} tried` });
    const tries = await ctx.runQuery(internal.app.times, { text: `${name} tried` });
    if (tries <= failures) throw new Error(`attempt ${tries} fails`);
    return `${name} worked`;
  },
});

export const done = internalMutation({
  args: vOnCompleteArgs(v.string()),
  handler: async (ctx, { context, result }) => {
    await ctx.db.insert("events", { text: `${context} ${result.kind}` });
  },
});

export const note = internalMutation({
  args: { text: v.string() },
  handler: async (ctx, { text }) => {
    await ctx.db.insert("events", { text });
  },
});

export const times = query({
  args: { text: v.string() },
  handler: async (ctx, { text }) =>
    (await ctx.db.query("events").collect()).filter((event) => event.text === text).length,
});

export const events = query({
  args: {},
  handler: async (ctx) => (await ctx.db.query("events").collect()).map(({ text }) => text),
});

export const story = workflow.define({
  args: { name: v.string() },
  handler: async (step, { name }): Promise<void> => {
    await step.runMutation(internal.app.note, { text: `${name} begins` });
    const result = await step.runAction(
      internal.app.flaky,
      { name, failures: 1 },
      { retry: { maxAttempts: 3, initialBackoffMs: 10, base: 1 } },
    );
    await Promise.all([
      step.runMutation(internal.app.note, { text: `${result} on the left` }),
      step.runMutation(internal.app.note, { text: `${result} on the right` }),
    ]);
    await step.sleep(30);
    await step.runMutation(internal.app.note, { text: `${name} ends` });
  },
});

export const tell = mutation({
  args: { name: v.string() },
  handler: (ctx, args): Promise<string> => start(ctx, internal.app.story, args),
});

export const rankAll = migrations.define({
  table: "players",
  batchSize: 10,
  migrateOne: (_ctx, player) => (player.rank === undefined ? { rank: player.score > 50 ? "high" : "low" } : undefined),
});

export const run = migrations.runner(internal.app.rankAll);

export const ranks = query({
  args: {},
  handler: async (ctx) => {
    const players = await ctx.db.query("players").collect();
    return {
      high: players.filter(({ rank }) => rank === "high").length,
      low: players.filter(({ rank }) => rank === "low").length,
    };
  },
});
