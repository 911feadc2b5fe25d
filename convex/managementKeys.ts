import type { AccessGranted, KeyOwner } from "@oa/contract";
import { v } from "convex/values";
import type * as z from "zod";
import { internalMutation } from "./_generated/server.js";
import { clientInfo } from "./lib/accountValidators.ts";
import { apiError } from "./lib/errors.ts";
import { accessView } from "./model/access.ts";
import { recordAuthEvent } from "./model/authEvents.ts";
import { managementKeyByHash } from "./model/managementKeys.ts";

/** Written at most this often: most requests then only read. */
const TOUCH_MS = 15 * 60 * 1000;

/** Whose key a hash is of. Null for one that was rotated, ended, or never was. */
export const owner = internalMutation({
  args: { key_hash: v.string() },
  handler: async (ctx, args): Promise<z.infer<typeof KeyOwner>> => {
    const key = await managementKeyByHash(ctx, args.key_hash);
    const user = key === null ? null : await ctx.db.get("users", key.user_id);
    if (key === null || user === null) return { access: null };
    const now = Date.now();
    if (now - key.last_used_at >= TOUCH_MS) await ctx.db.patch("management_keys", key._id, { last_used_at: now });
    return { access: await accessView(ctx, user, key._id) };
  },
});

/** Puts a new key in the place of an old one, which is unknown from now on. `not_found` where it was already. */
export const rotate = internalMutation({
  args: { key_hash: v.string(), next_hash: v.string(), next_prefix: v.string(), client: clientInfo },
  handler: async (ctx, args): Promise<AccessGranted> => {
    const key = await managementKeyByHash(ctx, args.key_hash);
    const user = key === null ? null : await ctx.db.get("users", key.user_id);
    if (key === null || user === null) throw apiError("not_found", "That key has ended.");
    await ctx.db.patch("management_keys", key._id, {
      key_hash: args.next_hash,
      key_prefix: args.next_prefix,
      last_used_at: Date.now(),
      ...args.client,
    });
    await recordAuthEvent(ctx, user._id, "management_key_rotated", args.client);
    return await accessView(ctx, user, key._id);
  },
});

/** Signs a terminal out. */
export const end = internalMutation({
  args: { key_hash: v.string() },
  handler: async (ctx, args): Promise<{ done: true }> => {
    const key = await managementKeyByHash(ctx, args.key_hash);
    if (key !== null) {
      await ctx.db.delete("management_keys", key._id);
      const { ip, user_agent, place = null } = key;
      await recordAuthEvent(ctx, key.user_id, "sign_out", { ip, user_agent, place }, "terminal");
    }
    return { done: true };
  },
});
