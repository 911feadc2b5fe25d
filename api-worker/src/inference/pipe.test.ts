import { microUsd } from "@oa/contract";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Call } from "./call.ts";
import { chatMeter } from "./meter.ts";
import { pipe } from "./pipe.ts";
import { presenceOf } from "./presence.ts";
import { chatRequest } from "./request.ts";

const frame = { answers: true, most: { input: 1_000_000, output: 1_000_000 } };
const rates = { input: 0, output: 0, cache_read: 0, cache_write_5m: 0, cache_write_1h: 0, reasoning: null };

/** A call whose ends and notes are written down. */
function callOf(leave: AbortSignal): { call: Call; notes: number[]; ends: Parameters<Call["end"]>[0][] } {
  const notes: number[] = [];
  const ends: Parameters<Call["end"]>[0][] = [];
  const request = chatRequest({ model: "m", messages: [{ role: "user" }], stream: true });
  const call: Call = {
    request,
    upstream: {
      match: "*",
      endpoint: "https://models.example.com/v1",
      apiKey: "k",
      model: null,
      onAbort: "cancel",
      maxTokensField: null,
    },
    grant: {
      result: "granted",
      hold_id: "hold-0000000000000001",
      amount_microusd: microUsd(1),
      max_output_tokens: 1000,
      price: {
        model: "m",
        version: "1",
        rates,
        tiers: [],
        per_request_microusd: 0,
        max_input_tokens: null,
        max_output_tokens: null,
      },
      available_microusd: microUsd(1),
      expires_at: 1,
    },
    hold: {
      settle: () => undefined,
      release: () => undefined,
      note: (tokens) => void notes.push(tokens),
      ended: Promise.resolve(),
    },
    frame,
    meter: chatMeter(1, frame),
    presence: presenceOf(leave, () => false),
    config: { upstreams: [], models: null, startMs: 1000, idleMs: 60_000 },
    requestId: "request-1",
    startedAt: Date.now(),
    onPart: () => undefined,
    end: (known) => void ends.push(known),
  };
  return { call, notes, ends };
}

/** An upstream that sends a piece of four bytes every `everyMs`, and never ends by itself. */
function drip(everyMs: number): { response: Response; sent: () => number } {
  let sent = 0;
  const chunk = new TextEncoder().encode('data: {"choices":[{"index":0,"delta":{"content":"abcd"}}]}\n\n');
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (everyMs > 0) await new Promise((resolve) => setTimeout(resolve, everyMs));
      sent += 1;
      controller.enqueue(chunk);
    },
  });
  return { response: new Response(body), sent: () => sent };
}

function readerOf(body: ReadableStream<Uint8Array> | string): ReadableStreamDefaultReader<Uint8Array> {
  if (typeof body === "string") throw new Error("not a stream");
  return body.getReader();
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a long answer", () => {
  it("is noted every ten seconds, from above, so that a Worker that dies does not make it free", async () => {
    const leave = new AbortController();
    const { call, notes, ends } = callOf(leave.signal);
    const reader = readerOf(pipe(call, drip(4000).response).body);
    for (let piece = 0; piece < 10; piece += 1) {
      const read = reader.read();
      await vi.advanceTimersByTimeAsync(4000);
      await read;
    }
    // At 12, 24 and 36 seconds: 3, 6 and 9 pieces of one token each.
    expect(notes).toHaveLength(3);
    for (const [index, note] of notes.entries()) expect(note).toBeGreaterThanOrEqual((index + 1) * 3);
    leave.abort();
    await vi.runAllTimersAsync();
    expect(ends).toMatchObject([{ ending: "left", isWhole: false, told: null }]);
  });

  it("is not read ahead of a caller who does not read", async () => {
    const leave = new AbortController();
    const { call } = callOf(leave.signal);
    const { response, sent } = drip(0);
    const reader = readerOf(pipe(call, response).body);
    await reader.read();
    await vi.advanceTimersByTimeAsync(1000);
    expect(sent()).toBeLessThan(10);
    leave.abort();
    await vi.runAllTimersAsync();
  });

  it("ends after a quarter of an hour, whoever still reads", async () => {
    const { call, ends } = callOf(new AbortController().signal);
    const reader = readerOf(pipe(call, drip(30_000).response).body);
    const all = (async () => {
      for (;;) if ((await reader.read()).done) return;
    })();
    await vi.advanceTimersByTimeAsync(15 * 60_000);
    await all;
    expect(ends).toMatchObject([{ ending: "cut" }]);
  });
});
