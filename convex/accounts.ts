import type { AccessGranted, MyAccount, SessionResult } from "@oa/contract";
import { v } from "convex/values";
import type * as z from "zod";
import { internalMutation, query } from "./_generated/server.js";
import { requireUser } from "./lib/access.ts";
import { access, clientInfo, ground } from "./lib/accountValidators.ts";
import { isAdmin } from "./lib/admins.ts";
import { apiError } from "./lib/errors.ts";
import { userView } from "./lib/userView.ts";
import { sessionStart } from "./lib/validators.ts";
import { endAccess, grantAccess, requireGround } from "./model/access.ts";
import { recordAuthEvent } from "./model/authEvents.ts";
import { identitiesOf } from "./model/identities.ts";
import { insertSession, requireSession } from "./model/sessions.ts";
import { insertUser, requireUserById } from "./model/users.ts";

/** Who is signed in, and how they can be. */
export const mine = query({
  args: {},
  handler: async (ctx): Promise<MyAccount> => {
    const user = await requireUser(ctx);
    const identities = await identitiesOf(ctx, user._id);
    return {
      user: userView(user),
      name: user.name ?? null,
      email_verified_at: user.email_verified_at ?? null,
      has_password: user.password_hash !== undefined,
      is_admin: isAdmin(user),
      identities: identities.map((row) => ({
        identity_id: row._id,
        provider: row.provider,
        email: row.email,
        linked_at: row.linked_at,
        last_used_at: row.last_used_at,
      })),
    };
  },
});

/** Makes a user and opens the account for an editor or a terminal, in one transaction; `taken` (see `insertUser`). */
export const register = internalMutation({
  args: { email: v.string(), password_hash: v.string(), access, client: clientInfo },
  handler: async (ctx, args): Promise<AccessGranted> => {
    const user = await insertUser(ctx, { email: args.email.toLowerCase(), password_hash: args.password_hash });
    await recordAuthEvent(ctx, user._id, "sign_up", args.client);
    return await grantAccess(ctx, user, args.access, args.client);
  },
});

/** Opens the account of someone who has just proved who they are; see `requireGround`. */
export const openAccess = internalMutation({
  args: { user_id: v.string(), access, client: clientInfo, ground },
  handler: async (ctx, args): Promise<AccessGranted> => {
    const user = await requireUserById(ctx, args.user_id);
    await requireGround(ctx, user, args.ground);
    return await grantAccess(ctx, user, args.access, args.client);
  },
});

/** Tells the owner that someone had their e-mail and not their password. */
export const signInFailed = internalMutation({
  args: { user_id: v.string(), client: clientInfo },
  handler: async (ctx, args): Promise<{ done: true }> => {
    const user = await requireUserById(ctx, args.user_id);
    await recordAuthEvent(ctx, user._id, "sign_in_failed", args.client);
    return { done: true };
  },
});

/**
 * Replaces the password, ends every other way in but terminals' keys, and gives the browser that did it a new session.
 * `conflict` where the stored hash is no longer the one the Worker has checked against, `expired` where the session has ended.
 */
export const setPassword = internalMutation({
  args: {
    user_id: v.string(),
    password_hash: v.string(),
    replaces: v.union(v.string(), v.null()),
    asked_by: v.string(),
    session: sessionStart,
  },
  handler: async (ctx, args): Promise<z.infer<typeof SessionResult>> => {
    const user = await requireUserById(ctx, args.user_id);
    await requireSession(ctx, user._id, args.asked_by);
    if ((user.password_hash ?? null) !== args.replaces) {
      throw apiError("conflict", "The password was changed in the meantime. Sign in again.");
    }
    const client = { ...args.session, place: args.session.place ?? null };
    await endAccess(ctx, user._id, "management_keys");
    // Browsers' tokens that were made before name sessions that have ended: the version need not rise for them.
    await ctx.db.patch("users", user._id, { password_hash: args.password_hash });
    const id = await insertSession(ctx, user._id, client);
    await recordAuthEvent(ctx, user._id, "password_changed", client);
    const session = await ctx.db.get("sessions", id);
    if (session === null) return { session: null };
    return {
      session: {
        session_id: id,
        user: userView(user),
        created_at: session.created_at,
        expires_at: session.expires_at,
        token_version: user.token_version,
        is_admin: isAdmin(user),
      },
    };
  },
});
