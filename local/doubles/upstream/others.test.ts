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

const model = "gpt-5";
const lookup = {
  type: "function" as const,
  name: "lookup",
  strict: false,
  parameters: { type: "object", properties: { q: { type: "string" } }, required: ["q"] },
};

const stream = (double: object): Promise<Response> =>
  fetch(`${upstream.url}/v1/responses`, {
    method: "POST",
    headers: { authorization: "Bearer double_key_1234" },
    body: JSON.stringify({ model, stream: true, input: [orders(double)] }),
  });

describe("the Responses API", () => {
  it("answers a text and a list of items", async () => {
    const one = await openai.responses.create({ model, input: "Hello you" });
    expect(one.status).toBe("completed");
    expect(one.output_text).toContain("Hello you");
    const two = await openai.responses.create({
      model,
      instructions: "Be short.",
      input: [{ role: "user", content: [{ type: "input_text", text: "Hello again" }] }],
    });
    expect(two.output_text).toContain("Hello again");
    expect(two.usage).toMatchObject({ input_tokens: 3 + 3, output_tokens: countTokens(two.output_text) });
  });

  it("streams the events in OpenAI's order, numbered, and the official client puts them together", async () => {
    const runner = openai.responses.stream({ model, input: [orders({ completion_tokens: 20, chunks: 2 })] });
    const types: string[] = [];
    const numbers: number[] = [];
    for await (const event of runner) {
      types.push(event.type);
      numbers.push(event.sequence_number);
    }
    expect(types).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(numbers).toEqual(numbers.map((_, index) => index));
    const final = await runner.finalResponse();
    expect(countTokens(final.output_text)).toBe(20);
    expect(final.usage?.output_tokens).toBe(20);
  });

  it("is incomplete at max_output_tokens", async () => {
    const answer = await openai.responses.create({
      model,
      max_output_tokens: 16,
      input: [orders({ completion_tokens: 500 })],
    });
    expect(answer).toMatchObject({ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } });
    expect(answer.usage?.output_tokens).toBe(16);
  });

  it("calls a tool, streamed too, and answers about its result", async () => {
    const ask = { model, tools: [lookup], input: 'call the tool lookup {"q":"x"}' };
    const plain = await openai.responses.create(ask);
    const streamed = await openai.responses.stream(ask).finalResponse();
    const expected = { type: "function_call", name: "lookup", arguments: '{"q":"x"}', status: "completed" };
    expect(plain.output[0]).toMatchObject(expected);
    expect(streamed.output[0]).toMatchObject(expected);
    const after = await openai.responses.create({
      model,
      tools: [lookup],
      input: [
        { role: "user", content: "call the tool lookup" },
        { type: "function_call", call_id: "call_1", name: "lookup", arguments: "{}" },
        { type: "function_call_output", call_id: "call_1", output: "found it" },
      ],
    });
    expect(after.output_text).toContain("found it");
  });

  it("takes the same orders: usage left out or told twice, cut, error in the midst, status", async () => {
    const withoutUsage = await readEvents(await stream({ omit_usage: true }));
    expect(withoutUsage.data.at(-1)).not.toContain('"usage"');
    const twice = await readEvents(await stream({ repeat_usage: true }));
    expect(twice.data.filter((line) => line.includes('"usage"'))).toHaveLength(2);
    const cut = await readEvents(await stream({ completion_tokens: 20, chunks: 5, cut_at: 2 }));
    expect(cut).toMatchObject({ ending: "cut" });
    expect(cut.data.filter((line) => line.includes("output_text.delta"))).toHaveLength(2);
    expect((await seenBy(upstream.url)).at(-1)).toMatchObject({ ended: "cut", delivered_tokens: 8, usage: null });
    const failed = await readEvents(await stream({ chunks: 5, cut_at: 1, status: 500 }));
    expect(failed.data.at(-1)).toContain('"type":"error"');
    expect((await stream({ status: 429 })).status).toBe(429);
  });

  it("keeps nothing: an earlier response is not found", async () => {
    const call = openai.responses.create({ model, input: "x", previous_response_id: "resp_1" });
    await expect(call).rejects.toMatchObject({ status: 400, code: "previous_response_not_found" });
  });
});

describe("embeddings", () => {
  it("are the same for the same text, of length one, whatever the format", async () => {
    const ask = async (encoding_format: "float" | "base64" | undefined): Promise<number[]> => {
      const answer = await openai.embeddings.create({
        model: "text-embedding-3-small",
        input: "Hello",
        ...(encoding_format === undefined ? {} : { encoding_format }),
      });
      return answer.data[0]?.embedding ?? [];
    };
    const floats = await ask("float");
    expect(floats).toHaveLength(1536);
    expect(Math.hypot(...floats)).toBeCloseTo(1, 5);
    // Left to itself the official client asks for base64 and decodes it.
    expect(await ask(undefined)).toEqual(floats);
  });

  it("differ by text, take dimensions and count tokens of texts and of token ids", async () => {
    const texts = await openai.embeddings.create({ model: "text-embedding-3-large", input: ["abcd", "efgh"] });
    expect(texts.data[0]?.embedding).toHaveLength(3072);
    expect(texts.data[0]?.embedding).not.toEqual(texts.data[1]?.embedding);
    expect(texts.usage).toEqual({ prompt_tokens: 2, total_tokens: 2 });
    const ids = await openai.embeddings.create({ model: "m", input: [[1, 2, 3], [4]], dimensions: 8 });
    expect(ids.data[1]?.embedding).toHaveLength(8);
    expect(ids.usage.prompt_tokens).toBe(4);
  });

  it("take orders in the last text", async () => {
    const order = (double: object): string => JSON.stringify({ double });
    const told = await openai.embeddings.create({ model: "m", input: ["a", order({ prompt_tokens: 77 })] });
    expect(told.usage.prompt_tokens).toBe(77);
    await expect(openai.embeddings.create({ model: "m", input: order({ status: 503 }) })).rejects.toMatchObject({
      status: 503,
    });
  });

  it("without an input are refused", async () => {
    await expect(openai.embeddings.create({ model: "m", input: [] })).rejects.toMatchObject({ status: 400 });
  });
});

describe("models", () => {
  it("are listed and found; any name will do unless the double was given a list", async () => {
    const listed: string[] = [];
    for await (const one of openai.models.list()) listed.push(one.id);
    expect(listed).toContain("gpt-4o-mini");
    expect((await openai.models.retrieve("vendor/some-model")).id).toBe("vendor/some-model");
    const few = await startUpstreamDouble({ port: 0, models: ["only-this"] });
    try {
      await expect(clientOf(few.url).models.retrieve("gpt-4o")).rejects.toMatchObject({ status: 404 });
    } finally {
      await few.close();
    }
  });
});
