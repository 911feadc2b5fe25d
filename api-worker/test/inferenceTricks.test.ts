import { describe, expect, it } from "vitest";
import { CHAT, MODEL, chat, errorOf, oneHold, openInferenceWorld, orders } from "./support/inferenceWorld.ts";

const RESPONSES = "/v1/responses";
const respond = (more: object) => ({ model: MODEL, input: "hello", ...more });

describe("a call that wants more than was held for", () => {
  const dearer: readonly (readonly [string, object])[] = [
    ["another model when the first is busy", { models: ["gpt-4o", "o1-pro"] }],
    ["another way of choosing one", { route: "fallback" }],
    ["a dearer seller of the same", { provider: { order: ["dear"] } }],
    ["what is bought beside it", { plugins: [{ id: "web" }] }],
    ["xAI's search", { search_parameters: { mode: "on" } }],
    ["Alibaba's search", { enable_search: true }],
    ["words that were foretold", { prediction: { type: "content", content: "long" } }],
    ["the best of a hundred", { best_of: 100 }],
    ["an answer to be fetched later", { deferred: true }],
    ["six times the speed at six times the price", { speed: "fast" }],
    ["the vendor's machine", { container: { type: "auto" } }],
    ["the vendor's connections", { mcp_servers: [{ url: "https://example.com" }] }],
    ["what someone else has cached", { cached_content: "cachedContents/1" }],
    ["fields behind a field", { extra_body: { models: ["o1-pro"] } }],
  ];

  it.each(dearer)("by %s is refused by name, and nobody is called", async (_name, more) => {
    const world = await openInferenceWorld();
    const [field] = Object.keys(more);
    for (const [path, body] of [
      [CHAT, chat({}, more)],
      [RESPONSES, respond(more)],
    ] as const) {
      const { response, text } = await world.done(body, { path });
      expect(response.status).toBe(400);
      expect(errorOf(text)).toMatchObject({ code: "INVALID_INPUT", param: field });
    }
    expect((await world.holds()).all).toEqual([]);
    expect(await world.seen()).toEqual([]);
  });

  it.each([
    [CHAT, chat({}, { max_output_tokens: 100_000 })],
    [RESPONSES, respond({ max_tokens: 100_000 })],
    [RESPONSES, respond({ max_completion_tokens: 100_000 })],
    [RESPONSES, respond({ n: 128 })],
  ])("by the other endpoint's name of a length is refused: %s", async (path, body) => {
    const world = await openInferenceWorld();
    expect((await world.done(body, { path })).response.status).toBe(400);
    expect(await world.seen()).toEqual([]);
  });

  it("by naming its length twice is held for, and asked of the vendor, by the last; so is what stands on a prototype", async () => {
    const world = await openInferenceWorld();
    const text = JSON.stringify(chat({}, { max_tokens: 7 }));
    await world.done(text.replace(/}$/, `,"max_tokens":99,"__proto__":{"n":50,"max_tokens":100000}}`));
    expect((await oneHold(world)).asked).toMatchObject({ max_output_tokens: 99, choices: 1 });
    expect((await world.seen()).at(-1)).toMatchObject({ max_tokens: 99 });
  });

  it("by writing the model's name otherwise finds no price and no vendor", async () => {
    const world = await openInferenceWorld({ INFERENCE_MODELS: MODEL });
    for (const model of ["GPT-4o", "gpt-4o ", " gpt-4o", "gpt-4o:online", "gpt-4o\u0000", "__proto__", "constructor"]) {
      const { response, text } = await world.done(chat({}, { model }));
      expect([model, response.status, errorOf(text).code]).toEqual([model, 400, "MODEL_NOT_FOUND"]);
    }
    expect(await world.seen()).toEqual([]);
  });

  it("by a film instead of a picture is refused", async () => {
    const world = await openInferenceWorld();
    const content = [{ type: "video_url", video_url: { url: "https://example.com/two-hours.mp4" } }];
    const { response, text } = await world.done({ model: MODEL, messages: [{ role: "user", content }, orders({})] });
    expect([response.status, errorOf(text).code]).toEqual([400, "INVALID_INPUT"]);
    expect(errorOf(text).message).toContain("video_url");
    expect(await world.seen()).toEqual([]);
  });
});
