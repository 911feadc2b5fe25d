import { type CredentialsResult, type SignUpResult, SIGNUP_GRANT_MICROUSD, type User } from "@oa/contract";
import { v } from "convex/values";
import type * as z from "zod";
import { internalMutation, internalQuery, query } from "./_generated/server.js";
import { requireUser } from "./lib/access.ts";
import { apiError } from "./lib/errors.ts";
import { userView } from "./lib/userView.ts";
import { sessionStart } from "./lib/validators.ts";
import { recordAudit } from "./model/auditLog.ts";
import { postLedger } from "./model/ledger.ts";
import { insertSession } from "./model/sessions.ts";
import { userByEmail } from "./model/users.ts";

/** Who is signed in. */
export const me = query({
  args: {},
  handler: async (ctx): Promise<User> => userView(await requireUser(ctx)),
});

/**
 * Makes the user, their first session and the sign-up grant ($5.00, once) in one transaction: there is no user without
 * the grant and no grant without the user. Refused with `taken` where the e-mail has an account; of two sign-ups at once
 * with one e-mail, one is.
 */
export const signUp = internalMutation({
  args: { email: v.string(), password_hash: v.string(), session: sessionStart, request_id: v.string() },
  handler: async (ctx, args): Promise<z.infer<typeof SignUpResult>> => {
    const email = args.email.toLowerCase();
    if ((await userByEmail(ctx, email)) !== null) {
      throw apiError("taken", "There is an account with this e-mail address. Sign in instead.");
    }
    const user = { email, password_hash: args.password_hash, token_version: 0, created_at: Date.now() };
    const id = await ctx.db.insert("users", user);
    await insertSession(ctx, id, args.session);
    await postLedger(ctx, {
      userId: id,
      kind: "signup_grant",
      amount: SIGNUP_GRANT_MICROUSD,
      idempotencyKey: `signup:${id}`,
    });
    await recordAudit(ctx, {
      act_id: `signup:${id}`,
      actor: id,
      via: "session",
      subject_user_id: id,
      action: "account.sign_up",
      target: null,
      result: "ok",
      code: null,
      ip: args.session.ip,
      request_id: args.request_id,
    });
    return { user: { user_id: id, email, created_at: user.created_at } };
  },
});

/** A user's password hash, for the Worker to check; null for an unknown e-mail. */
export const credentials = internalQuery({
  args: { email: v.string() },
  handler: async (ctx, args): Promise<z.infer<typeof CredentialsResult>> => {
    const row = await userByEmail(ctx, args.email.toLowerCase());
    return { credentials: row === null ? null : { user: userView(row), password_hash: row.password_hash } };
  },
});
