import { ModelList } from "@oa/contract";
import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { COST, MODEL, TOLD, errorOf, eventsOf, oneHold, openInferenceWorld, orders } from "./support/inferenceWorld.ts";
import type { InferenceWorld } from "./support/inferenceWorld.ts";
import { ORIGIN } from "./support/world.ts";

const RESPONSES = { path: "/v1/responses" };
const EMBEDDINGS = { path: "/v1/embeddings" };
const input = (double: object) => [orders(double)];

const Ended = z.looseObject({
  type: z.string(),
  response: z.looseObject({ usage: z.looseObject({}).nullish() }).optional(),
});

describe("responses", () => {
  it("are answered whole, charged by their usage, and not stored", async () => {
    const world = await openInferenceWorld();
    const { response, text } = await world.done({ model: MODEL, input: input(TOLD) }, RESPONSES);
    expect(response.headers.get("x-occ-cost-usd")).toBe("0.0035");
    expect(JSON.parse(text)).toMatchObject({ object: "response", status: "completed" });
    expect(await oneHold(world)).toMatchObject({ cost: COST, asked: { endpoint: "responses" } });
  });

  it("are streamed under their own names, with the cost in the last event", async () => {
    const world = await openInferenceWorld();
    const body = { model: MODEL, input: input(TOLD), stream: true, max_output_tokens: 500 };
    const { text } = await world.done(body, RESPONSES);
    expect(text).toContain("event: response.output_text.delta\n");
    const last = Ended.parse(eventsOf(text).at(-1));
    expect(last).toMatchObject({ type: "response.completed", response: { usage: { cost: 0.0035 } } });
    expect((await world.seen()).at(-1)?.max_tokens).toBe(500);
    expect(await oneHold(world)).toMatchObject({ cost: COST, settlement: { usage_source: "upstream" } });
  });

  it("that are cut end in an error event, and are paid as far as they came", async () => {
    const world = await openInferenceWorld();
    const body = { model: MODEL, input: input({ completion_tokens: 80, chunks: 8, cut_at: 4 }), stream: true };
    const { text } = await world.done(body, RESPONSES);
    expect(eventsOf(text).at(-1)).toMatchObject({ type: "error", code: "UPSTREAM_UNREACHABLE" });
    const { settlement } = await oneHold(world);
    expect(settlement).toMatchObject({ outcome: "upstream_cut", usage_source: "estimated" });
    expect(settlement?.usage.output).toBeGreaterThanOrEqual(40);
  });

  it.each([
    ["in the background", { background: true }],
    ["that go on from a stored one", { previous_response_id: "resp_1" }],
    ["in a stored conversation", { conversation: "conv_1" }],
    ["of a stored prompt", { prompt: { id: "pmpt_1" } }],
    ["that are to be stored", { store: true }],
    ["with tools the vendor runs", { tools: [{ type: "web_search" }] }],
    ["that refer to a stored item", { input: [{ type: "item_reference", id: "msg_1" }] }],
  ])("%s are refused: they would run unpaid, or reach what others have stored", async (_name, more) => {
    const world = await openInferenceWorld();
    const { response, text } = await world.done({ model: MODEL, input: "hello", ...more }, RESPONSES);
    expect(response.status).toBe(400);
    expect(errorOf(text).type).toBe("invalid_request_error");
    expect(await world.seen()).toEqual([]);
  });
});

describe("embeddings", () => {
  it("are answered and charged by their input", async () => {
    const world = await openInferenceWorld();
    const body = { model: "text-embedding-3-small", input: ["one", "two"] };
    const { response, text } = await world.done(body, EMBEDDINGS);
    expect(response.status).toBe(200);
    const { data, usage } = z
      .object({ data: z.array(z.looseObject({})), usage: z.object({ prompt_tokens: z.int() }) })
      .parse(JSON.parse(text));
    expect(data).toHaveLength(2);
    const hold = await oneHold(world);
    expect(hold.settlement?.usage).toMatchObject({ input: usage.prompt_tokens, output: 0 });
    expect(hold.asked).toMatchObject({ endpoint: "embeddings", max_output_tokens: 0 });
  });

  it("that an upstream does not have are its 404", async () => {
    const world = await openInferenceWorld();
    world.env["INFERENCE_ENDPOINT"] = `${world.upstream}/v1/nothing`;
    const { response } = await world.done({ model: "text-embedding-3-small", input: "x" }, EMBEDDINGS);
    expect(response.status).toBe(404);
    expect(await oneHold(world)).toMatchObject({ state: "voided" });
  });
});

