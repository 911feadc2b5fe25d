import { type LimitReset, MAX_PROVISIONED_KEYS } from "@oa/contract";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { apiError } from "../lib/errors.ts";
import type { KeyBudget } from "../lib/holdRules.ts";
import { isOwnSecret, KEY_REFUSALS, keyState } from "../lib/keyRules.ts";
import { spentIn } from "./keyWindows.ts";

/**
 * Provisioned keys: the only writer of `provisioned_keys`. A key's hash is its name for good, whatever secret it has; of secrets only
 * the SHA-256 is stored. A key that ends stays as a row with `revoked_at`.
 */

export type KeyRow = Doc<"provisioned_keys">;

/** The name of a hosted OpenClaw's key. No other key may have it. */
export const INSTANCE_KEY_NAME = "Hosted OpenClaw";
/** How long the secret of before stays good when a hosted OpenClaw gets a new one: it reads it within seconds. */
const INSTANCE_GRACE_MS = 10 * 60 * 1000;
/** Written at most this often: most calls then only read the key. */
const TOUCH_MS = 15 * 60 * 1000;

/** The key of this hash, whoever's and in whatever state; null where there never was one. */
export async function keyById(ctx: QueryCtx, keyId: string): Promise<KeyRow | null> {
  return await ctx.db
    .query("provisioned_keys")
    .withIndex("by_key_id", (q) => q.eq("key_id", keyId))
    .unique();
}

/** A user's key; `not_found` alike for an unknown hash and for another user's. */
export async function ownKey(ctx: QueryCtx, userId: string, keyId: string): Promise<KeyRow> {
  const key = await keyById(ctx, keyId);
  if (key?.user_id !== userId) throw apiError("not_found", "There is no such key.");
  return key;
}

/** The key a secret is of, or was before its last rotation. Secrets are never given to two keys. */
export async function keyBySecret(ctx: QueryCtx, secretHash: string): Promise<KeyRow | null> {
  const present = await ctx.db
    .query("provisioned_keys")
    .withIndex("by_secret_hash", (q) => q.eq("secret_hash", secretHash))
    .unique();
  if (present !== null) return present;
  return await ctx.db
    .query("provisioned_keys")
    .withIndex("by_previous_secret_hash", (q) => q.eq("previous_secret_hash", secretHash))
    .unique();
}

/** Keys of a user that are not revoked, oldest first: at most `MAX_PROVISIONED_KEYS` and those of hosted OpenClaws. */
export async function livingKeys(ctx: QueryCtx, userId: string): Promise<KeyRow[]> {
  return await ctx.db
    .query("provisioned_keys")
    .withIndex("by_user_id_revoked_at", (q) => q.eq("user_id", userId).eq("revoked_at", undefined))
    .collect();
}

/** A key a call may be charged to, or how it is refused. */
export async function spendingKey(
  ctx: QueryCtx,
  call: { userId: string; keyId: string; secretHash: string | null; now: number },
): Promise<KeyRow | (typeof KEY_REFUSALS)[keyof typeof KEY_REFUSALS]> {
  const key = await keyById(ctx, call.keyId);
  if (key?.user_id !== call.userId) return KEY_REFUSALS.revoked;
  if (call.secretHash !== null && !isOwnSecret(key, call.secretHash, call.now)) return KEY_REFUSALS.revoked;
  const state = keyState(key, call.now);
  return state === "active" ? key : KEY_REFUSALS[state];
}

/** What bounds a call of a key besides the balance; null for a key without a limit. */
export async function budgetOf(ctx: QueryCtx, key: KeyRow, now: number): Promise<KeyBudget | null> {
  if (key.credit_limit_microusd === null) return null;
  const { posted, held, endsAt } = await spentIn(ctx, key.key_id, key.limit_reset ?? "all", now);
  return {
    name: key.name,
    limit: key.credit_limit_microusd,
    reset: key.limit_reset,
    used: posted + held,
    resetsAt: endsAt,
  };
}

/** Notes that a call was let through with the key. */
export async function noteUse(ctx: MutationCtx, key: KeyRow, now: number): Promise<void> {
  if (now - (key.last_used_at ?? 0) < TOUCH_MS) return;
  await ctx.db.patch("provisioned_keys", key._id, { last_used_at: now });
}

