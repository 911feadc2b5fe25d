import type { Services } from "../context.ts";
import { newSecret } from "../auth/secrets.ts";
import { verifyLetter } from "./letters.ts";
import type { Mail } from "./mailer.ts";
import { mailerOf } from "./mailer.ts";

/** Sends after the answer has gone out: how long it takes, and whether it works, tells nobody who has an account. */
export async function post(services: Services, mail: Mail): Promise<void> {
  try {
    await mailerOf(services.config).send(mail);
  } catch (error) {
    const why = error instanceof Error ? error.message : "unknown";
    console.error(JSON.stringify({ level: "error", event: "mail_not_sent", subject: mail.subject, why }));
  }
}

/** Mails the link that verifies a user's address, unless it is verified or there is nobody to send mail. Never rejects. */
export async function postVerification(services: Services, userId: string): Promise<void> {
  const { publicUrl, mail } = services.config.outside;
  if (mail === null || publicUrl === null) return;
  const secret = newSecret();
  try {
    const { user, verified } = await services.control.startVerify({ user_id: userId, ticket_hash: secret.hash });
    if (!verified) await post(services, verifyLetter(user.email, publicUrl, secret.token));
  } catch {
    console.error(JSON.stringify({ level: "error", event: "verification_not_started", user_id: userId }));
  }
}
