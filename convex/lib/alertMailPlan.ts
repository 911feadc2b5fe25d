/** What becomes of a mail that Convex asks the Worker for, of an alert or a notice; pure. */

const MAX_MAIL_ATTEMPTS = 3;
const MINUTE_MS = 60 * 1000;

/** How long the Worker has for one attempt. */
export const MAIL_DEADLINE_MS = 25_000;
/** Mails one sweep begins. */
export const MAIL_SWEEP_ROWS = 50;

/**
 * The attempt that follows so many, and when it counts as lost: 5 minutes after the first, 30 after the others. "waiting": another is
 * under way, or its time has not come; "spent": there is none after the last.
 */
export function nextAttempt(
  mail: { attempts: number; dueAt: number },
  now: number,
): { attempt: number; dueAt: number } | "waiting" | "spent" {
  // The first attempt comes before its time by design: that time is when it would have been lost.
  if (mail.attempts > 0 && mail.dueAt > now) return "waiting";
  if (mail.attempts >= MAX_MAIL_ATTEMPTS) return "spent";
  const attempt = mail.attempts + 1;
  return { attempt, dueAt: now + (attempt <= 1 ? 5 : 30) * MINUTE_MS };
}

/** What one attempt came to, for each person it was sent to: taken, no sender here, or not taken this time. */
export type MailOutcome = "accepted" | "no_sender" | "not_taken";

/** The state an attempt leaves; null: another one follows. */
export function mailStateAfter(outcomes: readonly MailOutcome[], attempts: number): "sent" | "none" | "failed" | null {
  if (outcomes.includes("not_taken")) return attempts >= MAX_MAIL_ATTEMPTS ? "failed" : null;
  return outcomes.includes("accepted") ? "sent" : "none";
}
