import { API_PATHS, ApiError, ConvexToken, WebConfig, WebCredentials, WebSession, WebSignIn } from "@oa/contract";
import * as z from "zod";
import { convexToken } from "../auth/convexToken.ts";
import { assertCookieAllowed, clearSessionCookie, replaceSession, sessionHashOf } from "../auth/cookie.ts";
import { hashPassword } from "../auth/password.ts";
import { newSecret } from "../auth/secrets.ts";
import { provePassword } from "../auth/signInWithPassword.ts";
import { clientOf } from "../client.ts";
import { perEmail, perIp } from "../limits.ts";
import { postVerification } from "../mail/post.ts";
import { currentSession } from "../middleware/gates.ts";
import { providersOf } from "../providers/provider.ts";
import { NOTHING, route } from "../route.ts";

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
      const { convexUrl, doubles, inference, outside } = services.config;
      return {
        convex_url: convexUrl,
        doubles,
        sign_in_with: providersOf(services.config),
        mail: outside.mail !== null,
        inference: inference !== null,
        outbox_url: doubles.includes("mail") && outside.mail !== null ? `${outside.mail.url}/outbox` : null,
      };
    },
  }),
  route({
    method: "POST",
    path: API_PATHS.webSignUp,
    gate: "none",
    summary: "Open an account with an e-mail and a password, and sign in",
    input: z.object({ body: WebCredentials }),
    limits: ({ ip }) => perIp("sign_up_ip", ip),
    answer: WebSession,
    status: 201,
    errors: ["taken"],
    async handle(call) {
      const { email, password } = call.input.body;
      assertCookieAllowed(call.c);
      const secret = newSecret();
      const session = { session_hash: secret.hash, ...clientOf(call.c) };
      const { user } = await call.services.control.signUp({ email, password_hash: hashPassword(password), session });
      replaceSession(call, secret.token);
      call.after(postVerification(call.services, user.user_id));
      return { user };
    },
  }),
  route({
    method: "POST",
    path: API_PATHS.webSignIn,
    gate: "none",
    summary: "Sign in",
    input: z.object({ body: WebSignIn }),
    limits: ({ ip, input }) => [...perIp("sign_in_ip", ip), ...perEmail("sign_in_email", input.body.email)],
    answer: WebSession,
    errors: ["unauthorized", "conflict"],
    async handle(call) {
      const { email, password } = call.input.body;
      assertCookieAllowed(call.c);
      const { control } = call.services;
      const client = clientOf(call.c);
      const proven = await provePassword({ control, client, after: call.after }, email, password);
      if (proven === null) throw new ApiError("unauthorized", "The e-mail or the password is wrong.");
      const secret = newSecret();
      await control.openSession({
        user_id: proven.user.user_id,
        session: { session_hash: secret.hash, ...client },
        ...proven.proof,
      });
      replaceSession(call, secret.token);
      return { user: proven.user };
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
        { userId: granted.user.user_id, tokenVersion: granted.tokenVersion, sessionId: granted.sessionId },
        Date.now(),
      ),
  }),
];
