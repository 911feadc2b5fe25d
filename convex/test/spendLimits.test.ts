import { BatchResult, CONTROL_PATHS, CreditStanding, ModelPrice } from "@oa/contract";
import { describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { internal } from "../_generated/api.js";
import { customer } from "./credits.testing.ts";
import { apply, batch, dollarCall, granted, holdId, refused, settleOp, windowOf } from "./spending.testing.ts";

const KEY = "00112233445566aa";
const small = (number: number) => dollarCall(number, { max_output_tokens: 1 });
const range = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);

describe("calls under way at once", () => {
  it("are twenty at most for someone who never paid, and a hundred after a top-up", async () => {
    const ada = await customer();
    const first = await batch(ada, range(0, 21).map(small));
    expect(first.filter(({ result }) => result === "granted")).toHaveLength(20);
    expect(first[20]).toMatchObject({ code: "rate_limited", limit_source: "inflight", retry_after_ms: 1000 });
    await ada.post("topup", 10);
    const second = await batch(ada, range(100, 81).map(small));
    expect(second.filter(({ result }) => result === "granted")).toHaveLength(80);
    await apply(ada, { op: "void", hold_id: holdId(0), reason: "gone" });
    await granted(ada, small(300));
  });
});

describe("calls within a minute", () => {
  it("are six hundred, of an account; whoever comes after is told when to come again", async () => {
    const ada = await customer();
    await ada.post("topup", 10);
    const began = Date.now();
    let passed = 0;
    for (let call = 0; ; call += 50) {
      const results = await batch(ada, range(call, 50).map(small));
      const grants = results.filter(({ result }) => result === "granted");
      passed += grants.length;
      await batch(
        ada,
        range(call, 50).map((number) => ({ op: "void", hold_id: holdId(number), reason: "gone" }) as const),
      );
      const last = results.at(-1);
      if (last?.result !== "refused") continue;
      expect(last).toMatchObject({ code: "rate_limited", limit_source: "rate" });
      expect(last.retry_after_ms).toBeGreaterThan(0);
      expect(last.retry_after_ms).toBeLessThanOrEqual(6000);
      break;
    }
    expect(passed).toBeGreaterThanOrEqual(600);
    expect(passed).toBeLessThanOrEqual(601 + (Date.now() - began) / 100);
  });

  it("that were refused do not count", async () => {
    const ada = await customer();
    for (let round = 0; round < 7; round += 1) {
      await batch(
        ada,
        range(round * 100, 100).map((number) => dollarCall(number, { max_output_tokens: 1_000_000 })),
      );
    }
    expect(await apply(ada, small(9999))).toMatchObject({ result: "granted" });
  });
});

describe("a key's windows", () => {
  it("a call belongs to the day it was let through on, whenever it ends", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2026-12-31T23:59:50Z") });
    try {
      const ada = await customer();
      await ada.key(KEY, 1_000_000, "daily");
      await granted(ada, dollarCall(1, { key_id: KEY, max_output_tokens: 90_000, ttl_ms: 600_000 }));
      expect(await refused(ada, dollarCall(2, { key_id: KEY, max_output_tokens: 90_000 }))).toMatchObject({
        code: "credit_limit_exceeded",
        reset_at: Date.parse("2027-01-01T00:00:00Z"),
      });
      vi.setSystemTime(Date.parse("2027-01-01T00:00:05Z"));
      await granted(ada, dollarCall(3, { key_id: KEY, max_output_tokens: 90_000, ttl_ms: 600_000 }));
      await apply(ada, settleOp(1, { input: 1000, output: 90_000 }));
      await apply(ada, settleOp(3, { input: 1000 }));
      const cost = 902_500;
      expect(await windowOf(ada, KEY, "d:2026-12-31")).toMatchObject({
        posted_microusd: cost,
        held_microusd: 0,
        requests: 1,
      });
      expect(await windowOf(ada, KEY, "m:2026-12")).toMatchObject({ posted_microusd: cost });
      expect(await windowOf(ada, KEY, "d:2027-01-01")).toMatchObject({ posted_microusd: 2500, requests: 1 });
      expect(await windowOf(ada, KEY, "m:2027-01")).toMatchObject({ posted_microusd: 2500 });
      // The last week of 2026, its fifty-third, reaches into January.
      expect(await windowOf(ada, KEY, "w:2026-W53")).toMatchObject({ posted_microusd: cost + 2500, requests: 2 });
      expect(await windowOf(ada, KEY, "all")).toMatchObject({
        posted_microusd: cost + 2500,
        held_microusd: 0,
        requests: 2,
      });
    } finally {
      vi.useRealTimers();
    }
  });

  it("of a limit without a reset is the key's whole life", async () => {
    const ada = await customer();
    await ada.key(KEY, 5000);
    await granted(ada, dollarCall(1, { key_id: KEY, max_output_tokens: 250 }));
    await apply(ada, settleOp(1, { input: 1000, output: 250 }));
    const answer = await refused(ada, dollarCall(2, { key_id: KEY, max_output_tokens: 250 }));
    expect(answer).toMatchObject({ code: "credit_limit_exceeded", reset_at: null });
    expect(answer.message).toContain("does not reset");
  });
});

