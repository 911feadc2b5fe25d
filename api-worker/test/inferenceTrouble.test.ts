import { describe, expect, it } from "vitest";
import {
  COST,
  TOLD,
  chat,
  errorOf,
  eventsOf,
  oneHold,
  openInferenceWorld,
  streamed,
  wordsOf,
} from "./support/inferenceWorld.ts";
import { containing } from "./support/world.ts";

describe("an upstream that", () => {
  it.each([1, 2, 3, 7, 8])("cuts after %i of 8 pieces: paid is what was delivered, from above", async (cut_at) => {
    const world = await openInferenceWorld();
    const { response, text } = await world.done(
      streamed({ completion_tokens: 80, chunks: 8, cut_at }, { max_tokens: 500 }),
    );
    expect(response.status).toBe(200);
    expect(eventsOf(text).at(-1)).toMatchObject({ error: { code: "UPSTREAM_UNREACHABLE", type: "upstream_error" } });
    const delivered = wordsOf(text).length / 4;
    expect(delivered).toBe(cut_at * 10);
    const { settlement } = await oneHold(world);
    expect(settlement).toMatchObject({ outcome: "upstream_cut", usage_source: "estimated" });
    expect(settlement?.usage.output).toBeGreaterThanOrEqual(delivered);
    expect(settlement?.usage.output).toBeLessThanOrEqual(delivered * 2.1 + 1);
  });

  it("cuts before the first piece: nothing was delivered, nothing is charged", async () => {
    const world = await openInferenceWorld();
    const { text } = await world.done(streamed({ completion_tokens: 80, chunks: 8, cut_at: 0 }));
    expect(eventsOf(text).at(-1)).toMatchObject({ error: { code: "UPSTREAM_UNREACHABLE" } });
    expect(await oneHold(world)).toMatchObject({ state: "voided", cost: 0 });
  });

  it("cuts a whole answer in its middle: an error, and nothing is charged", async () => {
    const world = await openInferenceWorld();
    const { response, text } = await world.done(chat({ completion_tokens: 400, cut_at: 1 }));
    expect(response.status).toBe(502);
    expect(errorOf(text)).toMatchObject({ code: "UPSTREAM_UNREACHABLE" });
    expect(await oneHold(world)).toMatchObject({ state: "voided" });
  });

  it("never begins: an error after its time, and nothing is charged", async () => {
    const world = await openInferenceWorld({ INFERENCE_START_SECONDS: "1" });
    const { response, text } = await world.done(streamed({ delay_ms: 20_000 }));
    expect(response.status).toBe(502);
    expect(errorOf(text)).toMatchObject({ code: "UPSTREAM_UNREACHABLE", message: containing("Nothing was charged") });
    expect(await oneHold(world)).toMatchObject({ state: "voided" });
  });

  it("falls silent within a stream: it is ended, and what came is paid", async () => {
    const world = await openInferenceWorld({ INFERENCE_IDLE_SECONDS: "1" });
    const { text } = await world.done(streamed({ completion_tokens: 80, chunks: 8, hang_at: 4 }));
    expect(eventsOf(text).at(-1)).toMatchObject({ error: { code: "UPSTREAM_UNREACHABLE" } });
    const { settlement } = await oneHold(world);
    expect(settlement).toMatchObject({ outcome: "upstream_cut" });
    expect(settlement?.usage.output).toBeGreaterThanOrEqual(40);
    await expect.poll(async () => (await world.seen()).at(-1)?.ended).toBe("aborted");
  });

  it("says within a stream that it failed: the caller hears it, and pays what came", async () => {
    const world = await openInferenceWorld();
    const { text } = await world.done(streamed({ completion_tokens: 80, chunks: 8, cut_at: 4, status: 500 }));
    expect(eventsOf(text).at(-1)).toMatchObject({ error: { message: containing("server had an error") } });
    expect((await oneHold(world)).settlement).toMatchObject({ outcome: "upstream_error", usage_source: "estimated" });
  });

  // What is between this installation and its vendor is not the caller's: no words of the vendor.
  const ours = "Nothing was charged";
  const theirs = "request was refused";
  const refusals = [
    { status: 400, answered: 400, code: "invalid_value", words: theirs, wait: null, retry: null },
    { status: 404, answered: 404, code: "model_not_found", words: "does not exist", wait: null, retry: null },
    { status: 422, answered: 422, code: "INVALID_INPUT", words: theirs, wait: null, retry: null },
    { status: 429, answered: 429, code: "rate_limit_exceeded", words: "Rate limit", wait: "1", retry: null },
    { status: 401, answered: 502, code: "UPSTREAM_ERROR", words: ours, wait: null, retry: "false" },
    { status: 402, answered: 502, code: "UPSTREAM_ERROR", words: ours, wait: null, retry: "false" },
    { status: 403, answered: 502, code: "UPSTREAM_ERROR", words: ours, wait: null, retry: "false" },
    { status: 500, answered: 502, code: "UPSTREAM_ERROR", words: ours, wait: null, retry: null },
    { status: 503, answered: 502, code: "UPSTREAM_ERROR", words: ours, wait: null, retry: null },
  ] as const;
  it.each(refusals)(
    "answers $status is passed on as $answered $code, and nothing is charged",
    async ({ status, answered, code, words, wait, retry }) => {
      for (const body of [chat({ status }), streamed({ status })]) {
        const world = await openInferenceWorld();
        const { response, text } = await world.done(body);
        expect(response.status).toBe(answered);
        expect(errorOf(text)).toMatchObject({ code, message: containing(words) });
        expect(text).not.toContain("double_");
        expect(response.headers.get("retry-after")).toBe(wait);
        expect(response.headers.get("x-should-retry")).toBe(retry);
        expect(await oneHold(world)).toMatchObject({ state: "voided", cost: 0 });
      }
    },
  );

  it("redirects is not followed: its key stays where it was sent", async () => {
    const world = await openInferenceWorld();
    await world.fault("convex", { path: "/moved", fault: { kind: "redirect", to: world.addresses.canary } });
    world.env["INFERENCE_ENDPOINT"] = `${world.addresses.convex}/moved`;
    const { response } = await world.done(chat({}));
    expect(response.status).toBe(502);
    expect((await world.state()).canary).toEqual([]);
  });

  it("answers no JSON: an error, and nothing is charged", async () => {
    const world = await openInferenceWorld();
    await world.fault("convex", { path: "/page", fault: { kind: "html" } });
    world.env["INFERENCE_ENDPOINT"] = `${world.addresses.convex}/page`;
    const { response, text } = await world.done(chat({}));
    expect(response.status).toBe(502);
    expect(text).not.toContain("raw words");
    expect(await oneHold(world)).toMatchObject({ state: "voided" });
  });
});

