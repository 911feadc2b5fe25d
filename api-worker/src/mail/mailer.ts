import { ApiError } from "@oa/contract";
import * as z from "zod";
import type { Config } from "../config.ts";
import { callJson } from "../outbound/callJson.ts";
import type { MailConfig } from "../outsideConfig.ts";

/** One mail to one person. Plain text: it shows the same everywhere and can carry nothing but words and links. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
  /** Names this mail where its sender may ask again: the provider sends it once. */
  idempotencyKey?: string;
}

/** Sends mail through whoever does. */
export interface Mailer {
  /** Rejects when the provider did not take it after all tries. */
  send(mail: Mail): Promise<void>;
}

const DEADLINE_MS = 8_000;
/** Pauses before the second and the third try, in ms. All of it fits the 30 s a Worker has after its answer. */
const PAUSES_MS = [500, 2_000] as const;
const Sent = z.object({ id: z.string() });

/** @throws ApiError `not_configured` where this installation has no mail provider. */
export function mailerOf(config: Config): Mailer {
  const { mail } = config.outside;
  if (mail === null) {
    throw new ApiError("not_configured", "This installation cannot send mail: ask its operator to set OA_MAIL_URL.");
  }
  return resendMailer(mail);
}

/**
 * Resend's HTTP API, which others speak too: https://resend.com/docs/api-reference/emails/send-email. Tried again where
 * asking again may help; the idempotency key keeps a lost answer from becoming a second mail.
 */
function resendMailer({ url, apiKey, from }: MailConfig): Mailer {
  return {
    async send({ to, subject, text, idempotencyKey = crypto.randomUUID() }) {
      for (const pause of [...PAUSES_MS, null]) {
        const answer = await callJson({
          url: `${url}/emails`,
          method: "POST",
          headers: {
            authorization: `Bearer ${apiKey}`,
            "idempotency-key": idempotencyKey,
            "user-agent": "managed-openclaw",
          },
          body: { from, to: [to], subject, text },
          deadlineMs: DEADLINE_MS,
        });
        if (answer.kind === "answer" && answer.status < 300 && Sent.safeParse(answer.body).success) return;
        const again = answer.kind === "silent" || answer.status >= 500 || answer.status === 429;
        if (!again || pause === null) {
          throw new Error(`the mail provider said ${answer.kind === "silent" ? answer.why : String(answer.status)}`);
        }
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    },
  };
}
