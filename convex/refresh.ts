import type { RefreshOutcome, Standing } from "@oa/contract";
import { v } from "convex/values";
import type * as z from "zod";
import { internalMutation, internalQuery } from "./_generated/server.js";
import { clientInfo } from "./lib/accountValidators.ts";
import { accessView } from "./model/access.ts";
import { recordAuthEvent } from "./model/authEvents.ts";
import { endFamily, rotateToken, tokenWithFamily } from "./model/families.ts";
import { takeLimits } from "./model/limits.ts";
import { userById } from "./model/users.ts";

/** Editors' sign-ins: a family of refresh tokens each, of which one lives. */

/** Uses a refresh token for the next one; `refused` for whatever is not good, whyever. */
export const rotate = internalMutation({
  args: { token_hash: v.string(), next_hash: v.string(), client: clientInfo },
  handler: async (ctx, args): Promise<z.infer<typeof RefreshOutcome>> => {
    const now = Date.now();
    const found = await tokenWithFamily(ctx, args.token_hash, now);
    const user = found === null ? null : await ctx.db.get("users", found.family.user_id);
    if (found === null || user === null) return { outcome: "refused" };
    // Before the limit: a reuse must end the family however often it is tried.
    if (found.token.state.kind === "live") {
      const limit = await takeLimits(ctx, [{ name: "refresh_family", key: found.family._id }]);
      if (!limit.allowed) return { outcome: "limited", retry_after_ms: limit.retry_after_ms };
    }
    if ((await rotateToken(ctx, found, args.next_hash, now)) === "reused") {
      await recordAuthEvent(ctx, user._id, "refresh_token_reused", args.client);
      return { outcome: "refused" };
    }
    return { outcome: "rotated", access: await accessView(ctx, user, found.family._id) };
  },
});

/** Whether an editor's sign-in stands, with what its JWT is compared to. Null: it has ended. */
export const standing = internalQuery({
  args: { user_id: v.string(), family_id: v.string() },
  handler: async (ctx, args): Promise<z.infer<typeof Standing>> => {
    const id = ctx.db.normalizeId("refresh_families", args.family_id);
    const family = id === null ? null : await ctx.db.get("refresh_families", id);
    const user = await userById(ctx, args.user_id);
    if (family === null || user === null || family.user_id !== user._id || family.expires_at <= Date.now()) {
      return { access: null };
    }
    return { access: await accessView(ctx, user, family._id) };
  },
});

/** Signs an editor out. One that is not there, or not theirs, is not an error: signed out is what was asked for. */
export const end = internalMutation({
  args: { user_id: v.string(), family_id: v.string() },
  handler: async (ctx, args): Promise<{ done: true }> => {
    const id = ctx.db.normalizeId("refresh_families", args.family_id);
    const family = id === null ? null : await ctx.db.get("refresh_families", id);
    if (family !== null && family.user_id === args.user_id) {
      await endFamily(ctx, family._id);
      const { ip, user_agent, place = null } = family;
      await recordAuthEvent(ctx, family.user_id, "sign_out", { ip, user_agent, place }, "editor");
    }
    return { done: true };
  },
});
