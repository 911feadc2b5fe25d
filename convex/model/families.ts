import { type ClientInfo, REFRESH_TOKEN_TTL_MS } from "@oa/contract";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { planRotation } from "../lib/rotationPlan.ts";

/** Editors a user may be signed in with at once; one more ends the one that was used longest ago. */
const MAX_FAMILIES = 20;

/** Opens a family with its first token. */
export async function insertFamily(
  ctx: MutationCtx,
  userId: Id<"users">,
  tokenHash: string,
  client: ClientInfo,
): Promise<Id<"refresh_families">> {
  const before = await ctx.db
    .query("refresh_families")
    .withIndex("by_user_id", (q) => q.eq("user_id", userId))
    .collect();
  const surplus = before.toSorted((a, b) => b.last_used_at - a.last_used_at).slice(MAX_FAMILIES - 1);
  for (const family of surplus) await endFamily(ctx, family._id);
  const now = Date.now();
  const id = await ctx.db.insert("refresh_families", {
    user_id: userId,
    created_at: now,
    last_used_at: now,
    expires_at: now + REFRESH_TOKEN_TTL_MS,
    ip: client.ip,
    user_agent: client.user_agent,
    place: client.place,
  });
  await insertToken(ctx, id, tokenHash, now);
  return id;
}

/**
 * Tokens that go with their family at once. A thief may use the family up to the limit for weeks: what they leave behind must not
 * make one transaction too large to end it. Without its family a token is worth nothing, and the pruner takes it in its time.
 */
const TOKENS_AT_ONCE = 100;

/** Ends an editor's sign-in: its tokens are unknown from now on, and its JWTs with them. */
export async function endFamily(ctx: MutationCtx, id: Id<"refresh_families">): Promise<void> {
  const tokens = await ctx.db
    .query("refresh_tokens")
    .withIndex("by_family_id", (q) => q.eq("family_id", id))
    .take(TOKENS_AT_ONCE);
  for (const token of tokens) await ctx.db.delete("refresh_tokens", token._id);
  if ((await ctx.db.get("refresh_families", id)) !== null) await ctx.db.delete("refresh_families", id);
}

/** The token of a hash with its family; null where either is unknown or over. */
export async function tokenWithFamily(
  ctx: QueryCtx,
  tokenHash: string,
  now: number,
): Promise<{ token: Doc<"refresh_tokens">; family: Doc<"refresh_families"> } | null> {
  const token = await ctx.db
    .query("refresh_tokens")
    .withIndex("by_token_hash", (q) => q.eq("token_hash", tokenHash))
    .unique();
  if (token === null || token.expires_at <= now) return null;
  const family = await ctx.db.get("refresh_families", token.family_id);
  return family === null || family.expires_at <= now ? null : { token, family };
}

/**
 * Uses a token for the next one. The rules stand in `lib/rotationPlan.ts`; here they are carried out, in one serializable
 * mutation, so that of uses at once each sees what the one before it did. A reuse is a value, not an error: an error would
 * undo the ending of the family.
 */
export async function rotateToken(
  ctx: MutationCtx,
  found: { token: Doc<"refresh_tokens">; family: Doc<"refresh_families"> },
  nextHash: string,
  now: number,
): Promise<"rotated" | "reused"> {
  const { token, family } = found;
  const child = token.state.kind === "used" ? await ctx.db.get("refresh_tokens", token.state.child) : null;
  const plan = planRotation(token.state, child?.state ?? null, now);
  if (plan === "end_family") {
    await endFamily(ctx, family._id);
    return "reused";
  }
  if (plan === "replace_child" && child !== null) {
    await ctx.db.patch("refresh_tokens", child._id, { state: { kind: "superseded" } });
  }
  const next = await insertToken(ctx, family._id, nextHash, now);
  // The time of the first use stays: the window for a lost answer does not slide.
  const usedAt = token.state.kind === "used" ? token.state.at : now;
  await ctx.db.patch("refresh_tokens", token._id, { state: { kind: "used", at: usedAt, child: next } });
  await ctx.db.patch("refresh_families", family._id, { last_used_at: now, expires_at: now + REFRESH_TOKEN_TTL_MS });
  return "rotated";
}

async function insertToken(
  ctx: MutationCtx,
  familyId: Id<"refresh_families">,
  tokenHash: string,
  now: number,
): Promise<Id<"refresh_tokens">> {
  return await ctx.db.insert("refresh_tokens", {
    family_id: familyId,
    token_hash: tokenHash,
    created_at: now,
    expires_at: now + REFRESH_TOKEN_TTL_MS,
    state: { kind: "live" },
  });
}
