import type { SignIn } from "@oa/contract";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { deviceName } from "../lib/deviceName.ts";
import { familiesOf, managementKeysOf, sessionsOf } from "./access.ts";
import { endFamily } from "./families.ts";

/** Everything a user is signed in with, the last seen first. */
export async function signInsOf(ctx: QueryCtx, userId: Id<"users">, current: Id<"sessions"> | null): Promise<SignIn[]> {
  const now = Date.now();
  const browsers = (await sessionsOf(ctx, userId)).map((row) =>
    lineOf("browser", row, row.last_seen_at, row.expires_at, row._id === current),
  );
  const editors = (await familiesOf(ctx, userId)).map((row) => lineOf("editor", row, row.last_used_at, row.expires_at));
  const terminals = (await managementKeysOf(ctx, userId)).map((row) => lineOf("terminal", row, row.last_used_at, null));
  return [...browsers, ...editors, ...terminals]
    .filter(({ expires_at }) => expires_at === null || expires_at > now)
    .toSorted((a, b) => b.last_seen_at - a.last_seen_at);
}

/** Ends one of a user's own; says what it was, or null where they have none of this id. */
export async function endOneSignIn(
  ctx: MutationCtx,
  userId: Id<"users">,
  signInId: string,
): Promise<SignIn["kind"] | null> {
  const session = ctx.db.normalizeId("sessions", signInId);
  if (session !== null && (await ctx.db.get("sessions", session))?.user_id === userId) {
    await ctx.db.delete("sessions", session);
    return "browser";
  }
  const family = ctx.db.normalizeId("refresh_families", signInId);
  if (family !== null && (await ctx.db.get("refresh_families", family))?.user_id === userId) {
    await endFamily(ctx, family);
    return "editor";
  }
  const key = ctx.db.normalizeId("management_keys", signInId);
  if (key !== null && (await ctx.db.get("management_keys", key))?.user_id === userId) {
    await ctx.db.delete("management_keys", key);
    return "terminal";
  }
  return null;
}

function lineOf(
  kind: SignIn["kind"],
  row: Doc<"sessions"> | Doc<"refresh_families"> | Doc<"management_keys">,
  lastSeenAt: number,
  expiresAt: number | null,
  current = false,
): SignIn {
  return {
    sign_in_id: row._id,
    kind,
    current,
    device: deviceName(row.user_agent),
    place: row.place ?? null,
    ip: row.ip,
    created_at: row.created_at,
    last_seen_at: lastSeenAt,
    expires_at: expiresAt,
  };
}
