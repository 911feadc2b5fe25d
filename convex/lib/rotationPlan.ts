/** States of a refresh token as `lib/accountTables.ts` stores them, as far as the rules look at them. */
export type TokenState = { kind: "live" } | { kind: "used"; at: number } | { kind: "superseded" };

/** How long after its first use a token may come again because the answer was lost. */
export const LOST_ANSWER_MS = 10_000;

/** `rotate`: a first use. `replace_child`: the answer to the first use was lost. `end_family`: somebody else has it. */
export type RotationPlan = "rotate" | "replace_child" | "end_family";

/**
 * What the use of a token means, pure:
 * - live: the first use;
 * - used, at most ten seconds ago, and its child not used since: the client did not get the answer. Its child is
 *   superseded by a new one, so that of however many uses at once exactly one child lives;
 * - used otherwise: the client has gone on with the child, so this is someone else, or this is the client and someone
 *   else has gone on. Either way the family ends;
 * - superseded: the answer was not lost after all, and somebody holds it.
 */
export function planRotation(state: TokenState, child: TokenState | null, now: number): RotationPlan {
  if (state.kind === "live") return "rotate";
  if (state.kind === "superseded") return "end_family";
  const answerMayBeLost = now - state.at <= LOST_ANSWER_MS && child?.kind === "live";
  return answerMayBeLost ? "replace_child" : "end_family";
}
