import type { MaybeUser, User, VerifyStarted } from "@oa/contract";
import { v } from "convex/values";
import type * as z from "zod";
import { internalMutation } from "./_generated/server.js";
import { clientInfo } from "./lib/accountValidators.ts";
import { apiError } from "./lib/errors.ts";
import { userView } from "./lib/userView.ts";
import { endAccess } from "./model/access.ts";
import { recordAuthEvent } from "./model/authEvents.ts";
import { claimAccount } from "./model/identities.ts";
import { dropTickets, issueTicket, ownerOf, takeTicket, TICKET_TTL_MS } from "./model/tickets.ts";
import { requireUserById, userByEmail } from "./model/users.ts";

/** Links in mails: to set a new password, and to show that an address is read. The Worker makes the secrets and the mails. */

const USED_UP = "This link has been used, or is too old. Ask for a new one.";

/** Writes a reset link's ticket; the one before stops working. Null for an e-mail nobody has: then there is no mail. */
export const startReset = internalMutation({
  args: { email: v.string(), ticket_hash: v.string(), client: clientInfo },
  handler: async (ctx, args): Promise<z.infer<typeof MaybeUser>> => {
    const user = await userByEmail(ctx, args.email);
    if (user === null) return { user: null };
    await dropTickets(ctx, user._id, "reset");
    await issueTicket(
      ctx,
      { ticket_hash: args.ticket_hash, user_id: user._id, about: { kind: "reset" } },
      TICKET_TTL_MS.reset,
    );
    await recordAuthEvent(ctx, user._id, "password_reset_asked", args.client);
    return { user: userView(user) };
  },
});

/**
 * Uses a reset link: sets the password, and ends every way in, for whoever forgot it does not know who else has it. The
 * link was read at the address, so it is verified; where it never was before, whatever the person who signed up had
 * linked goes too.
 */
export const finishReset = internalMutation({
  args: { ticket_hash: v.string(), password_hash: v.string(), client: clientInfo },
  handler: async (ctx, args): Promise<{ user: User }> => {
    const ticket = await takeTicket(ctx, args.ticket_hash, "reset");
    const user = await ownerOf(ctx, ticket);
    if (user === null) throw apiError("expired", USED_UP);
    if (user.email_verified_at === undefined) {
      await claimAccount(ctx, user, args.client, "mail");
      await ctx.db.patch("users", user._id, { password_hash: args.password_hash });
    } else {
      await endAccess(ctx, user._id);
      await ctx.db.patch("users", user._id, {
        password_hash: args.password_hash,
        token_version: user.token_version + 1,
      });
    }
    await recordAuthEvent(ctx, user._id, "password_reset", args.client);
    return { user: userView(user) };
  },
});

/** Writes a verification link's ticket for the user's present address, unless it is verified. */
export const startVerify = internalMutation({
  args: { user_id: v.string(), ticket_hash: v.string() },
  handler: async (ctx, args): Promise<z.infer<typeof VerifyStarted>> => {
    const user = await requireUserById(ctx, args.user_id);
    if (user.email_verified_at !== undefined) return { user: userView(user), verified: true };
    await dropTickets(ctx, user._id, "verify");
    await issueTicket(
      ctx,
      { ticket_hash: args.ticket_hash, user_id: user._id, about: { kind: "verify", email: user.email } },
      TICKET_TTL_MS.verify,
    );
    return { user: userView(user), verified: false };
  },
});

/**
 * Uses a verification link in the session of the account it was made for. With another session it is as unknown as an
 * invented one and stays good: a person must not confirm an account that somebody else has made with their address.
 */
export const finishVerify = internalMutation({
  args: { user_id: v.string(), ticket_hash: v.string(), client: clientInfo },
  handler: async (ctx, args): Promise<{ done: true }> => {
    const user = await requireUserById(ctx, args.user_id);
    const ticket = await takeTicket(ctx, args.ticket_hash, "verify");
    if (ticket === null || ticket.user_id !== user._id || ticket.about.email !== user.email) {
      // Thrown: what was taken is put back.
      throw apiError("expired", USED_UP);
    }
    if (user.email_verified_at === undefined) {
      await ctx.db.patch("users", user._id, { email_verified_at: Date.now() });
      await recordAuthEvent(ctx, user._id, "email_verified", args.client);
    }
    return { done: true };
  },
});
