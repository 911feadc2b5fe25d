import { type CredentialsResult, type SignUpResult, type User } from "@oa/contract";
import { v } from "convex/values";
import type * as z from "zod";
import { internalMutation, internalQuery, query } from "./_generated/server.js";
import { requireUser } from "./lib/access.ts";
import { userView } from "./lib/userView.ts";
import { sessionStart } from "./lib/validators.ts";
import { recordAudit } from "./model/auditLog.ts";
import { recordAuthEvent } from "./model/authEvents.ts";
import { insertSession } from "./model/sessions.ts";
import { insertUser, userByEmail } from "./model/users.ts";

/** Who is signed in. */
export const me = query({
  args: {},
  handler: async (ctx): Promise<User> => userView(await requireUser(ctx)),
});

/** Makes a user, their grant and their first session in one transaction; see `insertUser`. */
export const signUp = internalMutation({
  args: { email: v.string(), password_hash: v.string(), session: sessionStart, request_id: v.string() },
  handler: async (ctx, args): Promise<z.infer<typeof SignUpResult>> => {
    const user = await insertUser(ctx, { email: args.email.toLowerCase(), password_hash: args.password_hash });
    const session = { ...args.session, place: args.session.place ?? null };
    await insertSession(ctx, user._id, session);
    await recordAuthEvent(ctx, user._id, "sign_up", session);
    await recordAudit(ctx, {
      act_id: `signup:${user._id}`,
      actor: user._id,
      via: "session",
      subject_user_id: user._id,
      action: "account.sign_up",
      target: null,
      result: "ok",
      code: null,
      ip: args.session.ip,
      request_id: args.request_id,
    });
    return { user: userView(user) };
  },
});

/** A user's password hash, for the Worker to check; null for an unknown e-mail, and for a person without a password. */
export const credentials = internalQuery({
  args: { email: v.string() },
  handler: async (ctx, args): Promise<z.infer<typeof CredentialsResult>> => {
    const row = await userByEmail(ctx, args.email.toLowerCase());
    if (row?.password_hash === undefined) return { credentials: null };
    return { credentials: { user: userView(row), password_hash: row.password_hash } };
  },
});
