import { SESSION_TTL_MS, type SessionResult, type SignIn } from "@oa/contract";
import { v } from "convex/values";
import type * as z from "zod";
import type { Doc } from "./_generated/dataModel.js";
import { internalMutation, internalQuery, query } from "./_generated/server.js";
import { requireUser, tokenSession } from "./lib/access.ts";
import { clientInfo } from "./lib/accountValidators.ts";
import { isAdmin } from "./lib/admins.ts";
import { apiError } from "./lib/errors.ts";
import { userView } from "./lib/userView.ts";
import { sessionStart } from "./lib/validators.ts";
import { endAccess, requireGround } from "./model/access.ts";
import { recordAudit } from "./model/auditLog.ts";
import { recordAuthEvent } from "./model/authEvents.ts";
import { insertSession, sessionByHash } from "./model/sessions.ts";
import { endOneSignIn, signInsOf } from "./model/signIns.ts";
import { requireUserById } from "./model/users.ts";

/** A session's expiry slides with use, but is written at most this often: most requests then only read. */
const TOUCH_MS = 15 * 60 * 1000;

/** Every browser, editor and terminal the signed-in user is signed in with, the last seen first. */
export const mySignIns = query({
  args: {},
  handler: async (ctx): Promise<SignIn[]> => {
    const user = await requireUser(ctx);
    return await signInsOf(ctx, user._id, (await tokenSession(ctx))?._id ?? null);
  },
});

/**
 * Opens a session for a user whose password the Worker has checked; see `requireGround`. Refused with `not_found` for an
 * unknown user.
 */
export const open = internalMutation({
  args: {
    user_id: v.string(),
    session: sessionStart,
    proven_hash: v.string(),
    rehash: v.optional(v.string()),
    request_id: v.string(),
  },
  handler: async (ctx, args): Promise<z.infer<typeof SessionResult>> => {
    const user = await requireUserById(ctx, args.user_id);
    const { proven_hash, rehash } = args;
    await requireGround(ctx, user, { kind: "password", proven_hash, ...(rehash !== undefined && { rehash }) });
    const client = { ...args.session, place: args.session.place ?? null };
    const id = await insertSession(ctx, user._id, client);
    await recordAuthEvent(ctx, user._id, "sign_in", client);
    await recordAudit(ctx, {
      act_id: `session:${args.session.session_hash.slice(0, 32)}`,
      actor: user._id,
      via: "session",
      subject_user_id: user._id,
      action: "session.open",
      target: null,
      result: "ok",
      code: null,
      ip: args.session.ip,
      request_id: args.request_id,
    });
    const session = await ctx.db.get("sessions", id);
    return { session: session === null ? null : viewOf(session, user) };
  },
});

/** Looks a session up by its cookie's hash and slides its expiry. Null for one that is unknown, ended or expired. */
export const lookUp = internalMutation({
  args: { session_hash: v.string() },
  handler: async (ctx, args): Promise<z.infer<typeof SessionResult>> => {
    const session = await sessionByHash(ctx, args.session_hash);
    const now = Date.now();
    if (session === null || session.expires_at <= now) return { session: null };
    const user = await ctx.db.get("users", session.user_id);
    if (user === null) return { session: null };
    if (now - session.last_seen_at < TOUCH_MS) return { session: viewOf(session, user) };
    const touched = { last_seen_at: now, expires_at: now + SESSION_TTL_MS };
    await ctx.db.patch("sessions", session._id, touched);
    return { session: viewOf({ ...session, ...touched }, user) };
  },
});

/** Ends a session. Ending one that is not there is not an error: signed out is what was asked for. */
export const end = internalMutation({
  args: { session_hash: v.string() },
  handler: async (ctx, args): Promise<z.infer<typeof SessionResult>> => {
    const session = await sessionByHash(ctx, args.session_hash);
    if (session !== null) {
      await ctx.db.delete("sessions", session._id);
      const { ip, user_agent, place = null } = session;
      await recordAuthEvent(ctx, session.user_id, "sign_out", { ip, user_agent, place });
    }
    return { session: null };
  },
});

/** The list for a browser without a connection of its own; `session_hash` tells which one is asking. */
export const signIns = internalQuery({
  args: { user_id: v.string(), session_hash: v.string() },
  handler: async (ctx, args): Promise<{ sign_ins: SignIn[] }> => {
    const user = await requireUserById(ctx, args.user_id);
    const current = await sessionByHash(ctx, args.session_hash);
    return { sign_ins: await signInsOf(ctx, user._id, current?._id ?? null) };
  },
});

/** Ends one browser, editor or terminal. `not_found` alike for an unknown id and for another user's. */
export const endSignIn = internalMutation({
  args: { user_id: v.string(), sign_in_id: v.string(), client: clientInfo },
  handler: async (ctx, args): Promise<{ done: true }> => {
    const user = await requireUserById(ctx, args.user_id);
    const ended = await endOneSignIn(ctx, user._id, args.sign_in_id);
    if (ended === null) throw apiError("not_found", "There is no such sign-in, or it has ended already.");
    await recordAuthEvent(ctx, user._id, "sign_in_ended", args.client, ended);
    return { done: true };
  },
});

/** Ends everything at once: every way in, and by the token version every token that was ever made. */
export const signOutEverywhere = internalMutation({
  args: { user_id: v.string(), client: clientInfo },
  handler: async (ctx, args): Promise<{ done: true }> => {
    const user = await requireUserById(ctx, args.user_id);
    await endAccess(ctx, user._id);
    await ctx.db.patch("users", user._id, { token_version: user.token_version + 1 });
    await recordAuthEvent(ctx, user._id, "sign_out_everywhere", args.client);
    return { done: true };
  },
});

function viewOf(session: Doc<"sessions">, user: Doc<"users">) {
  return {
    session_id: session._id,
    user: userView(user),
    created_at: session.created_at,
    expires_at: session.expires_at,
    token_version: user.token_version,
    is_admin: isAdmin(user),
  };
}
