import { isAdmin } from "./admins.ts";
import { apiError } from "./errors.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";

/**
 * The one gate of everything a browser may call: who asks, from their token, as a row of `users`. Refused with
 * `unauthorized` where there is no token, no such user, the token is older than the user's `token_version`, or the session
 * it was made for (`sid`) is not named or has ended. Both are rows that live queries then depend on: raising that number, or deleting that
 * session, ends them at once, not only at the token's expiry.
 */
export async function requireUser(ctx: QueryCtx): Promise<Doc<"users">> {
  const identity = await ctx.auth.getUserIdentity();
  if (identity === null) throw apiError("unauthorized", "Sign in to see this.");
  const id = ctx.db.normalizeId("users", identity.subject);
  const user = id === null ? null : await ctx.db.get("users", id);
  if (user === null || identity.tv !== user.token_version || (await tokenSession(ctx))?.user_id !== user._id) {
    throw apiError("unauthorized", "This session has ended. Sign in again.");
  }
  return user;
}

/** `requireUser` for what only administrators may see: `forbidden` for everyone else. */
export async function requireAdmin(ctx: QueryCtx): Promise<Doc<"users">> {
  const user = await requireUser(ctx);
  if (!isAdmin(user)) throw apiError("forbidden", "This is for administrators of this installation.");
  return user;
}

/** The session a browser's token was made for; null for a token that names none. */
export async function tokenSession(ctx: QueryCtx): Promise<Doc<"sessions"> | null> {
  const sid = (await ctx.auth.getUserIdentity())?.sid;
  const id = typeof sid === "string" ? ctx.db.normalizeId("sessions", sid) : null;
  return id === null ? null : await ctx.db.get("sessions", id);
}
