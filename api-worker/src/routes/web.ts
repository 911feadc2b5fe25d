import { API_PATHS, ApiError, ConvexToken, WebConfig, WebCredentials, WebSession, WebSignIn } from "@oa/contract";
import * as z from "zod";
import { convexToken } from "../auth/convexToken.ts";
import {
  assertCookieAllowed,
  clearSessionCookie,
  newSessionSecret,
  sessionHashOf,
  setSessionCookie,
} from "../auth/cookie.ts";
import { hashPassword, needsRehash, verifyPassword } from "../auth/password.ts";
import { currentSession } from "../middleware/gates.ts";
import { NOTHING, route } from "../route.ts";
import type { Call } from "../route.ts";

/** The website's own calls: same origin, session cookie, no CORS. */
export const webRoutes = [
  route({
    method: "GET",
    path: API_PATHS.webConfig,
    gate: "none",
    summary: "What the page must know before anyone has signed in",
    input: NOTHING,
    answer: WebConfig,
    async handle({ services }) {
      const { convexUrl, doubles } = services.config;
      return { convex_url: convexUrl, doubles, sign_in_with: [], mail: false, outbox_url: null };
    },
  }),
  route({
    method: "POST",
    path: API_PATHS.webSignUp,
    gate: "none",
    summary: "Open an account with an e-mail and a password, and sign in",
    input: z.object({ body: WebCredentials }),
    answer: WebSession,
    status: 201,
    errors: ["taken"],
    async handle(call) {
      const { email, password } = call.input.body;
      assertCookieAllowed(call.c);
      const secret = newSessionSecret();
      const session = sessionStart(call, secret.hash);
      const { user } = await call.services.control.signUp({ email, password_hash: hashPassword(password), session });
      replaceSession(call, secret.token);
      return { user };
    },
  }),
  route({
    method: "POST",
    path: API_PATHS.webSignIn,
    gate: "none",
    summary: "Sign in",
    input: z.object({ body: WebSignIn }),
    answer: WebSession,
    errors: ["unauthorized"],
    async handle(call) {
      const { email, password } = call.input.body;
      assertCookieAllowed(call.c);
      const credentials = await call.services.control.credentials(email);
      // Hashes for an unknown e-mail too, and says the same: who has an account is nobody's business.
      const right = verifyPassword(password, credentials?.password_hash ?? null);
      if (!right || credentials === null) throw new ApiError("unauthorized", "The e-mail or the password is wrong.");
      const secret = newSessionSecret();
      await call.services.control.openSession({
        user_id: credentials.user.user_id,
        session: sessionStart(call, secret.hash),
        ...(needsRehash(credentials.password_hash) && { rehash: hashPassword(password) }),
      });
      replaceSession(call, secret.token);
      return { user: credentials.user };
    },
  }),
  route({
    method: "POST",
    path: API_PATHS.webSignOut,
    // Signing out of a session that has ended already must still clear the cookie.
    gate: "none",
    summary: "Sign out of this browser",
    input: NOTHING,
    answer: WebSession,
    async handle({ c, services }) {
      const hash = sessionHashOf(c);
      if (hash !== null) await services.control.endSession(hash);
      clearSessionCookie(c);
      return { user: null };
    },
  }),
  route({
    method: "GET",
    path: API_PATHS.webSession,
    // Null is an answer here, not a refusal: the page asks who is there.
    gate: "none",
    summary: "Who is signed in",
    input: NOTHING,
    answer: WebSession,
    async handle({ c, services }) {
      const session = await currentSession(c, services);
      return { user: session?.user ?? null };
    },
  }),
  route({
    method: "POST",
    path: API_PATHS.webConvexToken,
    gate: "session",
    summary: "A short token for the browser's own connection to Convex",
    input: NOTHING,
    answer: ConvexToken,
    handle: ({ granted, services }) =>
      convexToken(
        services.config.convexJwt,
        { userId: granted.user.user_id, tokenVersion: granted.tokenVersion },
        Date.now(),
      ),
  }),
];

type SignCall = Call<"none", unknown>;

function sessionStart({ c, ip }: SignCall, sessionHash: string) {
  return { session_hash: sessionHash, ip, user_agent: c.req.header("user-agent")?.slice(0, 400) ?? null };
}

/** The new session takes the cookie; the one it held before, if any, ends. */
function replaceSession({ c, services, after }: SignCall, token: string): void {
  const before = sessionHashOf(c);
  if (before !== null) after(services.control.endSession(before).catch(() => undefined));
  setSessionCookie(c, token);
}
