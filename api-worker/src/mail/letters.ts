import { ACCOUNT_PAGES, BILLING_PAGE, type CreditAlertMail } from "@oa/contract";
import { sha256Hex } from "../secretEqual.ts";
import type { Mail } from "./mailer.ts";

/**
 * The mails this installation sends. Secrets of links stand in the fragment: a browser keeps it to itself, so that it is in
 * no server's log and in no `Referer`.
 */

export function resetLetter(to: string, site: string, token: string): Mail {
  return {
    to,
    subject: "Set a new password",
    text: [
      `Someone asked to set a new password for ${to}.`,
      "",
      `If it was you, follow this link within an hour. It works once:`,
      `${site}${ACCOUNT_PAGES.resetPassword}#token=${token}`,
      "",
      "If it was not you, do nothing: your password stays as it is.",
      "",
    ].join("\n"),
  };
}

export function verifyLetter(to: string, site: string, token: string): Mail {
  return {
    to,
    subject: "Confirm your e-mail address",
    text: [
      `An account was opened with ${to}.`,
      "",
      "If it was you, follow this link within a day, in the browser you are signed in with:",
      `${site}${ACCOUNT_PAGES.verifyEmail}#token=${token}`,
      "",
      "If it was not you, do nothing. To take the address back, ask for a new password on the sign-in page.",
      "",
    ].join("\n"),
  };
}

/** One alert about credits; sent once to each person, however often Convex asks for it. */
export function alertLetter({ alert_id, to, subject, text }: CreditAlertMail, site: string): Mail {
  return {
    to,
    subject,
    text: [text, "", "Balance, usage and keys:", `${site}${BILLING_PAGE}`, ""].join("\n"),
    idempotencyKey: sha256Hex(`${alert_id}:${to}`),
  };
}
