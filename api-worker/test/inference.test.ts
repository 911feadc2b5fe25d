import { describe, expect, it } from "vitest";
import {
  COST,
  MODEL,
  TOLD,
  WITH_USAGE,
  chat,
  eventsOf,
  oneHold,
  openInferenceWorld,
  orders,
  streamed,
  usagesOf,
  wordsOf,
} from "./support/inferenceWorld.ts";
import { sha256Hex } from "../src/secretEqual.ts";
import { matching } from "./support/world.ts";

describe("a call on credits", () => {
  it("is answered as by the vendor, charged by its usage, and says what it cost", async () => {
    const world = await openInferenceWorld();
    const { response, text } = await world.done(chat(TOLD));
    expect(response.status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ object: "chat.completion", usage: TOLD });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "x-occ-cost-usd": "0.0035",
      "x-occ-balance-usd": "4.9965",
      "x-occ-hold-usd": matching(/^0\.16/),
      "x-request-id": matching(/.{8}/),
    });
    expect(await oneHold(world)).toMatchObject({
      state: "settled",
      cost: COST,
      settlement: { usage_source: "upstream", outcome: "completed", usage: { input: 1000, output: 100 } },
    });
  });

  it("is streamed piece by piece: the first arrives before the last is sent", async () => {
    const world = await openInferenceWorld();
    const { response, settled } = await world.call(streamed({ completion_tokens: 40, chunks: 10, delay_ms: 60 }));
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const reader = response.body?.getReader();
    await reader?.read();
    expect((await world.seen()).at(-1)).toMatchObject({ ended: "running" });
    for (;;) if ((await reader?.read())?.done !== false) break;
    await settled();
    expect(await oneHold(world)).toMatchObject({ state: "settled", settlement: { usage: { output: 40 } } });
  });

  it("streams no usage to who did not ask, and is charged by it all the same", async () => {
    const world = await openInferenceWorld();
    const { text } = await world.done(streamed(TOLD));
    expect(usagesOf(text)).toEqual([]);
    expect(eventsOf(text).at(-1)).toBe("[DONE]");
    expect(wordsOf(text)).toHaveLength(400);
    expect((await world.seen()).at(-1)).toMatchObject({ include_usage: true });
    expect(await oneHold(world)).toMatchObject({ cost: COST });
  });

  it("streams the usage and its cost to who asked", async () => {
    const world = await openInferenceWorld();
    const { text } = await world.done(streamed(TOLD, WITH_USAGE));
    const cost = { cost: 0.0035, x_occ: { cost_usd: 0.0035, balance_usd: 4.9965 } };
    expect(usagesOf(text)).toMatchObject([{ ...TOLD, ...cost }]);
  });

  it("told twice is charged once, told as nothing costs nothing, not told is estimated from above", async () => {
    const twice = await openInferenceWorld();
    await twice.done(streamed({ ...TOLD, repeat_usage: true }));
    expect(await oneHold(twice)).toMatchObject({ cost: COST });
    const nothing = await openInferenceWorld();
    await nothing.done(streamed({ prompt_tokens: 0, completion_tokens: 0 }));
    expect(await oneHold(nothing)).toMatchObject({ cost: 0, settlement: { usage_source: "upstream" } });
    for (const body of [chat({ ...TOLD, omit_usage: true }), streamed({ ...TOLD, omit_usage: true })]) {
      const world = await openInferenceWorld();
      await world.done(body);
      const { settlement } = await oneHold(world);
      expect(settlement).toMatchObject({ usage_source: "estimated", outcome: "completed" });
      expect(settlement?.usage.output).toBeGreaterThanOrEqual(100);
      expect(settlement?.usage.output).toBeLessThan(400);
    }
  });

  it("reaches the vendor with the vendor's key, the held length, and nothing else of its sender", async () => {
    const world = await openInferenceWorld();
    await world.done(chat({}, { max_tokens: 77 }));
    await world.done(chat({}, { max_completion_tokens: 78 }));
    await world.done(chat({}));
    expect(await world.seen()).toMatchObject(
      [77, 78, 16_384].map((max_tokens) => ({ max_tokens, auth_suffix: "ests" })),
    );
    const { all } = await world.holds();
    const secret = sha256Hex(world.key);
    expect(all.map(({ asked }) => [asked.max_output_tokens, asked.key_id, asked.secret_hash])).toEqual(
      [77, 78, null].map((named) => [named, "0000000000000000", secret]),
    );
  });

  it("with several answers holds for each and is charged for all", async () => {
    const world = await openInferenceWorld();
    await world.done(chat({ prompt_tokens: 10, completion_tokens: 20 }, { n: 3, max_tokens: 50 }));
    expect(await oneHold(world)).toMatchObject({ settlement: { usage: { output: 60 } }, asked: { choices: 3 } });
  });

  it("calls tools, streamed", async () => {
    const world = await openInferenceWorld();
    const tools = [{ type: "function", function: { name: "weather", parameters: { type: "object" } } }];
    const messages = [{ role: "user", content: 'call the tool weather {"city":"Bern"}' }];
    const { text } = await world.done({ model: MODEL, messages, tools, stream: true });
    expect(text).toContain('"tool_calls"');
    expect(text).toContain("Bern");
    expect(await oneHold(world)).toMatchObject({ state: "settled" });
  });
});

describe("fifty at once", () => {
  it("of $1.0025 each on $5.00: exactly four pass, and nothing stays held", async () => {
    const world = await openInferenceWorld();
    const call = {
      model: MODEL,
      max_tokens: 100_000,
      messages: [orders({ prompt_tokens: 1000, completion_tokens: 100_000 })],
    };
    const done = await Promise.all(Array.from({ length: 50 }, () => world.done(call)));
    expect(done.filter(({ response }) => response.status === 200)).toHaveLength(4);
    expect(done.filter(({ response }) => response.status === 402)).toHaveLength(46);
    const { all, posted, held, batches } = await world.holds();
    expect({ posted, held }).toEqual({ posted: 5_000_000 - 4 * 1_002_500, held: 0 });
    expect(all.map(({ ends }) => ends)).toEqual([1, 1, 1, 1]);
    // One combining desk: not one request to Convex for each call.
    expect(batches.length).toBeLessThan(15);
  });
});
