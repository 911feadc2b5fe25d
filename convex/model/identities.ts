import type { ClientInfo, OAuthOutcome, ProviderPerson } from "@oa/contract";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import type { AccessSpec } from "../lib/accountValidators.ts";
import { erasedColumns, versionOf } from "../lib/secretColumns.ts";
import { planWish } from "../lib/wishes.ts";
import { endAccess, grantAccess } from "./access.ts";
import { recordAuthEvent } from "./authEvents.ts";
import { claim } from "./claims.ts";
import { lookAtSuspension } from "./emptyBalances.ts";
import { instanceOfUser } from "./instances.ts";
import { endKeysOf } from "./provisionedKeys.ts";
import { patchRow } from "./status.ts";
import { insertUser, userByEmail } from "./users.ts";

/** Identities of a user; a handful. */
export async function identitiesOf(ctx: QueryCtx, userId: Id<"users">): Promise<Doc<"identities">[]> {
  return await ctx.db
    .query("identities")
    .withIndex("by_user_id", (q) => q.eq("user_id", userId))
    .collect();
}

/** The user a provider's person is, and whether they were made now. */
export type Resolved = { kind: "user"; user: Doc<"users">; created: boolean } | { kind: "email_required" };

/**
 * Who a provider's person is here. In this order:
 * - the identity is known: its user, whatever the e-mails say;
 * - no verified e-mail: nobody (`email_required`);
 * - a user with this e-mail, verified by both sides: the identity is linked to them;
 * - a user with this e-mail who never proved it: whoever signed up may have done so to lie in wait. The provider's
 *   person has proved it, so the account is claimed for them (`claimAccount`), and the identity linked;
 * - nobody: a new user without a password; with the sign-up grant, unless this account at the provider was in one's hands who had
 *   it: whoever unlinks it and comes back under another e-mail is no new person.
 */
export async function resolvePerson(ctx: MutationCtx, person: ProviderPerson, client: ClientInfo): Promise<Resolved> {
  const known = await identityOf(ctx, person);
  if (known !== null) {
    const user = await ctx.db.get("users", known.user_id);
    if (user !== null) {
      await ctx.db.patch("identities", known._id, { last_used_at: Date.now(), email: person.email ?? known.email });
      return { kind: "user", user, created: false };
    }
    await ctx.db.delete("identities", known._id);
  }
  if (person.email === null) return { kind: "email_required" };
  const before = await userByEmail(ctx, person.email);
  const now = Date.now();
  if (before !== null && before.email_verified_at === undefined)
    await claimAccount(ctx, before, client, person.provider);
  const user =
    before ??
    (await insertUser(
      ctx,
      { email: person.email, email_verified_at: now, ...(person.name !== null && { name: person.name }) },
      (await hadGrant(ctx, person)) ? "known" : "new",
    ));
  await insertIdentity(ctx, user._id, person);
  await recordAuthEvent(ctx, user._id, before === null ? "sign_up" : "identity_linked", client, person.provider);
  return { kind: "user", user: (await ctx.db.get("users", user._id)) ?? user, created: before === null };
}

/** Signs in whoever `resolvePerson` finds. */
export async function signInPerson(
  ctx: MutationCtx,
  person: ProviderPerson,
  access: AccessSpec,
  client: ClientInfo,
): Promise<OAuthOutcome> {
  const resolved = await resolvePerson(ctx, person, client);
  if (resolved.kind === "email_required") return { outcome: "email_required" };
  const { user } = await grantAccess(ctx, resolved.user, access, client);
  return { outcome: "signed_in", user, created: resolved.created };
}

/** Links a provider's person to someone who is signed in. An identity that signs another user in stays theirs. */
export async function linkPerson(
  ctx: MutationCtx,
  user: Doc<"users">,
  person: ProviderPerson,
  client: ClientInfo,
): Promise<OAuthOutcome> {
  const known = await identityOf(ctx, person);
  if (known !== null && known.user_id !== user._id) return { outcome: "taken" };
  if (known === null) {
    await insertIdentity(ctx, user._id, person);
    await recordAuthEvent(ctx, user._id, "identity_linked", client, person.provider);
  }
  if (person.email === user.email && user.email_verified_at === undefined) {
    await ctx.db.patch("users", user._id, { email_verified_at: Date.now() });
    await recordAuthEvent(ctx, user._id, "email_verified", client, person.provider);
  }
  return { outcome: "linked" };
}

/**
 * Hands an account to the person who has proved its e-mail, where nobody had before: the password, every way in and every
 * linked identity of whoever signed up are gone, their provisioned keys are revoked, their provider keys are erased, and the OpenClaw is
 * stopped; when its owner starts it, every device is unpaired before one reaches it. Money and data stay.
 */
export async function claimAccount(
  ctx: MutationCtx,
  user: Doc<"users">,
  client: ClientInfo,
  detail: string,
): Promise<void> {
  await endAccess(ctx, user._id);
  await endKeysOf(ctx, user._id);
  for (const identity of await identitiesOf(ctx, user._id)) await ctx.db.delete("identities", identity._id);
  const now = Date.now();
  await ctx.db.patch("users", user._id, {
    password_hash: undefined,
    token_version: user.token_version + 1,
    email_verified_at: now,
  });
  const instance = await instanceOfUser(ctx, user._id);
  if (instance !== null) {
    await patchRow(ctx, instance, {
      // It was within reach of whoever used the OpenClaw, which gets a new one when it is started.
      ...erasedColumns("inference_key", versionOf(instance, "inference_key") + 1),
      // Whose keys these are is not known: their provider would show that person what the owner asks.
      ...erasedColumns("provider_keys", versionOf(instance, "provider_keys") + 1),
      provider_key_hints: undefined,
      // Its gateway serves nobody before every device is unpaired and the gateway's token is another one.
      access_version: (instance.access_version ?? 0) + 1,
    });
    await lookAtSuspension(ctx, user._id);
  }
  // What cannot be stopped is stopped already, or is being deleted.
  if (instance !== null && planWish(instance, "stopped").kind === "change") {
    await claim(ctx, { userId: user._id, desired: "stopped", newInstanceId: instance.instance_id });
  }
  await recordAuthEvent(ctx, user._id, "account_claimed", client, detail);
  if (instance !== null && instance.status !== "deleted")
    await recordAuthEvent(ctx, user._id, "devices_unpaired", client);
}

async function identityOf(ctx: QueryCtx, person: ProviderPerson): Promise<Doc<"identities"> | null> {
  return await ctx.db
    .query("identities")
    .withIndex("by_provider_subject", (q) => q.eq("provider", person.provider).eq("subject", person.subject))
    .unique();
}

async function insertIdentity(ctx: MutationCtx, userId: Id<"users">, person: ProviderPerson): Promise<void> {
  const now = Date.now();
  await ctx.db.insert("identities", {
    user_id: userId,
    provider: person.provider,
    subject: person.subject,
    email: person.email,
    linked_at: now,
    last_used_at: now,
  });
  if (await hadGrant(ctx, person)) return;
  const { provider, subject } = person;
  await ctx.db.insert("granted_identities", { provider, subject, user_id: userId, created_at: now });
}

/** Everyone a provider's account is linked to has had the sign-up grant, with this link or before it. */
async function hadGrant(ctx: QueryCtx, person: ProviderPerson): Promise<boolean> {
  const before = await ctx.db
    .query("granted_identities")
    .withIndex("by_provider_subject", (q) => q.eq("provider", person.provider).eq("subject", person.subject))
    .unique();
  return before !== null;
}
