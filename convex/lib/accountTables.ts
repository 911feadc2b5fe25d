import { defineTable } from "convex/server";
import { v } from "convex/values";
import { authEventType, clientKind, oauthProvider } from "./accountValidators.ts";

const nullableText = v.union(v.string(), v.null());

/** Where a sign-in was made, as the Worker saw it. `place` is missing in rows from before it was recorded. */
const origin = { ip: nullableText, user_agent: nullableText, place: v.optional(nullableText) };

/**
 * The tables of accounts: who writes their rows and who deletes them. Of every secret only the SHA-256 is stored, in hex.
 * Whatever opens an account (sessions, refresh families, management keys) is a row that is deleted to end it, so that "ended"
 * needs no flag that could be forgotten; each is bounded per user (`model/access.ts`).
 */
export const accountTables = {
  /** Written by sign-up, by sign-in with a provider, by password changes and by verification. */
  users: defineTable({
    /** Lower case; unique. */
    email: v.string(),
    /** Missing for a person who signs in with a provider only. */
    password_hash: v.optional(v.string()),
    /** Raised to end every token that carries an older one. */
    token_version: v.number(),
    created_at: v.number(),
    /** When this person was last shown to read the address; missing: never. */
    email_verified_at: v.optional(v.number()),
    name: v.optional(v.string()),
  })
    .index("by_email", ["email"])
    .index("by_created_at", ["created_at"]),

  /** An account at a provider that signs a user in. Written by sign-in with it; deleted by unlinking and by a claim. */
  identities: defineTable({
    user_id: v.id("users"),
    provider: oauthProvider,
    /** The provider's own id, which never changes. Never the e-mail: that can pass to someone else. */
    subject: v.string(),
    /** As the provider last told, for people. */
    email: nullableText,
    linked_at: v.number(),
    last_used_at: v.number(),
  })
    .index("by_provider_subject", ["provider", "subject"])
    .index("by_user_id", ["user_id"]),

  /** Written by sign-in and, at most every 15 minutes, by use. Deleted by sign-out and, once expired, by the pruner. */
  sessions: defineTable({
    user_id: v.id("users"),
    /** Of the cookie; the cookie itself is never stored. */
    session_hash: v.string(),
    created_at: v.number(),
    last_seen_at: v.number(),
    expires_at: v.number(),
    ...origin,
  })
    .index("by_session_hash", ["session_hash"])
    .index("by_user_id", ["user_id"])
    .index("by_expires_at", ["expires_at"]),

  /** One editor that is signed in. Written by sign-in and refresh; deleted to end it and, once idle for 30 days, by the pruner. */
  refresh_families: defineTable({
    user_id: v.id("users"),
    created_at: v.number(),
    last_used_at: v.number(),
    /** Slides with each refresh. */
    expires_at: v.number(),
    ...origin,
  })
    .index("by_user_id", ["user_id"])
    .index("by_expires_at", ["expires_at"]),

  /**
   * Every refresh token a living family has had: the used ones must be known to be recognised when they come back.
   * Written by refresh; deleted with the family and, once expired, by the pruner.
   */
  refresh_tokens: defineTable({
    family_id: v.id("refresh_families"),
    token_hash: v.string(),
    created_at: v.number(),
    expires_at: v.number(),
    state: v.union(
      v.object({ kind: v.literal("live") }),
      v.object({ kind: v.literal("used"), at: v.number(), child: v.id("refresh_tokens") }),
      /** Handed out for an answer that was lost, and replaced by another child of the same parent. */
      v.object({ kind: v.literal("superseded") }),
    ),
  })
    .index("by_token_hash", ["token_hash"])
    .index("by_family_id", ["family_id"])
    .index("by_expires_at", ["expires_at"]),

  /** `sk-mgmt-…`, one a sign-in of a terminal, ten a user. Written by sign-in and rotation; deleted to end it. */
  management_keys: defineTable({
    user_id: v.id("users"),
    key_hash: v.string(),
    /** The first characters, for people. */
    key_prefix: v.string(),
    created_at: v.number(),
    last_used_at: v.number(),
    ...origin,
  })
    .index("by_key_hash", ["key_hash"])
    .index("by_user_id", ["user_id"]),

  /** What is good once: links in mails, a provider's round trip. Deleted by use, by a newer one, and by the pruner. */
  auth_tickets: defineTable({
    ticket_hash: v.string(),
    /** Null until it is known whose it is. */
    user_id: v.union(v.id("users"), v.null()),
    created_at: v.number(),
    expires_at: v.number(),
    about: v.union(
      v.object({ kind: v.literal("reset") }),
      /** The address it was mailed to: a later one is not verified by it. */
      v.object({ kind: v.literal("verify"), email: v.string() }),
      v.object({
        kind: v.literal("oauth"),
        provider: oauthProvider,
        binding_hash: v.string(),
        return_to: v.string(),
        /** Whose account the identity is to be linked to; null: sign in with it. */
        link: v.boolean(),
      }),
      v.object({
        kind: v.literal("github_device"),
        sealed_code: v.string(),
        interval_s: v.number(),
        last_polled_at: v.union(v.number(), v.null()),
      }),
      v.object({
        kind: v.literal("userinfo"),
        name: nullableText,
        avatar_url: nullableText,
        merged: v.boolean(),
      }),
    ),
  })
    .index("by_ticket_hash", ["ticket_hash"])
    .index("by_user_id", ["user_id"])
    .index("by_expires_at", ["expires_at"]),

  /**
   * An editor or a terminal that waits for its person to say yes in a browser. Written by the client's start and the
   * person's decision; deleted when the client takes what was granted and, an hour after it expired, by the pruner.
   */
  sign_in_flows: defineTable({
    flow: v.string(),
    kind: clientKind,
    user_code: v.string(),
    /** S256 of a secret that never leaves the client until it takes the grant. */
    code_challenge: v.string(),
    callback: nullableText,
    state: nullableText,
    created_at: v.number(),
    expires_at: v.number(),
    interval_s: v.number(),
    last_polled_at: v.union(v.number(), v.null()),
    /** Who decided; null while it waits. */
    user_id: v.union(v.id("users"), v.null()),
    decision: v.union(
      v.object({ kind: v.literal("waiting") }),
      v.object({ kind: v.literal("denied") }),
      /** Good for whoever polls with the verifier. */
      v.object({ kind: v.literal("approved_to_poll") }),
      /** Good for whoever brings this code, too. */
      v.object({ kind: v.literal("approved_by_code"), code_hash: v.string(), code_expires_at: v.number() }),
    ),
    ...origin,
  })
    .index("by_flow", ["flow"])
    .index("by_user_code", ["user_code"])
    .index("by_user_id", ["user_id"])
    .index("by_expires_at", ["expires_at"]),

  /**
   * Append-only but for the mail of it: what happened to the ways into an account, for its owner. Never a secret. Deleted by the
   * pruner.
   */
  auth_events: defineTable({
    user_id: v.id("users"),
    type: authEventType,
    detail: nullableText,
    created_at: v.number(),
    /** Attempts to mail it to its owner; missing where it is not mailed. */
    notice_attempts: v.optional(v.number()),
    /** When the next attempt should have begun; missing once the mail's fate is sealed. */
    notice_due_at: v.optional(v.number()),
    ...origin,
  })
    .index("by_user_id", ["user_id", "created_at"])
    .index("by_notice_due_at", ["notice_due_at"])
    .index("by_created_at", ["created_at"]),
};
