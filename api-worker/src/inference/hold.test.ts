import { ApiError, NO_USAGE, microUsd } from "@oa/contract";
import type { CreditOp, CreditOpResult } from "@oa/contract";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openHold } from "./hold.ts";
import type { Settlement } from "./hold.ts";

const trace = { requestId: "request-1", userId: "ada", holdId: "hold-0000000000000001" };
const settlement: Settlement = {
  usage: { ...NO_USAGE, input: 10, output: 5 },
  usage_source: "upstream",
  outcome: "completed",
  latency_ms: 1,
  first_byte_ms: 1,
  upstream_cost_usd: null,
};

/** A desk that fails so many times, and remembers what was asked of it. */
function desk(failures: number, result: "settled" | "settle_conflict" = "settled") {
  const asked: string[] = [];
  const submit = (_userId: string, op: CreditOp): Promise<CreditOpResult> => {
    asked.push(op.op);
    if (asked.length <= failures) return Promise.reject(new ApiError("control_unreachable", "away"));
    return Promise.resolve({ result, cost_microusd: microUsd(1), available_microusd: microUsd(1) });
  };
  return { asked, submit };
}

let logged: string[] = [];
beforeEach(() => {
  logged = [];
  vi.useFakeTimers();
  vi.spyOn(console, "error").mockImplementation((line: unknown) => void logged.push(String(line)));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("a hold", () => {
  it("is ended once, by whoever is first", async () => {
    const { asked, submit } = desk(0);
    const hold = openHold({ submit }, trace);
    hold.note(3);
    hold.settle(settlement);
    hold.release("too late");
    hold.settle({ ...settlement, outcome: "client_abort" });
    hold.note(9);
    await hold.ended;
    expect(asked).toEqual(["progress", "settle"]);
    expect(logged).toEqual([]);
  });

  it("is ended again and again until Convex has it", async () => {
    const { asked, submit } = desk(5);
    const hold = openHold({ submit }, trace);
    hold.settle(settlement);
    await vi.runAllTimersAsync();
    await hold.ended;
    expect(asked).toEqual(Array.from({ length: 6 }, () => "settle"));
    expect(logged).toEqual([]);
  });

  it("is left to its expiry when Convex stays away for 25 seconds, with a line in the log", async () => {
    const { asked, submit } = desk(Infinity);
    const hold = openHold({ submit }, trace);
    const start = Date.now();
    hold.release("nothing delivered");
    await vi.runAllTimersAsync();
    await hold.ended;
    expect(Date.now() - start).toBeLessThanOrEqual(25_000);
    expect(asked.length).toBeGreaterThan(5);
    expect(logged).toEqual([expect.stringMatching(/hold_left_to_expire.*hold-0000000000000001/)]);
  });

  it("that was ended otherwise already is not asked again, but logged", async () => {
    const { asked, submit } = desk(0, "settle_conflict");
    const hold = openHold({ submit }, trace);
    hold.settle(settlement);
    await hold.ended;
    expect(asked).toHaveLength(1);
    expect(logged).toEqual([expect.stringContaining("hold_misended")]);
  });
});
