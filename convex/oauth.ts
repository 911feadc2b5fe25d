import type { OAuthOutcome, OAuthTaken } from "@oa/contract";
import { v } from "convex/values";
import type * as z from "zod";
import { internalMutation } from "./_generated/server.js";
import { access, clientInfo, oauthProvider, providerPerson } from "./lib/accountValidators.ts";
import { apiError } from "./lib/errors.ts";
import { recordAuthEvent } from "./model/authEvents.ts";
import { identitiesOf, linkPerson, signInPerson } from "./model/identities.ts";
import { requireSession } from "./model/sessions.ts";
import { dropTickets, issueTicket, takeTicket, TICKET_TTL_MS } from "./model/tickets.ts";
import { requireUserById, userById } from "./model/users.ts";

/** Sign-in with GitHub and Google. The Worker speaks with them; who a person of theirs is here is decided here. */

/** Remembers one round trip, by the hash of its `state`. */
export const start = internalMutation({
  args: {
    provider: oauthProvider,
    state_hash: v.string(),
    binding_hash: v.string(),
    return_to: v.string(),
    link_user_id: v.union(v.string(), v.null()),
  },
  handler: async (ctx, args): Promise<{ done: true }> => {
    const user = args.link_user_id === null ? null : await requireUserById(ctx, args.link_user_id);
    // A browser has one trip at a time: those before it lead nowhere any more.
    if (user !== null) await dropTickets(ctx, user._id, "oauth");
    const { provider, binding_hash, return_to } = args;
    await issueTicket(
      ctx,
      {
        ticket_hash: args.state_hash,
        user_id: user?._id ?? null,
        about: { kind: "oauth", provider, binding_hash, return_to, link: user !== null },
      },
      TICKET_TTL_MS.oauth,
    );
    return { done: true };
  },
});

/** The round trip of a `state`, once: used up before anything else is looked at, so that no callback is tried twice. */
export const take = internalMutation({
  args: { state_hash: v.string() },
  handler: async (ctx, args): Promise<z.infer<typeof OAuthTaken>> => {
    const ticket = await takeTicket(ctx, args.state_hash, "oauth");
    if (ticket === null) return { ticket: null };
    const { provider, binding_hash, return_to, link } = ticket.about;
    return { ticket: { provider, binding_hash, return_to, link_user_id: link ? ticket.user_id : null } };
  },
});

/** Signs a provider's person in, or links them to whoever is signed in; see `model/identities.ts`. */
export const signIn = internalMutation({
  args: {
    person: providerPerson,
    client: clientInfo,
    access: v.union(access, v.null()),
    link: v.union(v.object({ user_id: v.string(), asked_by: v.string() }), v.null()),
  },
  handler: async (ctx, args): Promise<OAuthOutcome> => {
    if (args.link !== null) {
      const user = await requireUserById(ctx, args.link.user_id);
      await requireSession(ctx, user._id, args.link.asked_by);
      return await linkPerson(ctx, user, args.person, args.client);
    }
    if (args.access === null) throw apiError("invalid_request", "Say what is to be opened, or whom to link.");
    return await signInPerson(ctx, args.person, args.access, args.client);
  },
});

/** Takes an identity away. `not_found` for an unknown or foreign id, `conflict` where nothing else signs the user in. */
export const unlink = internalMutation({
  args: { user_id: v.string(), identity_id: v.string(), client: clientInfo },
  handler: async (ctx, args): Promise<{ done: true }> => {
    const user = await userById(ctx, args.user_id);
    const identities = user === null ? [] : await identitiesOf(ctx, user._id);
    const identity = identities.find((row) => row._id === args.identity_id);
    if (user === null || identity === undefined) throw apiError("not_found", "That sign-in is not linked to you.");
    if (user.password_hash === undefined && identities.length === 1) {
      throw apiError("conflict", "This is your only way to sign in. Set a password first.");
    }
    await ctx.db.delete("identities", identity._id);
    await recordAuthEvent(ctx, user._id, "identity_unlinked", args.client, identity.provider);
    return { done: true };
  },
});
