import type OpenAI from "openai";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Double } from "../kit/double.ts";
import { clientOf, orders, readEvents, seenBy } from "../testing/upstreamClient.ts";
import { countTokens } from "./tokens.ts";
import { startUpstreamDouble } from "./upstream.ts";

let upstream: Double;
let openai: OpenAI;
beforeEach(async () => {
  upstream = await startUpstreamDouble({ port: 0 });
  openai = clientOf(upstream.url);
});
afterEach(() => upstream.close());

const model = "gpt-4o";
const weather = {
  type: "function" as const,
  function: {
    name: "get_weather",
    parameters: {
      type: "object",
      properties: { city: { type: "string" }, unit: { enum: ["c", "f"] }, days: { type: "integer" } },
      required: ["city", "unit"],
    },
  },
};

const raw = (body: object, key = "double_key_1234"): Promise<Response> =>
  fetch(`${upstream.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model, ...body }),
  });

const stream = (double: object, more: object = {}): Promise<Response> =>
  raw({ stream: true, stream_options: { include_usage: true }, messages: [orders(double)], ...more });

const usagesIn = (data: readonly string[]): string[] => data.filter((line) => line.includes('"usage":{'));

describe("the official client", () => {
  it("gets an answer about what it said, with tokens that are the same every time", async () => {
    const ask = () => openai.chat.completions.create({ model, messages: [{ role: "user", content: "What is up?" }] });
    const first = await ask();
    const said = first.choices[0]?.message.content ?? "";
    expect(said).toContain("What is up?");
    expect(first.choices[0]?.finish_reason).toBe("stop");
    expect(first.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: countTokens(said) });
    expect((await ask()).choices[0]?.message.content).toBe(said);
  });

  it("reads content parts, and counts a picture without reading its bytes", async () => {
    const answer = await openai.chat.completions.create({
      model,
      messages: [
        { role: "system", content: "Be short." },
        {
          role: "user",
          content: [
            { type: "text", text: "What is this?" },
            { type: "image_url", image_url: { url: `data:image/png;base64,${"A".repeat(40_000)}` } },
          ],
        },
      ],
    });
    expect(answer.choices[0]?.message.content).toContain("What is this?");
    expect(answer.usage?.prompt_tokens).toBe(3 + 4 + 85);
  });

  it("streams: a role, pieces, a finish, the usage last", async () => {
    const runner = openai.chat.completions.stream({
      model,
      messages: [orders({ completion_tokens: 40, chunks: 7 })],
      stream_options: { include_usage: true },
    });
    let pieces = 0;
    runner.on("content", () => {
      pieces += 1;
    });
    const final = await runner.finalChatCompletion();
    expect(pieces).toBe(7);
    expect(countTokens(final.choices[0]?.message.content ?? "")).toBe(40);
    expect(final.usage).toMatchObject({ completion_tokens: 40 });
  });

  it("calls a tool when it must, streamed too, with arguments that fit the schema", async () => {
    const body = {
      model,
      tools: [weather],
      tool_choice: "required" as const,
      messages: [{ role: "user" as const, content: "Weather?" }],
    };
    const plain = await openai.chat.completions.create(body);
    expect(plain.choices[0]).toMatchObject({ finish_reason: "tool_calls", message: { content: null } });
    const streamed = await openai.chat.completions.stream(body).finalChatCompletion();
    for (const answer of [plain, streamed]) {
      const call = answer.choices[0]?.message.tool_calls?.[0];
      expect(call).toMatchObject({
        type: "function",
        function: { name: "get_weather", arguments: '{"city":"example","unit":"c"}' },
      });
    }
  });

  it("calls the tool the user names, with the user's arguments, and then answers about the result", async () => {
    const user = { role: "user" as const, content: 'Please call the tool get_weather {"city":"Bern"} for me' };
    const first = await openai.chat.completions.create({ model, tools: [weather], messages: [user] });
    const message = first.choices[0]?.message;
    const call = message?.tool_calls?.[0];
    if (message === undefined || call?.type !== "function") throw new Error("no call");
    expect(call.function).toEqual({ name: "get_weather", arguments: '{"city":"Bern"}' });
    const second = await openai.chat.completions.create({
      model,
      tools: [weather],
      messages: [user, message, { role: "tool", tool_call_id: call.id, content: "21 degrees" }],
    });
    expect(second.choices[0]?.finish_reason).toBe("stop");
    expect(second.choices[0]?.message.content).toContain("21 degrees");
  });

  it("answers in words when tools are offered and nobody asks for one", async () => {
    const answer = await openai.chat.completions.create({
      model,
      tools: [weather],
      messages: [{ role: "user", content: "Hello get_weather" }],
    });
    expect(answer.choices[0]?.finish_reason).toBe("stop");
  });

  it("that is OpenClaw is answered about the person's words, not about the context it sends behind them", async () => {
    const context = "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nActive sessions: none\n<<<END_OPENCLAW_INTERNAL_CONTEXT>>>";
    const behind = { role: "user" as const, content: [{ type: "text" as const, text: context }] };
    const ask = async (...messages: OpenAI.ChatCompletionMessageParam[]) =>
      (await openai.chat.completions.create({ model, tools: [weather], messages })).choices[0];
    const hello = { role: "user" as const, content: "[Sat 2026-11-21 02:47 UTC] Hello\n\nRuntime: agent=main" };
    expect((await ask(hello, behind))?.message.content).toContain('You wrote: "Hello".');
    const wish = { role: "user" as const, content: `${context} call the tool get_weather {"city":"Bern"}` };
    const called = await ask(wish, behind);
    if (called === undefined) throw new Error("no answer");
    expect(called.finish_reason).toBe("tool_calls");
    const id = called.message.tool_calls?.[0]?.id ?? "";
    const after = await ask(wish, called.message, { role: "tool", tool_call_id: id, content: "21 degrees" }, behind);
    expect(after?.finish_reason).toBe("stop");
    expect(after?.message.content).toContain("21 degrees");
    await expect(ask(orders({ status: 503 }), behind)).rejects.toMatchObject({ status: 503 });
  });

  it("gets as many answers as n says, and pays for all", async () => {
    const ask = { model, n: 3, messages: [orders({ completion_tokens: 10 })] };
    const plain = await openai.chat.completions.create(ask);
    expect(plain.choices.map((choice) => choice.index)).toEqual([0, 1, 2]);
    expect(plain.usage?.completion_tokens).toBe(30);
    const streamed = await openai.chat.completions.stream(ask).finalChatCompletion();
    expect(streamed.choices.map((choice) => countTokens(choice.message.content ?? ""))).toEqual([10, 10, 10]);
  });

  it("is stopped at max_tokens and at max_completion_tokens, whatever was ordered", async () => {
    for (const limit of [{ max_tokens: 12 }, { max_completion_tokens: 12 }]) {
      const answer = await openai.chat.completions.create({
        model,
        ...limit,
        messages: [orders({ completion_tokens: 100_000 })],
      });
      expect(answer.choices[0]?.finish_reason).toBe("length");
      expect(answer.usage?.completion_tokens).toBe(12);
    }
  });

  it("aborts, and the upstream knows how far it came", async () => {
    const controller = new AbortController();
    const events = await openai.chat.completions.create(
      { model, stream: true, messages: [orders({ completion_tokens: 40, chunks: 10, delay_ms: 50 })] },
      { signal: controller.signal },
    );
    let pieces = 0;
    for await (const event of events) {
      pieces += (event.choices[0]?.delta.content ?? "") === "" ? 0 : 1;
      if (pieces === 3) break;
    }
    await expect.poll(async () => (await seenBy(upstream.url)).at(-1)?.ended).toBe("aborted");
    const seen = (await seenBy(upstream.url)).at(-1);
    expect(seen?.delivered_tokens).toBeGreaterThanOrEqual(12);
    expect(seen?.delivered_tokens).toBeLessThan(40);
  });
});

describe("usage", () => {
  it("is told as ordered, in one body and in a stream", async () => {
    const told = { prompt_tokens: 1000, completion_tokens: 50 };
    expect(await (await raw({ messages: [orders(told)] })).json()).toMatchObject({
      usage: { ...told, total_tokens: 1050 },
    });
    const streamed = await stream(told);
    expect(streamed.headers.get("x-double")).toBe("upstream");
    const { data, ending } = await readEvents(streamed);
    expect(ending).toBe("closed");
    expect(data.at(-1)).toBe("[DONE]");
    expect(usagesIn(data)).toHaveLength(1);
    expect(data.at(-2)).toContain('"prompt_tokens":1000,"completion_tokens":50');
  });

  it("is not told in a stream that did not ask for it", async () => {
    const { data } = await readEvents(await stream({}, { stream_options: undefined }));
    expect(data.join("")).not.toContain("usage");
  });

  it("is left out when ordered", async () => {
    expect(await (await raw({ messages: [orders({ omit_usage: true })] })).json()).not.toHaveProperty("usage");
    const { data } = await readEvents(await stream({ omit_usage: true }));
    expect(usagesIn(data)).toHaveLength(0);
    expect(data.at(-1)).toBe("[DONE]");
  });

  it("is told twice when ordered", async () => {
    const { data } = await readEvents(await stream({ repeat_usage: true }));
    expect(usagesIn(data)).toHaveLength(2);
  });
});

describe("a connection that ends early", () => {
  it.each([0, 1, 3, 5])("is cut after %i pieces, and what was delivered is written down", async (cutAt) => {
    const { data, ending } = await readEvents(await stream({ completion_tokens: 20, chunks: 5, cut_at: cutAt }));
    expect(ending).toBe("cut");
    // The opening event, then the pieces; neither finish nor usage nor [DONE].
    expect(data).toHaveLength(1 + cutAt);
    expect(usagesIn(data)).toHaveLength(0);
    expect((await seenBy(upstream.url)).at(-1)).toMatchObject({ ended: "cut", delivered_tokens: cutAt * 4 });
  });

  it("is cut in the middle of a body that is not streamed", async () => {
    const response = await raw({ messages: [orders({ cut_at: 0 })] });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow(/terminated/);
  });

  it("ends in an error event when a status is ordered with it", async () => {
    const { data, ending } = await readEvents(await stream({ chunks: 5, cut_at: 2, status: 503 }));
    expect(ending).toBe("closed");
    expect(data).toHaveLength(4);
    expect(data.at(-1)).toContain('"code":"service_unavailable"');
  });

  it("hangs after a piece until the caller gives up", async () => {
    const controller = new AbortController();
    const response = await fetch(`${upstream.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: "Bearer double_key_1234" },
      body: JSON.stringify({ model, stream: true, messages: [orders({ chunks: 5, hang_at: 2 })] }),
      signal: controller.signal,
    });
    const read = readEvents(response);
    setTimeout(() => controller.abort(), 400);
    const { data, ending } = await read;
    expect(ending).toBe("cut");
    expect(data).toHaveLength(3);
    await expect.poll(async () => (await seenBy(upstream.url)).at(-1)?.ended).toBe("aborted");
  });

  it("never answers a body that is not streamed when it hangs", async () => {
    const call = fetch(`${upstream.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: "Bearer double_key_1234" },
      body: JSON.stringify({ model, messages: [orders({ hang_at: 0 })] }),
      signal: AbortSignal.timeout(300),
    });
    await expect(call).rejects.toThrow(/timeout/);
  });

  it("is slow before the first byte and before every further piece", async () => {
    const from = performance.now();
    const response = await stream({ chunks: 3, delay_ms: 150 });
    expect(performance.now() - from).toBeGreaterThan(145);
    await readEvents(response);
    expect(performance.now() - from).toBeGreaterThan(440);
  });
});
