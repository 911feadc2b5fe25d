import { describe, expect, it } from "vitest";
import { type CrashRecord, type Ending, NO_CRASHES, nextMove } from "./crashPolicy.ts";

const exit = (code: number, readyForMs: number | null = null): Ending => ({ exit: { code, signal: null }, readyForMs });
const killed: Ending = { exit: { code: null, signal: "SIGKILL" }, readyForMs: 5_000 };

/** Follows the policy through a row of endings. */
function moves(endings: readonly Ending[]): ReturnType<typeof nextMove>[] {
  let record: CrashRecord = NO_CRASHES;
  return endings.map((ending) => {
    const move = nextMove(record, ending);
    record = move.record;
    return move;
  });
}

describe("after a gateway has ended by itself", () => {
  it("waits twice as long each time, half a minute at most, and never stops trying", () => {
    const delays = moves(Array.from({ length: 12 }, () => killed)).map((move) =>
      move.kind === "retry" ? move.delayMs : move.kind,
    );
    expect(delays).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000, 30_000]);
  });

  it("says that it is failing from the fourth time on", () => {
    const failing = moves(Array.from({ length: 5 }, () => exit(1))).map(
      (move) => move.kind === "retry" && move.failing,
    );
    expect(failing).toEqual([false, false, false, true, true]);
  });

  it("forgets the past of a gateway that was ready for a minute", () => {
    const [, , third] = moves([killed, killed, { ...killed, readyForMs: 60_000 }]);
    expect(third).toMatchObject({ kind: "retry", delayMs: 250, record: { failures: 1 } });
  });

  it("starts one that asked for it again at once, but not for ever", () => {
    expect(moves([exit(0, 30_000), exit(0, 1_000), exit(0, 1_000)]).map((move) => move.kind)).toEqual([
      "again",
      "retry",
      "retry",
    ]);
    expect(moves([exit(0, 90_000), exit(0, 90_000)]).map((move) => move.kind)).toEqual(["again", "again"]);
    expect(moves([exit(0)]).map((move) => move.kind)).toEqual(["retry"]);
  });

  it("repairs a refused configuration once, and then gives up with the reason", () => {
    const [first, second] = moves([exit(78), exit(78)]);
    expect(first?.kind).toBe("repair");
    expect(second).toMatchObject({ kind: "give-up", why: "The gateway refuses its configuration (exit 78)." });
  });

  it("does not count a refusal together with an older one after something else happened", () => {
    expect(moves([exit(78), exit(1), exit(78)]).map((move) => move.kind)).toEqual(["repair", "retry", "repair"]);
  });

  it.each<[Ending, string]>([
    [killed, "was killed while it was running"],
    [
      { exit: { code: null, signal: "SIGABRT" }, readyForMs: null },
      "ran out of its own memory or aborted before it was ready",
    ],
    [{ exit: "boot-timeout", readyForMs: null }, "did not become ready in time"],
    [{ exit: "unresponsive", readyForMs: 1 }, "stopped answering"],
    [{ exit: { code: null, signal: null }, readyForMs: 1 }, "ended while it was running"],
    [exit(1), "could not go on before it was ready"],
  ])("puts %j into words", (ending, words) => {
    const move = nextMove(NO_CRASHES, ending);
    expect(move.kind === "retry" && move.why).toContain(words);
  });
});
