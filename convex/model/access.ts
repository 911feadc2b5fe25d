import type { AccessGranted, AuthEventType, ClientInfo } from "@oa/contract";
import { microUsd, usdOfMicro } from "@oa/contract";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import type { AccessSpec, GroundSpec } from "../lib/accountValidators.ts";
import { apiError } from "../lib/errors.ts";
import { userView } from "../lib/userView.ts";
import { recordAuthEvent } from "./authEvents.ts";
import { insertFamily, endFamily } from "./families.ts";
import { accountOf } from "./ledger.ts";
import { insertManagementKey } from "./managementKeys.ts";
import { insertSession, requireSession } from "./sessions.ts";

/**
 * What opens an account, and how all of it is shut. The one place that knows every kind of way in: whoever adds a kind adds
 * it to `grantAccess` and to `endAccess`.
 */

const OPENED: { readonly [Kind in AccessSpec["kind"]]: AuthEventType } = {
  browser: "sign_in",
  editor: "editor_connected",
  terminal: "terminal_connected",
};

/**
 * Looks again at what a new way in stands on. A sign-in that was on its way with a password that has been replaced is refused with
 * `conflict`; neither it nor its `rehash` may undo the change.
 */
export async function requireGround(ctx: MutationCtx, user: Doc<"users">, ground: GroundSpec): Promise<void> {
  if (ground.kind === "session") return await requireSession(ctx, user._id, ground.session_hash);
  if (user.password_hash !== ground.proven_hash) {
    throw apiError("conflict", "The password was changed in the meantime. Sign in again.");
  }
  if (ground.rehash !== undefined) await ctx.db.patch("users", user._id, { password_hash: ground.rehash });
}

/** Opens an account for whoever holds the secret behind `access`, and records it for the owner to see. */
export async function grantAccess(
  ctx: MutationCtx,
  user: Doc<"users">,
  access: AccessSpec,
  client: ClientInfo,
): Promise<AccessGranted> {
  const id = await insertAccess(ctx, user._id, access, client);
  await recordAuthEvent(ctx, user._id, OPENED[access.kind], client);
  return await accessView(ctx, user, id);
}

async function insertAccess(
  ctx: MutationCtx,
  userId: Id<"users">,
  access: AccessSpec,
  client: ClientInfo,
): Promise<string> {
  switch (access.kind) {
    case "browser":
      return await insertSession(ctx, userId, { session_hash: access.session_hash, ...client });
    case "editor":
      return await insertFamily(ctx, userId, access.token_hash, client);
    case "terminal":
      return await insertManagementKey(ctx, userId, access, client);
  }
}

/** A user with what their clients show; one document more than the user. */
export async function accessView(ctx: QueryCtx, user: Doc<"users">, signInId: string): Promise<AccessGranted> {
  const account = await accountOf(ctx, user._id);
  const usd = (amount: number) => usdOfMicro(microUsd(amount));
  const posted = account?.posted_microusd ?? 0;
  return {
    user: userView(user),
    token_version: user.token_version,
    sign_in_id: signInId,
    balance_usd: usd(posted),
    available_usd: usd(posted - (account?.held_microusd ?? 0)),
    lifetime_usd: usd(account?.lifetime_credit_microusd ?? 0),
  };
}

/** Ways in that a change of the password leaves open: a terminal's key was made by a person who saw it, and is listed. */
type Spared = "management_keys";

/**
 * Ends every way into an account: sessions, editors, terminals, links and confirmations under way. Live queries end with
 * their session at once, a JWT with its family within the Worker's cache (`api-worker/src/auth/standing.ts`). Whoever
 * ends all of it raises `token_version` too, in the same mutation.
 *
 * Provisioned keys are no way in: they spend, and open nothing. Programs go on when their owner signs out everywhere; only a
 * claim of the account ends them (`claimAccount`).
 */
export async function endAccess(ctx: MutationCtx, userId: Id<"users">, spare?: Spared): Promise<void> {
  for (const session of await sessionsOf(ctx, userId)) await ctx.db.delete("sessions", session._id);
  for (const family of await familiesOf(ctx, userId)) await endFamily(ctx, family._id);
  if (spare !== "management_keys") {
    for (const key of await managementKeysOf(ctx, userId)) await ctx.db.delete("management_keys", key._id);
  }
  const tickets = await ctx.db
    .query("auth_tickets")
    .withIndex("by_user_id", (q) => q.eq("user_id", userId))
    .collect();
  for (const ticket of tickets) await ctx.db.delete("auth_tickets", ticket._id);
  const flows = await ctx.db
    .query("sign_in_flows")
    .withIndex("by_user_id", (q) => q.eq("user_id", userId))
    .collect();
  for (const flow of flows) await ctx.db.delete("sign_in_flows", flow._id);
}

/** Sessions of a user, ended ones too until the pruner comes; bounded by `MAX_SESSIONS`. */
export async function sessionsOf(ctx: QueryCtx, userId: Id<"users">): Promise<Doc<"sessions">[]> {
  return await ctx.db
    .query("sessions")
    .withIndex("by_user_id", (q) => q.eq("user_id", userId))
    .collect();
}

/** Editors of a user; bounded by `MAX_FAMILIES`. */
export async function familiesOf(ctx: QueryCtx, userId: Id<"users">): Promise<Doc<"refresh_families">[]> {
  return await ctx.db
    .query("refresh_families")
    .withIndex("by_user_id", (q) => q.eq("user_id", userId))
    .collect();
}

/** Terminals of a user; bounded by `MAX_MANAGEMENT_KEYS`. */
export async function managementKeysOf(ctx: QueryCtx, userId: Id<"users">): Promise<Doc<"management_keys">[]> {
  return await ctx.db
    .query("management_keys")
    .withIndex("by_user_id", (q) => q.eq("user_id", userId))
    .collect();
}
