import { apiError } from "./errors.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";

/**
 * The one gate of everything a browser may call: who asks, from their token, as a row of `users`. Refused with
 * `unauthorized` where there is no token, no such user, or the token is older than the user's `token_version`: raising
 * that number therefore ends live queries at once, not only at the token's expiry.
 */
export async function requireUser(ctx: QueryCtx): Promise<Doc<"users">> {
  const identity = await ctx.auth.getUserIdentity();
  if (identity === null) throw apiError("unauthorized", "Sign in to see this.");
  const id = ctx.db.normalizeId("users", identity.subject);
  const user = id === null ? null : await ctx.db.get("users", id);
  if (user === null || identity.tv !== user.token_version) {
    throw apiError("unauthorized", "This session has ended. Sign in again.");
  }
  return user;
}