/** What makes a key. */
export interface NewKey {
  hash: string;
  secret_hash: string;
  prefix: string;
  name: string;
  credit_limit_microusd: number | null;
  limit_reset: LimitReset | null;
  expires_at: number | null;
}

/**
 * Makes a user's key. The same key again (a lost answer) changes nothing. Refuses with `taken` a name that a living key has,
 * with `conflict` one more than there may be and a secret or hash that is in use, with `invalid_request` an end that has passed.
 */
export async function insertKey(ctx: MutationCtx, userId: string, wish: NewKey, now: number): Promise<KeyRow> {
  const before = await keyById(ctx, wish.hash);
  if (before?.user_id === userId && before.secret_hash === wish.secret_hash) return before;
  if (before !== null) throw apiError("conflict", "That hash is in use. Draw another one.");
  const living = await livingKeys(ctx, userId);
  requireFreeName(living, wish.name);
  requireFuture(wish.expires_at, now);
  if (living.filter(({ instance_id }) => instance_id === undefined).length >= MAX_PROVISIONED_KEYS) {
    throw apiError("conflict", `There may be ${MAX_PROVISIONED_KEYS} keys at once. Revoke one first.`);
  }
  return await insert(ctx, userId, wish, { now });
}

async function insert(
  ctx: MutationCtx,
  userId: string,
  wish: NewKey,
  { now, instanceId }: { now: number; instanceId?: string },
): Promise<KeyRow> {
  await requireFreshSecret(ctx, wish.secret_hash);
  const id = await ctx.db.insert("provisioned_keys", {
    key_id: wish.hash,
    user_id: userId,
    name: wish.name,
    secret_hash: wish.secret_hash,
    prefix: wish.prefix,
    ...(instanceId !== undefined && { instance_id: instanceId }),
    credit_limit_microusd: wish.credit_limit_microusd,
    limit_reset: wish.limit_reset,
    disabled: false,
    created_at: now,
    ...(wish.expires_at !== null && { expires_at: wish.expires_at }),
  });
  return await reread(ctx, id);
}

/** Fields to change; what is left out stays. */
export interface KeyChange {
  name?: string;
  credit_limit_microusd?: number | null;
  limit_reset?: LimitReset | null;
  disabled?: boolean;
  expires_at?: number | null;
}

/**
 * Changes a key. Refuses with `expired` one that is revoked, with `taken` a name that another living key has, with `conflict` a
 * new name or end for the hosted OpenClaw's: those are its own.
 */
export async function changeKey(ctx: MutationCtx, key: KeyRow, change: KeyChange, now: number): Promise<KeyRow> {
  requireLiving(key);
  const { name, expires_at, ...rest } = change;
  if (key.instance_id !== undefined && (name !== undefined || expires_at !== undefined)) {
    throw apiError("conflict", "This key is of your hosted OpenClaw: it keeps its name, and ends with it.");
  }
  if (name !== undefined && name !== key.name) requireFreeName(await livingKeys(ctx, key.user_id), name);
  if (expires_at !== undefined) requireFuture(expires_at, now);
  await ctx.db.patch("provisioned_keys", key._id, {
    ...rest,
    ...(name !== undefined && { name }),
    ...(expires_at !== undefined && { expires_at: expires_at ?? undefined }),
  });
  return await reread(ctx, key._id);
}

/** A new secret of a key. */
export interface NextSecret {
  next_hash: string;
  next_prefix: string;
  /** How long the one of before stays good. */
  graceMs: number;
}

/** Gives a person's key a new secret. The same secret again (a lost answer) changes nothing. */
export async function rotateKey(ctx: MutationCtx, key: KeyRow, next: NextSecret, now: number): Promise<KeyRow> {
  requireLiving(key);
  requireOwn(key, "It gets its new secrets from there.");
  return await giveSecret(ctx, key, next, now);
}

async function giveSecret(ctx: MutationCtx, key: KeyRow, next: NextSecret, now: number): Promise<KeyRow> {
  if (key.secret_hash === next.next_hash) return key;
  await requireFreshSecret(ctx, next.next_hash);
  await ctx.db.patch("provisioned_keys", key._id, {
    secret_hash: next.next_hash,
    prefix: next.next_prefix,
    previous_secret_hash: key.secret_hash,
    previous_until: now + next.graceMs,
    rotated_at: now,
  });
  return await reread(ctx, key._id);
}

