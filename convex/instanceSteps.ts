import { v } from "convex/values";
import { internalMutation } from "./_generated/server.js";
import { stepName, stepState } from "./lib/validators.ts";
import { followStatus } from "./model/drives.ts";
import { instanceById } from "./model/instances.ts";

/**
 * Writes how far a step has come; the reconciler's own table. `recorded` is false where the instance has moved on to a
 * newer generation (or is gone): the caller's work is stale.
 *
 * Recording the same again changes nothing. A step that is done or skipped does not go back to `running`: steps tell of
 * provisioning, the status tells of now. A step that changes its state is progress: the status's deadline counts anew.
 */
export const recordStep = internalMutation({
  args: {
    instance_id: v.string(),
    generation: v.number(),
    step: stepName,
    state: stepState,
    detail: v.union(v.string(), v.null()),
  },
  handler: async (ctx, args): Promise<{ recorded: boolean }> => {
    const row = await instanceById(ctx, args.instance_id);
    if (row === null || row.generation !== args.generation || row.status === "deleted") return { recorded: false };
    const step = await ctx.db
      .query("instance_steps")
      .withIndex("by_instance_generation", (q) =>
        q.eq("instance_id", args.instance_id).eq("generation", args.generation).eq("name", args.step),
      )
      .unique();
    // Steps are made by the claim; a stop and a deletion have none to record.
    if (step === null) return { recorded: true };
    const passed = step.state === "done" || step.state === "skipped";
    if (passed && (args.state === "running" || args.state === "pending")) return { recorded: true };
    const sameState = step.state === args.state;
    if (sameState && (step.detail ?? null) === args.detail) return { recorded: true };
    const now = Date.now();
    const ended = args.state === "done" || args.state === "skipped" || args.state === "failed";
    await ctx.db.patch("instance_steps", step._id, {
      state: args.state,
      detail: args.detail ?? undefined,
      started_at: args.state === "pending" ? undefined : (step.started_at ?? now),
      finished_at: ended ? (sameState ? step.finished_at : now) : undefined,
    });
    if (!sameState) await followStatus(ctx, row);
    return { recorded: true };
  },
});