describe("a caller who leaves", () => {
  /** Reads until so many pieces have come. */
  async function readPieces(response: Response, pieces: number) {
    const reader = response.body?.getReader();
    const decoder = new TextDecoder();
    let text = "";
    while (eventsOf(text).length < pieces + 1) text += decoder.decode((await reader?.read())?.value);
    return { reader, words: wordsOf(text) };
  }
  const slow = { prompt_tokens: 1000, completion_tokens: 80, chunks: 8, delay_ms: 100 };

  it.each(["by closing the stream", "by aborting the request"])(
    "in the middle of a stream, %s, ends it at the vendor and pays what came",
    async (how) => {
      const world = await openInferenceWorld();
      const controller = new AbortController();
      const { response, settled } = await world.call(streamed(slow), { signal: controller.signal });
      const { reader, words } = await readPieces(response, 3);
      if (how === "by closing the stream") await reader?.cancel();
      else controller.abort();
      await settled();
      const { settlement } = await oneHold(world);
      expect(settlement).toMatchObject({ outcome: "client_abort", usage_source: "estimated" });
      expect(settlement?.usage.output).toBeGreaterThanOrEqual(words.length / 4);
      expect(settlement?.usage.output).toBeLessThan(160);
      await expect.poll(async () => (await world.seen()).at(-1)?.ended).toBe("aborted");
    },
  );

  it("where the vendor charges in full: the answer is read on for its usage, and charged exactly", async () => {
    const world = await openInferenceWorld();
    const entry = { endpoint: `${world.upstream}/v1`, api_key: "double_key", on_abort: "drain" };
    world.env["INFERENCE_UPSTREAMS"] = JSON.stringify({ "gpt-4o": entry });
    const { response, settled } = await world.call(streamed(slow));
    const { reader } = await readPieces(response, 2);
    await reader?.cancel();
    await settled();
    expect(await oneHold(world)).toMatchObject({
      settlement: { outcome: "client_abort", usage_source: "upstream", usage: { input: 1000, output: 80 } },
    });
    expect((await world.seen()).at(-1)?.ended).toBe("complete");
  });

  it("an answer in one body: it is read on and charged exactly", async () => {
    const world = await openInferenceWorld();
    const controller = new AbortController();
    const call = world.call(chat({ ...TOLD, delay_ms: 500 }), { signal: controller.signal });
    await expect.poll(async () => (await world.seen()).length).toBe(1);
    controller.abort();
    await (await call).settled();
    expect(await oneHold(world)).toMatchObject({ cost: COST, settlement: { outcome: "client_abort" } });
  });

  it("before the first piece pays for the prompt the vendor has read", async () => {
    const world = await openInferenceWorld();
    const controller = new AbortController();
    const call = world.call(streamed({ ...TOLD, delay_ms: 5_000 }), { signal: controller.signal });
    await expect.poll(async () => (await world.seen()).length).toBe(1);
    controller.abort();
    await (await call).settled();
    expect((await oneHold(world)).settlement).toMatchObject({ outcome: "client_abort", usage: { output: 0 } });
  });

  it("before the vendor was called pays nothing", async () => {
    const world = await openInferenceWorld();
    const { settled } = await world.call(streamed(TOLD), { signal: AbortSignal.abort() });
    await settled();
    expect(await oneHold(world)).toMatchObject({ state: "voided" });
    expect(await world.seen()).toEqual([]);
  });
});

