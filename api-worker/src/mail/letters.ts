import { ACCOUNT_PAGES, type AccountNotice, BILLING_PAGE, type CreditAlertMail } from "@oa/contract";
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

const CHANGES: { readonly [Type in AccountNotice["type"]]: string } = {
  password_changed: "Your password was changed",
  password_reset: "Your password was set with a mailed link",
  identity_linked: "A way to sign in was added",
  identity_unlinked: "A way to sign in was removed",
  terminal_connected: "A terminal was connected to your account",
};
const PROVIDERS = { github: "GitHub", google: "Google" } as const;

/** A change of the ways into an account, with what to do where its owner did not make it; sent once. */
export function noticeLetter(
  { event_id, to, type, provider, device, place, ip, at }: AccountNotice,
  site: string,
): Mail {
  const change = provider === null ? CHANGES[type] : `${CHANGES[type]}: ${PROVIDERS[provider]}`;
  const from = [device, place, ip].filter((part) => part !== null).join(", ");
  return {
    to,
    subject: change,
    text: [
      `${change}.`,
      "",
      `Account: ${to}`,
      `When: ${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`,
      `From: ${from}`,
      "",
      "If it was you, there is nothing to do.",
      "",
      "If it was not you, somebody else is in your account:",
      `1. Ask for a new password on the sign-in page. Setting it ends every browser, editor and terminal: ${site}${ACCOUNT_PAGES.signIn}`,
      `2. Sign in with it, and remove every way to sign in that you do not know: ${site}${ACCOUNT_PAGES.security}`,
      "",
    ].join("\n"),
    idempotencyKey: sha256Hex(`${event_id}:${to}`),
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
