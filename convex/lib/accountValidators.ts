import { AuthEventType, LimitName, OAuthProvider } from "@oa/contract";
import { type Infer, v } from "convex/values";

/** Convex validators of what the contract says about accounts, from its zod lists. */

export const oauthProvider = v.union(...OAuthProvider.options.map((provider) => v.literal(provider)));
export const authEventType = v.union(...AuthEventType.options.map((type) => v.literal(type)));
export const limitName = v.union(...LimitName.options.map((name) => v.literal(name)));
export const clientKind = v.union(v.literal("editor"), v.literal("terminal"));

const nullableText = v.union(v.string(), v.null());

/** `ClientInfo` of the contract. */
export const clientInfo = v.object({ ip: nullableText, user_agent: nullableText, place: nullableText });

/** `Access` of the contract: a secret's hash, and what it is to open. */
export const access = v.union(
  v.object({ kind: v.literal("browser"), session_hash: v.string() }),
  v.object({ kind: v.literal("editor"), token_hash: v.string() }),
  v.object({ kind: v.literal("terminal"), key_hash: v.string(), key_prefix: v.string() }),
);
export type AccessSpec = Infer<typeof access>;

/** `Ground` of the contract. */
export const ground = v.union(
  v.object({ kind: v.literal("password"), proven_hash: v.string(), rehash: v.optional(v.string()) }),
  v.object({ kind: v.literal("session"), session_hash: v.string() }),
);
export type GroundSpec = Infer<typeof ground>;

/** `ProviderPerson` of the contract. */
export const providerPerson = v.object({
  provider: oauthProvider,
  subject: v.string(),
  email: nullableText,
  name: nullableText,
  avatar_url: nullableText,
});

/** `FlowBy` of the contract. */
export const flowBy = v.union(v.object({ flow: v.string() }), v.object({ user_code: v.string() }));
