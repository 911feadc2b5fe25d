import { ApiError, INTERNAL_KEY_HEADER, USER_ID_HEADER, User, UserId } from "@oa/contract";
import * as z from "zod";
import { sessionHashOf } from "../auth/cookie.ts";
import type { AppContext, Services } from "../context.ts";
import { hasFleetKey, hasInternalKey, namedUser } from "./privileged.ts";
import { assertSameOrigin } from "./sameOrigin.ts";

/**
 * Who may pass a route.
 * - `none`: anyone; what is not a read must still come from a page of this origin.
 * - `actor`: a signed-in browser, or a service with the internal key and the user it acts for.
 * - `session`: a signed-in browser only.
 * - `internal`: the internal key. `fleet`: the fleet key.
 */
export type Gate = "none" | "actor" | "session" | "internal" | "fleet";

/** On whose behalf an act is done. The user never comes from query, body or environment. */
export interface Actor {
  userId: string;
  via: "session" | "internal";
}

export interface Session {
  user: User;
  sessionHash: string;
  tokenVersion: number;
}

/** What passing a gate gives the handler. */
export interface Granted {
  none: null;
  actor: Actor;
  session: Session;
  internal: null;
  fleet: null;
}

/** Each gate as code; a route cannot name one that is not here. */
export const GATES: { [G in Gate]: (c: AppContext, services: Services) => Promise<Granted[G]> } = {
  none: async (c) => {
    assertSameOrigin(c);
    return null;
  },
  actor: requireActor,
  session: requireSession,
  internal: async (c) => {
    if (!hasInternalKey(c)) throw new ApiError("unauthorized", `This route needs the ${INTERNAL_KEY_HEADER} header.`);
    return null;
  },
  fleet: async (c) => {
    if (!hasFleetKey(c)) throw new ApiError("unauthorized", "This route needs the fleet key.");
    return null;
  },
};

/** `{ userId, via }` from the internal headers or the session cookie. */
async function requireActor(c: AppContext, services: Services): Promise<Actor> {
  if (hasInternalKey(c)) {
    const userId = UserId.safeParse(namedUser(c));
    if (userId.success) return { userId: userId.data, via: "internal" };
    throw new ApiError("invalid_request", `${USER_ID_HEADER}: ${z.prettifyError(userId.error).replace(/^✖ /, "")}`);
  }
  const { user } = await requireSession(c, services);
  return { userId: user.user_id, via: "session" };
}

async function requireSession(c: AppContext, services: Services): Promise<Session> {
  const signedOut = () => new ApiError("unauthorized", "Sign in first.");
  if (sessionHashOf(c) === null) throw signedOut();
  // Before the cookie is looked up: a foreign page learns nothing, not even whether its visitor is signed in.
  assertSameOrigin(c);
  const session = await currentSession(c, services);
  if (session === null) throw signedOut();
  return session;
}

/** The session of the request's cookie, or null. Sliding its end is Convex's business. */
export async function currentSession(c: AppContext, services: Services): Promise<Session | null> {
  const sessionHash = sessionHashOf(c);
  if (sessionHash === null) return null;
  const session = await services.control.session(sessionHash);
  return session === null ? null : { user: session.user, sessionHash, tokenVersion: session.token_version };
}