describe("a Convex that", () => {
  it("fails a few times when the call is over: it is settled once, exactly", async () => {
    const world = await openInferenceWorld();
    const { response, settled } = await world.call(streamed({ ...TOLD, delay_ms: 50, chunks: 4 }));
    await world.fault("convex", { path: "/control/credits/batch", fault: { kind: "html" }, times: 3 });
    await response.text();
    await settled();
    expect(await oneHold(world)).toMatchObject({ state: "settled", cost: COST });
  });

  it("loses its answers: nothing is held or charged twice", async () => {
    const world = await openInferenceWorld();
    await world.fault("convex", { path: "/control/credits/batch", fault: { kind: "lost_reply" }, times: 1 });
    const { response, settled } = await world.call(streamed({ ...TOLD, delay_ms: 50, chunks: 4 }));
    await world.fault("convex", { path: "/control/credits/batch", fault: { kind: "lost_reply" }, times: 1 });
    await response.text();
    await settled();
    const { all, posted, held } = await world.holds();
    expect(all).toHaveLength(1);
    expect({ posted, held }).toEqual({ posted: 5_000_000 - COST, held: 0 });
  });

  it("is away: no call is made", async () => {
    const world = await openInferenceWorld();
    // The key is known by now.
    await world.done(chat({}));
    await world.fault("convex", { path: "/control/credits/batch", fault: { kind: "html" }, times: 2 });
    const { response, text } = await world.done(chat({}));
    expect(response.status).toBe(502);
    expect(errorOf(text).code).toBe("CONTROL_UNREACHABLE");
    expect(await world.seen()).toHaveLength(1);
  });

  it("took a hold and could not say so: no call is made, and the hold is given back", async () => {
    const world = await openInferenceWorld();
    await world.fault("convex", { path: "/control/credits/batch", fault: { kind: "lost_reply" }, times: 2 });
    const { response } = await world.done(chat({}));
    expect(response.status).toBe(502);
    expect(await oneHold(world)).toMatchObject({ state: "voided" });
    expect(await world.seen()).toEqual([]);
  });
});
