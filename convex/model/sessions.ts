import { type ClientInfo, SESSION_TTL_MS } from "@oa/contract";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { apiError } from "../lib/errors.ts";

/** Browsers a user may be signed in with at once; one more ends the one that was seen longest ago. */
const MAX_SESSIONS = 50;

/** The session of a cookie's hash, expired or not. */
export async function sessionByHash(ctx: QueryCtx, hash: string): Promise<Doc<"sessions"> | null> {
  return await ctx.db
    .query("sessions")
    .withIndex("by_session_hash", (q) => q.eq("session_hash", hash))
    .unique();
}

/**
 * Refuses with `expired` an act of a session that does not stand (any more). For acts that open another way in: asked again in their
 * own transaction, because a session that was ended while its request was on its way must not live on in what that opens.
 */
export async function requireSession(ctx: QueryCtx, userId: Id<"users">, hash: string): Promise<void> {
  const session = await sessionByHash(ctx, hash);
  if (session === null || session.user_id !== userId || session.expires_at <= Date.now()) {
    throw apiError("expired", "This session has ended. Sign in again.");
  }
}

/** Opens a session. A hash that is in use is refused with `conflict`: a session is never taken over by a new sign-in. */
export async function insertSession(
  ctx: MutationCtx,
  userId: Id<"users">,
  start: ClientInfo & { session_hash: string },
): Promise<Id<"sessions">> {
  if ((await sessionByHash(ctx, start.session_hash)) !== null) {
    throw apiError("conflict", "That session exists already. Sign in again.");
  }
  const before = await ctx.db
    .query("sessions")
    .withIndex("by_user_id", (q) => q.eq("user_id", userId))
    .collect();
  const surplus = before.toSorted((a, b) => b.last_seen_at - a.last_seen_at).slice(MAX_SESSIONS - 1);
  for (const session of surplus) await ctx.db.delete("sessions", session._id);
  const now = Date.now();
  return await ctx.db.insert("sessions", {
    user_id: userId,
    session_hash: start.session_hash,
    created_at: now,
    last_seen_at: now,
    expires_at: now + SESSION_TTL_MS,
    ip: start.ip,
    user_agent: start.user_agent,
    place: start.place,
  });
}
