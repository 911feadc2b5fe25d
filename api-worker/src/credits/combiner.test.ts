import { ApiError, microUsd } from "@oa/contract";
import type { CreditOp, CreditOpResult } from "@oa/contract";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { COMBINER_LIMITS, Combiner } from "./combiner.ts";
import type { CombinerLimits } from "./combiner.ts";

const holdOf = (n: number) => `hold-${String(n).padStart(16, "0")}`;
const authorize = (n: number): CreditOp => ({
  op: "authorize",
  hold_id: holdOf(n),
  key_id: null,
  secret_hash: null,
  endpoint: "chat",
  model: "gpt-4o",
  input_tokens: 1,
  max_output_tokens: 1,
  choices: 1,
  ttl_ms: 1000,
});
const end = (n: number): CreditOp => ({ op: "void", hold_id: holdOf(n), reason: "test" });
const away = () => new ApiError("control_unreachable", "away");

/** A Convex that answers each batch after `rtt` ms and writes down what came, and how many batches stood open at once. */
function convex(rtt: number, answer: (ops: readonly CreditOp[], batch: number) => Error | null = () => null) {
  const batches: string[][] = [];
  let open = 0;
  let most = 0;
  const send = async (ops: readonly CreditOp[]): Promise<CreditOpResult[]> => {
    batches.push(ops.map(({ op, hold_id }) => `${op} ${Number(hold_id.slice(5))}`));
    const batch = batches.length;
    open += 1;
    most = Math.max(most, open);
    await new Promise((resolve) => setTimeout(resolve, rtt));
    open -= 1;
    const error = answer(ops, batch);
    if (error !== null) throw error;
    return ops.map(() => ({ result: "voided", cost_microusd: micro, available_microusd: micro }));
  };
  const combining = (limits: Partial<CombinerLimits> = {}) => new Combiner(send, { ...COMBINER_LIMITS, ...limits });
  return { batches, combining, most: () => most };
}

const micro = microUsd(0);

/** What became of each, in the order it was submitted. */
async function outcomes(submitted: readonly Promise<CreditOpResult>[]): Promise<string[]> {
  const settled = Promise.allSettled(submitted);
  await vi.runAllTimersAsync();
  return (await settled).map((each) =>
    each.status === "fulfilled" ? each.value.result : each.reason instanceof ApiError ? each.reason.code : "?",
  );
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

describe("many calls of one user", () => {
  it("become few batches, one at a time, in the order they came", async () => {
    const { batches, combining, most } = convex(40);
    const combiner = combining();
    expect(await outcomes(numbers(250).map((n) => combiner.submit(authorize(n))))).toHaveLength(250);
    expect(batches.map((batch) => batch.length)).toEqual([1, 100, 100, 49]);
    expect(batches.flat()).toEqual(numbers(250).map((n) => `authorize ${n}`));
    expect(most()).toBe(1);
  });

  it("of 1,000 each second stay one batch for each round trip", async () => {
    const { batches, combining } = convex(40);
    const combiner = combining();
    const calls: Promise<CreditOpResult>[] = [];
    for (let n = 0; n < 1000; n += 1) {
      calls.push(combiner.submit(authorize(n)));
      await vi.advanceTimersByTimeAsync(1);
    }
    await outcomes(calls);
    expect(batches.length).toBeLessThanOrEqual(27);
  });
});

describe("what nobody waits for", () => {
  it("rides along with the next call", async () => {
    const { batches, combining } = convex(10);
    const combiner = combining();
    const ended = [combiner.submit(end(1)), combiner.submit(end(2))];
    await vi.advanceTimersByTimeAsync(100);
    expect(batches).toEqual([]);
    await outcomes([...ended, combiner.submit(authorize(3))]);
    expect(batches).toEqual([["void 1", "void 2", "authorize 3"]]);
  });

  it("leaves after a quarter of a second where no call comes", async () => {
    const { batches, combining } = convex(10);
    const ended = combining().submit(end(1));
    await vi.advanceTimersByTimeAsync(249);
    expect(batches).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(batches).toEqual([["void 1"]]);
    await outcomes([ended]);
  });
});

describe("a Convex that fails", () => {
  it("once: the batch is sent again as it was, and nobody notices", async () => {
    const { batches, combining } = convex(10, (_ops, batch) => (batch === 1 ? away() : null));
    const combiner = combining();
    expect(await outcomes([combiner.submit(authorize(1))])).toEqual(["voided"]);
    expect(batches).toEqual([["authorize 1"], ["authorize 1"]]);
  });

  it("for good: everyone is told, and the next batch goes its way", async () => {
    let isAway = true;
    const { combining } = convex(10, () => (isAway ? away() : null));
    const combiner = combining();
    const calls = numbers(5).map((n) => combiner.submit(authorize(n)));
    expect(await outcomes(calls)).toEqual(numbers(5).map(() => "control_unreachable"));
    isAway = false;
    expect(await outcomes([combiner.submit(authorize(9))])).toEqual(["voided"]);
  });

  it("over one odd operation: the others are not taken along", async () => {
    const odd = (ops: readonly CreditOp[]) =>
      ops.some(({ hold_id }) => hold_id === holdOf(2)) ? new ApiError("invalid_request", "odd") : null;
    const { combining } = convex(10, odd);
    const combiner = combining();
    const calls = numbers(5).map((n) => combiner.submit(authorize(n)));
    expect(await outcomes(calls)).toEqual(["voided", "voided", "invalid_request", "voided", "voided"]);
  });

  it("for so long that too many wait: one more is refused, and told when to come back", async () => {
    const { combining } = convex(1000);
    const combiner = combining({ maxQueued: 10 });
    // The first is under way, ten wait, the twelfth finds no room.
    const calls = numbers(12).map((n) => combiner.submit(authorize(n)));
    await expect(calls.at(-1)).rejects.toMatchObject({ code: "rate_limited", details: { retry_after_ms: 1000 } });
    expect(await outcomes(calls)).toEqual([...numbers(11).map(() => "voided"), "rate_limited"]);
  });
});
