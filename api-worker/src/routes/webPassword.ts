import {
  ACCOUNT_PATHS,
  Accepted,
  ApiError,
  ChangePassword,
  ForgotPassword,
  ResetPassword,
  VerifyEmail,
  WebSession,
} from "@oa/contract";
import * as z from "zod";
import { replaceSession } from "../auth/cookie.ts";
import { hashPassword, verifyPassword } from "../auth/password.ts";
import { newSecret } from "../auth/secrets.ts";
import { clientOf } from "../client.ts";
import type { Services } from "../context.ts";
import { perEmail, perIp, perUser } from "../limits.ts";
import { resetLetter } from "../mail/letters.ts";
import { mailerOf } from "../mail/mailer.ts";
import { post, postVerification } from "../mail/post.ts";
import type { Session } from "../middleware/gates.ts";
import { NOTHING, route } from "../route.ts";
import { sha256Hex } from "../secretEqual.ts";

const ACCEPTED = { accepted: true } as const;
/** How long after signing in a person without a password may set one. */
const FRESH_MS = 10 * 60 * 1000;

/** Passwords and the links that are mailed. */
export const webPasswordRoutes = [
  route({
    method: "POST",
    path: ACCOUNT_PATHS.webPassword,
    gate: "session",
    summary: "Change your password; ends every other browser and every editor",
    input: z.object({ body: ChangePassword }),
    limits: ({ granted }) => perUser("password_user", granted.user.user_id),
    answer: WebSession,
    errors: ["unprocessable", "conflict", "expired"],
    async handle(call) {
      const { current_password, new_password } = call.input.body;
      const { user } = call.granted;
      const replaces = await provenHash(call.services, call.granted, current_password);
      const secret = newSecret();
      await call.services.control.setPassword({
        user_id: user.user_id,
        password_hash: hashPassword(new_password),
        replaces,
        asked_by: call.granted.sessionHash,
        session: { session_hash: secret.hash, ...clientOf(call.c) },
      });
      replaceSession(call, secret.token);
      return { user };
    },
  }),
  route({
    method: "POST",
    path: ACCOUNT_PATHS.webPasswordForgot,
    gate: "none",
    summary: "Mail a link to set a new password; says the same for an address nobody has",
    input: z.object({ body: ForgotPassword }),
    limits: ({ ip, input }) => [...perIp("reset_ip", ip), ...perEmail("reset_email", input.body.email)],
    answer: Accepted,
    status: 202,
    errors: ["not_configured"],
    async handle({ input, services, after, c }) {
      const { publicUrl } = services.config.outside;
      mailerOf(services.config);
      const secret = newSecret();
      const ask = { email: input.body.email, ticket_hash: secret.hash, client: clientOf(c) };
      after(mailReset(services, ask, publicUrl ?? "", secret.token));
      return ACCEPTED;
    },
  }),
  route({
    method: "POST",
    path: ACCOUNT_PATHS.webPasswordReset,
    gate: "none",
    summary: "Set a new password with a mailed link; ends every way in, and signs nobody in",
    input: z.object({ body: ResetPassword }),
    limits: ({ ip }) => perIp("link_use_ip", ip),
    answer: Accepted,
    errors: ["expired"],
    async handle({ input, services, c }) {
      const { token, password } = input.body;
      await services.control.finishReset({
        ticket_hash: sha256Hex(token),
        password_hash: hashPassword(password),
        client: clientOf(c),
      });
      return ACCEPTED;
    },
  }),
  route({
    method: "POST",
    path: ACCOUNT_PATHS.webEmailVerifySend,
    gate: "session",
    summary: "Mail the link that verifies your address",
    input: NOTHING,
    limits: ({ granted }) => perUser("verify_user", granted.user.user_id),
    answer: Accepted,
    status: 202,
    errors: ["not_configured"],
    async handle({ granted, services, after }) {
      mailerOf(services.config);
      after(postVerification(services, granted.user.user_id));
      return ACCEPTED;
    },
  }),
  route({
    method: "POST",
    path: ACCOUNT_PATHS.webEmailVerify,
    gate: "session",
    summary: "Verify your address with a mailed link",
    input: z.object({ body: VerifyEmail }),
    limits: ({ ip }) => perIp("link_use_ip", ip),
    answer: Accepted,
    errors: ["expired"],
    async handle({ granted, input, services, c }) {
      await services.control.finishVerify({
        user_id: granted.user.user_id,
        ticket_hash: sha256Hex(input.body.token),
        client: clientOf(c),
      });
      return ACCEPTED;
    },
  }),
];

/**
 * The stored hash the given password fits; null for a person who has none yet and has just signed in.
 *
 * @throws ApiError `unprocessable` for a wrong password (it is not the session that is refused), `forbidden`
 */
async function provenHash(services: Services, session: Session, given: string | undefined): Promise<string | null> {
  const credentials = await services.control.credentials(session.user.email);
  if (credentials === null) {
    if (Date.now() - session.createdAt <= FRESH_MS) return null;
    throw new ApiError("forbidden", "Sign in again to set a first password: this session is too old for it.");
  }
  if (verifyPassword(given ?? "", credentials.password_hash)) return credentials.password_hash;
  const issues = [{ path: "current_password", message: "that is not your password" }];
  throw new ApiError("unprocessable", "The current password is wrong.", { issues });
}

/** After the answer: whether there is somebody to mail to must not show in how long it takes. Never rejects. */
async function mailReset(
  services: Services,
  ask: Parameters<Services["control"]["startReset"]>[0],
  site: string,
  token: string,
): Promise<void> {
  try {
    const user = await services.control.startReset(ask);
    if (user !== null) await post(services, resetLetter(user.email, site, token));
  } catch {
    console.error(JSON.stringify({ level: "error", event: "reset_not_started" }));
  }
}
