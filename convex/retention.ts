import { internal } from "./_generated/api.js";
import { internalMutation } from "./_generated/server.js";
import { PRUNE_ROWS } from "./lib/retention.ts";
import { PRUNERS } from "./model/pruners.ts";

/**
 * One round of every pruner, each in a bounded batch. Where one had more to delete than its batch, another round follows
 * at once; so a backlog is worked off without a transaction that is too large.
 */
export const prune = internalMutation({
  args: {},
  handler: async (ctx): Promise<{ deleted: number }> => {
    const now = Date.now();
    let deleted = 0;
    let more = false;
    for (const pruner of PRUNERS) {
      const count = await pruner.prune(ctx, now);
      deleted += count;
      more ||= count === PRUNE_ROWS;
    }
    if (more) await ctx.scheduler.runAfter(0, internal.retention.prune, {});
    return { deleted };
  },
});