describe("the list of models", () => {
  const list = async (world: InferenceWorld, path = "/v1/models") =>
    ModelList.parse(JSON.parse((await world.done(null, { path, method: "GET" })).text)).data;

  it("is what the upstream has and a price is known for, at both its paths", async () => {
    const world = await openInferenceWorld();
    const models = await list(world);
    expect(models.map(({ id }) => id)).toEqual(["gpt-4o", "gpt-4o-mini", "text-embedding-3-small"]);
    expect(models[0]).toMatchObject({
      context_window: 128_000,
      pricing_usd_per_million: { input: 2.5, output: 10, cache_read: 1.25, cache_write: 2.5 },
    });
    expect(await list(world, "/models")).toEqual(models);
  });

  it("is the operator's, as far as there are prices", async () => {
    const world = await openInferenceWorld({ INFERENCE_MODELS: "gpt-4o-mini, house-model" });
    expect((await list(world)).map(({ id }) => id)).toEqual(["gpt-4o-mini"]);
  });

  it("is asked of the upstream once for many readers, and again soon where it was away", async () => {
    const world = await openInferenceWorld();
    await list(world);
    await list(world);
    expect(await world.seen()).toHaveLength(1);
  });

  it("is for those who can call them", async () => {
    const world = await openInferenceWorld();
    const { response } = await world.done(null, { path: "/v1/models", method: "GET", key: "sk-prov-x" });
    expect(response.status).toBe(401);
  });
});

describe("endpoints of single models", () => {
  it("are chosen by the longest match, and called by their own name of the model", async () => {
    const world = await openInferenceWorld();
    const to = (key: string, more: object = {}) => ({ endpoint: `${world.upstream}/v1`, api_key: key, ...more });
    world.env["INFERENCE_UPSTREAMS"] = JSON.stringify({
      "gpt-*": to("double_general_gpts"),
      "gpt-4o-mini": to("double_special_mini", { model: "house-mini", max_tokens_field: "max_tokens" }),
    });
    for (const model of ["gpt-4o", "gpt-4o-mini"]) await world.done({ model, messages: input({}) });
    expect((await world.seen()).map(({ auth_suffix }) => auth_suffix)).toEqual(["gpts", "mini"]);
    const { text } = await world.done({ model: "gpt-4o-mini", messages: input({}) });
    expect(JSON.parse(text)).toMatchObject({ model: "house-mini" });
  });
});

describe("the official client", () => {
  const clientOf = (world: InferenceWorld) =>
    new OpenAI({
      baseURL: `${ORIGIN}/v1`,
      apiKey: world.key,
      maxRetries: 0,
      dangerouslyAllowBrowser: true,
      fetch: async (_url, init) => {
        const signal = init?.signal ?? undefined;
        const body = typeof init?.body === "string" ? init.body : "";
        return (await world.call(body, signal === undefined ? {} : { signal })).response;
      },
    });
  const tools = [
    {
      type: "function" as const,
      function: {
        name: "weather",
        parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
      },
    },
  ];

  it("streams, with its usage and what it cost", async () => {
    const world = await openInferenceWorld();
    const runner = clientOf(world).chat.completions.stream({
      model: MODEL,
      messages: [{ role: "user", content: JSON.stringify({ double: TOLD }) }],
      stream_options: { include_usage: true },
    });
    expect((await runner.finalChatCompletion()).usage).toMatchObject({ ...TOLD, cost: 0.0035 });
  });

  it("calls a tool and goes on with its result, streamed", async () => {
    const world = await openInferenceWorld();
    const ask = { role: "user" as const, content: 'call the tool weather {"city":"Bern"}' };
    const first = await clientOf(world)
      .chat.completions.stream({ model: MODEL, tools, messages: [ask] })
      .finalChatCompletion();
    const message = first.choices[0]?.message;
    const call = message?.tool_calls?.[0];
    if (message === undefined || call?.type !== "function") throw new Error("no call");
    expect(JSON.parse(call.function.arguments)).toEqual({ city: "Bern" });
    const result = { role: "tool" as const, tool_call_id: call.id, content: "21 degrees" };
    const second = await clientOf(world)
      .chat.completions.stream({ model: MODEL, tools, messages: [ask, message, result] })
      .finalChatCompletion();
    expect(second.choices[0]?.message.content).toContain("21 degrees");
  });

  it("leaves in the middle, and pays for what it got", async () => {
    const world = await openInferenceWorld();
    const double = { prompt_tokens: 100, completion_tokens: 80, chunks: 8, delay_ms: 100 };
    const stream = await clientOf(world).chat.completions.create({
      model: MODEL,
      stream: true,
      messages: [{ role: "user", content: JSON.stringify({ double }) }],
    });
    let pieces = 0;
    for await (const chunk of stream) {
      pieces += (chunk.choices[0]?.delta.content ?? "") === "" ? 0 : 1;
      if (pieces === 3) break;
    }
    await expect.poll(async () => (await world.holds()).held).toBe(0);
    expect((await oneHold(world)).settlement).toMatchObject({ outcome: "client_abort" });
  });

  it("reads a refusal as what it is", async () => {
    const world = await openInferenceWorld();
    await world.set(["convex", "holds", "posted"], 0);
    const ask = clientOf(world).chat.completions.create({
      model: MODEL,
      messages: [{ role: "user", content: "hello" }],
    });
    await expect(ask).rejects.toMatchObject({ status: 402, code: "INSUFFICIENT_CREDITS", type: "insufficient_quota" });
  });

  it("hears that an answer broke off", async () => {
    const world = await openInferenceWorld();
    const double = { completion_tokens: 80, chunks: 8, cut_at: 3 };
    const runner = clientOf(world).chat.completions.stream({
      model: MODEL,
      messages: [{ role: "user", content: JSON.stringify({ double }) }],
    });
    await expect(runner.finalChatCompletion()).rejects.toThrow(/broke off/);
  });
});
