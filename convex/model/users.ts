import { SIGNUP_GRANT_MICROUSD } from "@oa/contract";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { apiError } from "../lib/errors.ts";
import { grantSignup } from "./grants.ts";

/** The account of a (lower-case) e-mail address. */
export async function userByEmail(ctx: QueryCtx, email: string): Promise<Doc<"users"> | null> {
  return await ctx.db
    .query("users")
    .withIndex("by_email", (q) => q.eq("email", email))
    .unique();
}

/** The user of an id as it came over a wire; null for one that is nobody's. */
export async function userById(ctx: QueryCtx, userId: string): Promise<Doc<"users"> | null> {
  const id = ctx.db.normalizeId("users", userId);
  return id === null ? null : await ctx.db.get("users", id);
}

/** The same, or `not_found` (404). */
export async function requireUserById(ctx: QueryCtx, userId: string): Promise<Doc<"users">> {
  const user = await userById(ctx, userId);
  if (user === null) throw apiError("not_found", "There is no such user.");
  return user;
}

/**
 * Makes a user and the sign-up grant ($5.00) in one transaction. The grant is given once to a person: not to one who is `known`
 * to have had it under another account. Refused with `taken` where the e-mail has an account; of two sign-ups at once with
 * one e-mail, one is.
 */
export async function insertUser(
  ctx: MutationCtx,
  fields: Pick<Doc<"users">, "email" | "password_hash" | "email_verified_at" | "name">,
  person: "new" | "known" = "new",
): Promise<Doc<"users">> {
  if ((await userByEmail(ctx, fields.email)) !== null) {
    throw apiError("taken", "There is an account with this e-mail address. Sign in instead.");
  }
  const id = await ctx.db.insert("users", { ...fields, token_version: 0, created_at: Date.now() });
  if (person === "new") await grantSignup(ctx, id, SIGNUP_GRANT_MICROUSD);
  const user = await ctx.db.get("users", id);
  if (user === null) throw apiError("internal", "The row that was just written cannot be read.");
  return user;
}
