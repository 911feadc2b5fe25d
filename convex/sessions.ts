import { SESSION_TTL_MS, type SessionResult } from "@oa/contract";
import { v } from "convex/values";
import type * as z from "zod";
import { internalMutation } from "./_generated/server.js";
import { apiError } from "./lib/errors.ts";
import { userView } from "./lib/userView.ts";
import { sessionStart } from "./lib/validators.ts";
import { recordAudit } from "./model/auditLog.ts";
import { insertSession, sessionByHash } from "./model/sessions.ts";

/** A session's expiry slides with use, but is written at most this often: most requests then only read. */
const TOUCH_MS = 15 * 60 * 1000;

/**
 * Opens a session for a user whose password the Worker has checked. `rehash` replaces the stored hash of the password,
 * when its parameters have risen. Refused with `not_found` for an unknown user.
 */
export const open = internalMutation({
  args: { user_id: v.string(), session: sessionStart, rehash: v.optional(v.string()), request_id: v.string() },
  handler: async (ctx, args): Promise<z.infer<typeof SessionResult>> => {
    const id = ctx.db.normalizeId("users", args.user_id);
    const user = id === null ? null : await ctx.db.get("users", id);
    if (user === null) throw apiError("not_found", "There is no such user.");
    if (args.rehash !== undefined) await ctx.db.patch("users", user._id, { password_hash: args.rehash });
    await insertSession(ctx, user._id, args.session);
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
    return {
      session: { user: userView(user), expires_at: Date.now() + SESSION_TTL_MS, token_version: user.token_version },
    };
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
    let expiresAt = session.expires_at;
    if (now - session.last_seen_at >= TOUCH_MS) {
      expiresAt = now + SESSION_TTL_MS;
      await ctx.db.patch("sessions", session._id, { last_seen_at: now, expires_at: expiresAt });
    }
    return { session: { user: userView(user), expires_at: expiresAt, token_version: user.token_version } };
  },
});

/** Ends a session. Ending one that is not there is not an error: signed out is what was asked for. */
export const end = internalMutation({
  args: { session_hash: v.string() },
  handler: async (ctx, args): Promise<z.infer<typeof SessionResult>> => {
    const session = await sessionByHash(ctx, args.session_hash);
    if (session !== null) await ctx.db.delete("sessions", session._id);
    return { session: null };
  },
});
