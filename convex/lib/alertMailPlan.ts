/** What becomes of an alert's mail, pure. */

export const MAX_MAIL_ATTEMPTS = 3;
const MINUTE_MS = 60 * 1000;

/** When an attempt that has not been heard of is made again: 5 minutes after the first, 30 after the second. */
export function nextAttemptInMs(attempts: number): number {
  return attempts <= 1 ? 5 * MINUTE_MS : 30 * MINUTE_MS;
}

/** What one attempt came to, for each person it was sent to: taken, no sender here, or not taken this time. */
export type MailOutcome = "accepted" | "no_sender" | "not_taken";

/** The state an attempt leaves; null: another one follows. */
export function mailStateAfter(outcomes: readonly MailOutcome[], attempts: number): "sent" | "none" | "failed" | null {
  if (outcomes.includes("not_taken")) return attempts >= MAX_MAIL_ATTEMPTS ? "failed" : null;
  return outcomes.includes("accepted") ? "sent" : "none";
}
