/** RFC 8628: how long a client has to wait between polls at the start, and what every early poll adds, in seconds. */
export const POLL_INTERVAL_S = 5;
const SLOW_DOWN_S = 5;

/** Ten minutes: long enough to fetch a second device, short enough that a code is not guessed. */
export const FLOW_TTL_MS = 10 * 60 * 1000;
/** The code that goes through a browser to the editor. */
export const FLOW_CODE_TTL_MS = 60 * 1000;

/** What was decided about a flow, as `lib/accountTables.ts` stores it. */
export type Decision =
  | { kind: "waiting" }
  | { kind: "denied" }
  | { kind: "approved_to_poll" }
  | { kind: "approved_by_code"; code_hash: string; code_expires_at: number };

/** What a client learns when it asks for its grant. */
export type TakePlan = "grant" | "pending" | "denied" | "expired" | "bad";

/**
 * The answer to a client that has shown its verifier, pure. `codeHash` null is a poll.
 *
 * | decision         | poll    | right code     | other code |
 * |------------------|---------|----------------|------------|
 * | waiting          | pending | bad            | bad        |
 * | denied           | denied  | denied         | denied     |
 * | approved to poll | grant   | bad            | bad        |
 * | approved by code | pending | grant, for 60s | bad        |
 *
 * A flow that was confirmed through its link is not granted to a poll: whoever sent somebody the link would get it.
 */
export function planTake(
  flow: { decision: Decision; expires_at: number },
  codeHash: string | null,
  now: number,
): TakePlan {
  const { decision } = flow;
  if (decision.kind === "denied") return "denied";
  if (decision.kind === "approved_by_code" && codeHash !== null) {
    if (codeHash !== decision.code_hash) return "bad";
    return now < decision.code_expires_at ? "grant" : "expired";
  }
  if (now >= flow.expires_at) return "expired";
  if (codeHash !== null) return "bad";
  return decision.kind === "approved_to_poll" ? "grant" : "pending";
}

/** Whether a poll comes too early, and the interval from now on, in seconds. */
export function planPoll(
  flow: { last_polled_at: number | null; interval_s: number },
  now: number,
): { tooEarly: boolean; interval_s: number } {
  const { last_polled_at, interval_s } = flow;
  // A little grace: a client's clock and the way here are not exact.
  const tooEarly = last_polled_at !== null && now - last_polled_at < interval_s * 1000 - 500;
  return { tooEarly, interval_s: tooEarly ? interval_s + SLOW_DOWN_S : interval_s };
}
