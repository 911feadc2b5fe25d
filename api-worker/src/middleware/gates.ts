import { ApiError, INTERNAL_KEY_HEADER, USER_ID_HEADER, User, UserId } from "@oa/contract";
import type { AccessGranted } from "@oa/contract";
import * as z from "zod";
import { sessionHashOf } from "../auth/cookie.ts";
import { bearerOf, managementKeyHash } from "../auth/secrets.ts";
import { editorOf } from "../auth/standing.ts";
import type { Editor } from "../auth/standing.ts";
import type { AppContext, Services } from "../context.ts";
import type { Spender } from "../inference/call.ts";
import { spenderOf } from "../inference/spender.ts";
import { hasFleetKey, hasInternalKey, namedUser } from "./privileged.ts";
import { assertSameOrigin } from "./sameOrigin.ts";

/**
 * Who may pass a route.
 * - `none`: anyone; what is not a read must still come from a page of this origin.
 * - `actor`: a signed-in browser, or a service with the internal key and the user it acts for.
 * - `session`: a signed-in browser only.
 * - `admin`: a signed-in browser of an administrator.
 * - `internal`: the internal key. `fleet`: the fleet key.
 * - `open`: anyone, from anywhere. For programs' own sign-in: no cookie is read or set there, so a page of another site
 *   has nothing of its visitor to act with.
 * - `editor`: an editor's JWT. `management`: a terminal's `sk-mgmt-…` key.
 * - `spender`: whoever calls models on credits: an `sk-prov-…` key, or an editor's JWT.
 */
export type Gate =
  | "none"
  | "actor"
  | "session"
  | "admin"
  | "internal"
  | "fleet"
  | "open"
  | "editor"
  | "management"
  | "spender";

/** On whose behalf an act is done. The user never comes from query, body or environment. */
export interface Actor {
  userId: string;
  via: "session" | "internal";
}

export interface Session {
  user: User;
  sessionHash: string;
  sessionId: string;
  /** When it was opened, in ms. */
  createdAt: number;
  tokenVersion: number;
  isAdmin: boolean;
}

/** A terminal that is signed in. */
export interface Terminal {
  access: AccessGranted;
  keyHash: string;
}

/** What passing a gate gives the handler. */
export interface Granted {
  none: null;
  actor: Actor;
  session: Session;
  admin: Session;
  internal: null;
  fleet: null;
  open: null;
  editor: Editor;
  management: Terminal;
  spender: Spender;
}

/** Each gate as code; a route cannot name one that is not here. */
export const GATES: { [G in Gate]: (c: AppContext, services: Services) => Promise<Granted[G]> } = {
  none: async (c) => {
    assertSameOrigin(c);
    return null;
  },
  actor: requireActor,
  session: requireSession,
  admin: requireAdmin,
  internal: async (c) => {
    if (!hasInternalKey(c)) throw new ApiError("unauthorized", `This route needs the ${INTERNAL_KEY_HEADER} header.`);
    return null;
  },
  fleet: async (c) => {
    if (!hasFleetKey(c)) throw new ApiError("unauthorized", "This route needs the fleet key.");
    return null;
  },
  open: () => Promise.resolve(null),
  editor: requireEditor,
  management: requireTerminal,
  spender: (c, { config, control }) => spenderOf(config, control, c.req.header("authorization"), Date.now()),
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
  if (session === null) return null;
  return {
    user: session.user,
    sessionHash,
    sessionId: session.session_id,
    createdAt: session.created_at,
    tokenVersion: session.token_version,
    isAdmin: session.is_admin,
  };
}

async function requireAdmin(c: AppContext, services: Services): Promise<Session> {
  const session = await requireSession(c, services);
  if (!session.isAdmin) throw new ApiError("forbidden", "This is for administrators of this installation.");
  return session;
}

async function requireEditor(c: AppContext, services: Services): Promise<Editor> {
  const token = bearerOf(c.req.header("authorization"));
  const editor = token === null ? null : await editorOf(services.config, services.control, token, Date.now());
  if (editor === null) throw new ApiError("unauthorized", "Sign in again: the token is missing, expired or has ended.");
  return editor;
}

async function requireTerminal(c: AppContext, services: Services): Promise<Terminal> {
  const keyHash = managementKeyHash(bearerOf(c.req.header("authorization")) ?? "");
  const access = keyHash === null ? null : await services.control.keyOwner(keyHash);
  if (keyHash === null || access === null) {
    throw new ApiError("unauthorized", "Send a management key that is in force: Authorization: Bearer sk-mgmt-…");
  }
  return { access, keyHash };
}