describe("what the Worker asks besides", () => {
  it("how an account stands", async () => {
    const ada = await customer();
    await ada.key(KEY, null);
    await granted(ada, dollarCall(1));
    await granted(ada, dollarCall(2));
    await apply(ada, settleOp(1, { input: 1000 }));
    expect(await ada.control.ask(CreditStanding, CONTROL_PATHS.creditsStanding, { user: ada.id })).toEqual({
      status: "active",
      posted_microusd: 4_997_500,
      held_microusd: 1_002_500,
      available_microusd: 3_995_000,
      lifetime_credit_microusd: 5_000_000,
      lifetime_debit_microusd: 2500,
      keys_count: 1,
    });
  });

  it("which models there are, the operator's own among them and before the catalogue's", async () => {
    const ada = await customer();
    vi.stubEnv(
      "INFERENCE_PRICES",
      '{"gpt-4o": {"input_usd_per_million": 1, "output_usd_per_million": 2}, "mine": {"input_usd_per_million": 1, "output_usd_per_million": 2}}',
    );
    const answer = z.object({ models: z.array(ModelPrice) });
    const { models } = await ada.control.ask(answer, CONTROL_PATHS.inferenceModels);
    expect(models.filter(({ model }) => model === "gpt-4o")).toMatchObject([
      { version: "operator", rates: { input: 1_000_000 } },
    ]);
    expect(models.some(({ model }) => model === "mine")).toBe(true);
    expect(models.length).toBeGreaterThan(900);
    vi.stubEnv("INFERENCE_PRICES", "[");
    expect(await ada.control.refusal(CONTROL_PATHS.inferenceModels)).toMatchObject({
      status: 503,
      code: "not_configured",
    });
  });

  it.each([
    ["no operation", []],
    ["more than a hundred", range(0, 101).map(small)],
    ["a hold id that can be guessed", [{ ...small(1), hold_id: "1" }]],
    ["half a token", [{ ...small(1), input_tokens: 0.5 }]],
    ["a hold for ever", [{ ...small(1), ttl_ms: 86_400_000 }]],
    ["a call that settles as expired", [{ ...settleOp(1, {}), outcome: "expired" }]],
  ])("a batch with %s is refused as a whole", async (_name, ops) => {
    const ada = await customer();
    expect(await ada.control.refusal(CONTROL_PATHS.creditsBatch, { user: ada.id, body: { ops } })).toMatchObject({
      status: 400,
      code: "invalid_request",
    });
  });

  it("a hundred operations of one user in one mutation stay within what a transaction may do", async () => {
    const ada = await customer();
    await ada.post("topup", 100);
    await ada.key(KEY, 100_000_000, "daily");
    const began = await ada.t.mutation(internal.holds.applyBatch, {
      user_id: ada.id,
      ops: range(0, 100).map((number) => dollarCall(number, { max_output_tokens: 1, key_id: KEY })),
    });
    expect(BatchResult.parse(began).results.filter(({ result }) => result === "granted")).toHaveLength(100);
    const ended = await batch(
      ada,
      range(0, 100).map((number) => settleOp(number, { input: 1000, output: 1 })),
    );
    expect(ended.filter(({ result }) => result === "settled")).toHaveLength(100);
    expect(await ada.account()).toMatchObject({ held_microusd: 0, open_holds: 0, overrun_microusd: 0 });
  });
});
