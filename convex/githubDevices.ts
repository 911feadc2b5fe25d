import type { GithubDevicePolled, OAuthOutcome, UserInfoTaken } from "@oa/contract";
import { v } from "convex/values";
import type * as z from "zod";
import { internalMutation } from "./_generated/server.js";
import { access, clientInfo, providerPerson } from "./lib/accountValidators.ts";
import { apiError } from "./lib/errors.ts";
import { planPoll } from "./lib/flowPlan.ts";
import { grantAccess } from "./model/access.ts";
import { resolvePerson } from "./model/identities.ts";
import { findTicket, issueTicket, ownerOf, takeTicket, TICKET_TTL_MS } from "./model/tickets.ts";
import { userView } from "./lib/userView.ts";

/**
 * GitHub's device flow, run by the server for a terminal. The terminal holds a device code of ours; GitHub's own is stored
 * encrypted under a key that only ours gives. What a flow earned is bound to it: one grant, for whoever holds the token
 * that this very flow was answered with.
 */
export const start = internalMutation({
  args: { ticket_hash: v.string(), sealed_code: v.string(), interval_s: v.number(), expires_in_s: v.number() },
  handler: async (ctx, args): Promise<{ done: true }> => {
    const { sealed_code, interval_s } = args;
    await issueTicket(
      ctx,
      {
        ticket_hash: args.ticket_hash,
        user_id: null,
        about: { kind: "github_device", sealed_code, interval_s, last_polled_at: null },
      },
      args.expires_in_s * 1000,
    );
    return { done: true };
  },
});

/** Whether GitHub may be asked now. An unknown, foreign, finished or expired device code is `bad`. */
export const poll = internalMutation({
  args: { ticket_hash: v.string() },
  handler: async (ctx, args): Promise<z.infer<typeof GithubDevicePolled>> => {
    const ticket = await findTicket(ctx, args.ticket_hash, "github_device");
    if (ticket === null) return { outcome: "bad" };
    const now = Date.now();
    const { tooEarly, interval_s } = planPoll(ticket.about, now);
    const about = { ...ticket.about, interval_s, last_polled_at: now };
    await ctx.db.patch("auth_tickets", ticket._id, { about });
    return tooEarly ? { outcome: "slow_down", interval_s } : { outcome: "ask", sealed_code: ticket.about.sealed_code };
  },
});

/** Ends a flow with the person GitHub named, and leaves the grant that `takeUserInfo` gives out. */
export const finish = internalMutation({
  args: { ticket_hash: v.string(), grant_hash: v.string(), person: providerPerson, client: clientInfo },
  handler: async (ctx, args): Promise<OAuthOutcome> => {
    const ticket = await takeTicket(ctx, args.ticket_hash, "github_device");
    if (ticket === null) throw apiError("expired", "That device code has been used.");
    const resolved = await resolvePerson(ctx, args.person, args.client);
    if (resolved.kind === "email_required") return { outcome: "email_required" };
    const { user, created } = resolved;
    const { name, avatar_url } = args.person;
    await issueTicket(
      ctx,
      {
        ticket_hash: args.grant_hash,
        user_id: user._id,
        about: { kind: "userinfo", name, avatar_url, merged: !created },
      },
      TICKET_TTL_MS.userinfo,
    );
    return { outcome: "signed_in", user: userView(user), created };
  },
});

/** Forgets a flow that was declined or is over at GitHub. */
export const drop = internalMutation({
  args: { ticket_hash: v.string() },
  handler: async (ctx, args): Promise<{ done: true }> => {
    await takeTicket(ctx, args.ticket_hash, "github_device");
    return { done: true };
  },
});

/** Turns the grant into a management key, once. Null for a token that is unknown, used or too old. */
export const takeUserInfo = internalMutation({
  args: { grant_hash: v.string(), access, client: clientInfo },
  handler: async (ctx, args): Promise<z.infer<typeof UserInfoTaken>> => {
    const ticket = await takeTicket(ctx, args.grant_hash, "userinfo");
    const user = await ownerOf(ctx, ticket);
    if (ticket === null || user === null) return { info: null };
    const { name, avatar_url, merged } = ticket.about;
    return { info: { access: await grantAccess(ctx, user, args.access, args.client), name, avatar_url, merged } };
  },
});
