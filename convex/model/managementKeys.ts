import type { ClientInfo } from "@oa/contract";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";

/** Terminals a user may be signed in with at once; one more ends the one that was used longest ago. */
const MAX_MANAGEMENT_KEYS = 10;

/** The living key of a hash; null for one that was rotated, ended, or never was. */
export async function managementKeyByHash(ctx: QueryCtx, hash: string): Promise<Doc<"management_keys"> | null> {
  return await ctx.db
    .query("management_keys")
    .withIndex("by_key_hash", (q) => q.eq("key_hash", hash))
    .unique();
}

/** Makes the key of one sign-in of a terminal. */
export async function insertManagementKey(
  ctx: MutationCtx,
  userId: Id<"users">,
  key: { key_hash: string; key_prefix: string },
  client: ClientInfo,
): Promise<Id<"management_keys">> {
  const before = await ctx.db
    .query("management_keys")
    .withIndex("by_user_id", (q) => q.eq("user_id", userId))
    .collect();
  const surplus = before.toSorted((a, b) => b.last_used_at - a.last_used_at).slice(MAX_MANAGEMENT_KEYS - 1);
  for (const old of surplus) await ctx.db.delete("management_keys", old._id);
  const now = Date.now();
  return await ctx.db.insert("management_keys", {
    user_id: userId,
    key_hash: key.key_hash,
    key_prefix: key.key_prefix,
    created_at: now,
    last_used_at: now,
    ip: client.ip,
    user_agent: client.user_agent,
    place: client.place,
  });
}
