import type { LimitsResult } from "@oa/contract";
import { v } from "convex/values";
import type * as z from "zod";
import { internalMutation } from "./_generated/server.js";
import { limitName } from "./lib/accountValidators.ts";
import { takeLimits } from "./model/limits.ts";

/** Counts one attempt against each limit; see `takeLimits`. The Worker asks before it does any work for a request. */
export const take = internalMutation({
  args: { checks: v.array(v.object({ name: limitName, key: v.string() })) },
  handler: async (ctx, args): Promise<z.infer<typeof LimitsResult>> => await takeLimits(ctx, args.checks),
});