/** Ends a person's key. Calls under way are charged to it all the same. `expired` where it was revoked before. */
export async function revokeKey(ctx: MutationCtx, key: KeyRow, now: number): Promise<KeyRow> {
  requireLiving(key);
  requireOwn(key, "It ends when that is deleted; until then you can limit it or switch it off.");
  await end(ctx, key, now);
  return await reread(ctx, key._id);
}

/**
 * The key of a hosted OpenClaw has this secret from now on: made where there is none, else given the new secret, and the one of
 * before is good for ten minutes. Asked again it changes nothing. A secret that was revoked is refused with `key_revoked`.
 */
export async function setInstanceKey(
  ctx: MutationCtx,
  userId: string,
  wish: Pick<NewKey, "hash" | "secret_hash" | "prefix"> & { instance_id: string },
  now: number,
): Promise<KeyRow> {
  const living = await livingKeyOfInstance(ctx, wish.instance_id);
  if (living !== null) {
    const next = { next_hash: wish.secret_hash, next_prefix: wish.prefix, graceMs: INSTANCE_GRACE_MS };
    return await giveSecret(ctx, living, next, now);
  }
  const { hash, secret_hash, prefix, instance_id } = wish;
  const free = { name: INSTANCE_KEY_NAME, credit_limit_microusd: null, limit_reset: null, expires_at: null };
  return await insert(ctx, userId, { hash, secret_hash, prefix, ...free }, { now, instanceId: instance_id });
}

/** Ends the key of a hosted OpenClaw that is deleted. */
export async function endInstanceKey(ctx: MutationCtx, instanceId: string): Promise<void> {
  const key = await livingKeyOfInstance(ctx, instanceId);
  if (key !== null) await end(ctx, key, Date.now());
}

/** Ends every key of a user: whoever made them is no longer whose account it is. */
export async function endKeysOf(ctx: MutationCtx, userId: string): Promise<void> {
  for (const key of await livingKeys(ctx, userId)) await end(ctx, key, Date.now());
}

async function livingKeyOfInstance(ctx: QueryCtx, instanceId: string): Promise<KeyRow | null> {
  const keys = await ctx.db
    .query("provisioned_keys")
    .withIndex("by_instance_id", (q) => q.eq("instance_id", instanceId).eq("revoked_at", undefined))
    .take(1);
  return keys[0] ?? null;
}

async function end(ctx: MutationCtx, key: KeyRow, now: number): Promise<void> {
  await ctx.db.patch("provisioned_keys", key._id, { revoked_at: now });
}

async function requireFreshSecret(ctx: QueryCtx, secretHash: string): Promise<void> {
  const holder = await keyBySecret(ctx, secretHash);
  if (holder === null) return;
  if (holder.revoked_at !== undefined) throw apiError("key_revoked", KEY_REFUSALS.revoked.message);
  throw apiError("conflict", "That secret is in use. Draw another one.");
}

function requireFreeName(living: readonly KeyRow[], name: string): void {
  if (name === INSTANCE_KEY_NAME) throw apiError("taken", `"${name}" is the name of the key of a hosted OpenClaw.`);
  if (living.some((key) => key.name === name)) throw apiError("taken", `There is a key named "${name}" already.`);
}

function requireFuture(expiresAt: number | null, now: number): void {
  if (expiresAt === null || expiresAt > now) return;
  throw apiError("invalid_request", "expires_at: that time has passed. Revoke a key to end it now.");
}

function requireLiving(key: KeyRow): void {
  if (key.revoked_at !== undefined) throw apiError("expired", "This key was revoked.");
}

function requireOwn(key: KeyRow, instead: string): void {
  if (key.instance_id !== undefined) throw apiError("conflict", `This key is of your hosted OpenClaw. ${instead}`);
}

async function reread(ctx: QueryCtx, id: KeyRow["_id"]): Promise<KeyRow> {
  const row = await ctx.db.get("provisioned_keys", id);
  if (row === null) throw apiError("internal", "The key that was just written cannot be read.");
  return row;
}
