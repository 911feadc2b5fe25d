import type { KeyStanding, ProvisionedKey, ProvisionedKeyInfo } from "@oa/contract";
import { v } from "convex/values";
import { internalMutation, internalQuery, query, type QueryCtx } from "./_generated/server.js";
import { requireUser } from "./lib/access.ts";
import { limitReset } from "./lib/creditValidators.ts";
import { apiError } from "./lib/errors.ts";
import { isOwnSecret, keyState } from "./lib/keyRules.ts";
import { requireInstance } from "./model/instances.ts";
import { keyInfo, keyView } from "./model/keyViews.ts";
import {
  changeKey,
  insertKey,
  keyBySecret,
  livingKeys,
  ownKey,
  revokeKey,
  rotateKey,
  setInstanceKey,
} from "./model/provisionedKeys.ts";

/** Revoked keys one listing shows, newest first. */
const LISTED_REVOKED = 200;

/** The signed-in user's living keys, the newest first, with what they spend. */
export const myKeys = query({
  args: {},
  handler: async (ctx): Promise<ProvisionedKey[]> => {
    const user = await requireUser(ctx);
    return await viewsOf(ctx, user._id, false);
  },
});

/** One of the signed-in user's keys, with its month by model. */
export const myKey = query({
  args: { hash: v.string() },
  handler: async (ctx, { hash }): Promise<ProvisionedKeyInfo> => {
    const user = await requireUser(ctx);
    return await keyInfo(ctx, await ownKey(ctx, user._id, hash), Date.now());
  },
});

async function viewsOf(ctx: QueryCtx, userId: string, includeRevoked: boolean): Promise<ProvisionedKey[]> {
  const revoked = includeRevoked
    ? await ctx.db
        .query("provisioned_keys")
        .withIndex("by_user_id_revoked_at", (q) => q.eq("user_id", userId).gte("revoked_at", 0))
        .order("desc")
        .take(LISTED_REVOKED)
    : [];
  const keys = [...(await livingKeys(ctx, userId)).toReversed(), ...revoked];
  const now = Date.now();
  const views: ProvisionedKey[] = [];
  for (const key of keys) views.push(await keyView(ctx, key, now));
  return views;
}

/** Keys of a user, newest first; revoked ones after the living, the last 200 of them. */
export const list = internalQuery({
  args: { user_id: v.string(), include_revoked: v.boolean() },
  handler: async (ctx, args): Promise<{ keys: ProvisionedKey[] }> => ({
    keys: await viewsOf(ctx, args.user_id, args.include_revoked),
  }),
});

export const info = internalQuery({
  args: { user_id: v.string(), hash: v.string() },
  handler: async (ctx, args): Promise<{ key: ProvisionedKeyInfo }> => ({
    key: await keyInfo(ctx, await ownKey(ctx, args.user_id, args.hash), Date.now()),
  }),
});

const nullableNumber = v.union(v.number(), v.null());
const nullableReset = v.union(limitReset, v.null());

/** Makes a key; see `insertKey` for what is refused. */
export const create = internalMutation({
  args: {
    user_id: v.string(),
    hash: v.string(),
    secret_hash: v.string(),
    prefix: v.string(),
    name: v.string(),
    credit_limit_microusd: nullableNumber,
    limit_reset: nullableReset,
    expires_at: nullableNumber,
  },
  handler: async (ctx, { user_id, ...wish }): Promise<{ key: ProvisionedKey }> => {
    const now = Date.now();
    return { key: await keyView(ctx, await insertKey(ctx, user_id, wish, now), now) };
  },
});

/** Changes what is named; see `changeKey`. `invalid_request` where nothing is. */
export const update = internalMutation({
  args: {
    user_id: v.string(),
    hash: v.string(),
    name: v.optional(v.string()),
    credit_limit_microusd: v.optional(nullableNumber),
    limit_reset: v.optional(nullableReset),
    disabled: v.optional(v.boolean()),
    expires_at: v.optional(nullableNumber),
  },
  handler: async (ctx, { user_id, hash, ...change }): Promise<{ key: ProvisionedKey }> => {
    if (Object.keys(change).length === 0) throw apiError("invalid_request", "Say what to change.");
    const now = Date.now();
    const key = await changeKey(ctx, await ownKey(ctx, user_id, hash), change, now);
    return { key: await keyView(ctx, key, now) };
  },
});

/** Ends a key for good; `expired` where it had ended, `conflict` for the hosted OpenClaw's. */
export const revoke = internalMutation({
  args: { user_id: v.string(), hash: v.string() },
  handler: async (ctx, args): Promise<{ key: ProvisionedKey }> => {
    const now = Date.now();
    const key = await revokeKey(ctx, await ownKey(ctx, args.user_id, args.hash), now);
    return { key: await keyView(ctx, key, now) };
  },
});

/** Gives a key a new secret; `expired` where it had ended, `conflict` for the hosted OpenClaw's. */
export const rotate = internalMutation({
  args: {
    user_id: v.string(),
    hash: v.string(),
    next_hash: v.string(),
    next_prefix: v.string(),
    grace_s: v.number(),
  },
  handler: async (ctx, { user_id, hash, grace_s, ...next }): Promise<{ key: ProvisionedKey }> => {
    const now = Date.now();
    const key = await ownKey(ctx, user_id, hash);
    return { key: await keyView(ctx, await rotateKey(ctx, key, { ...next, graceMs: grace_s * 1000 }, now), now) };
  },
});

/** Whose key a secret is of at a time. A secret whose grace is over is as good as revoked. */
export const resolve = internalQuery({
  args: { secret_hash: v.string(), now: v.number() },
  handler: async (ctx, args): Promise<KeyStanding> => {
    const key = await keyBySecret(ctx, args.secret_hash);
    if (key === null) return { key: null };
    return {
      key: {
        hash: key.key_id,
        user_id: key.user_id,
        instance_id: key.instance_id ?? null,
        state: isOwnSecret(key, args.secret_hash, args.now) ? keyState(key, args.now) : "revoked",
      },
    };
  },
});

/** The key of the user's hosted OpenClaw; see `setInstanceKey`. `no_instance` for another instance than theirs. */
export const setForInstance = internalMutation({
  args: {
    user_id: v.string(),
    instance_id: v.string(),
    hash: v.string(),
    secret_hash: v.string(),
    prefix: v.string(),
  },
  handler: async (ctx, { user_id, ...wish }): Promise<{ key: ProvisionedKey }> => {
    const instance = await requireInstance(ctx, user_id);
    if (instance.instance_id !== wish.instance_id) {
      throw apiError("no_instance", "This user's OpenClaw is another one by now.");
    }
    const now = Date.now();
    return { key: await keyView(ctx, await setInstanceKey(ctx, user_id, wish, now), now) };
  },
});
