import { describe, expect, it } from "vitest";
import { frameOf, usageOf } from "./usage.ts";

const frame = frameOf({ answers: true, window: null, inputTokens: 1000, outputTokens: 500, choices: 1 });
const none = { cache_read: 0, cache_write_5m: 0, cache_write_1h: 0, reasoning: 0 };

describe("a usage", () => {
  it.each([
    [
      "of OpenAI has the cached and the reasoned inside",
      {
        prompt_tokens: 1000,
        completion_tokens: 300,
        total_tokens: 1300,
        prompt_tokens_details: { cached_tokens: 900 },
        completion_tokens_details: { reasoning_tokens: 200 },
      },
      { ...none, input: 1000, cache_read: 900, output: 300, reasoning: 200 },
    ],
    [
      "of OpenAI's responses too",
      {
        input_tokens: 1000,
        output_tokens: 300,
        input_tokens_details: { cached_tokens: 900 },
        output_tokens_details: { reasoning_tokens: 200 },
      },
      { ...none, input: 1000, cache_read: 900, output: 300, reasoning: 200 },
    ],
    [
      "of Anthropic has the caches beside its input",
      {
        input_tokens: 50,
        output_tokens: 20,
        cache_read_input_tokens: 2000,
        cache_creation_input_tokens: 500,
        cache_creation: { ephemeral_5m_input_tokens: 400, ephemeral_1h_input_tokens: 100 },
      },
      { ...none, input: 2550, cache_read: 2000, cache_write_5m: 400, cache_write_1h: 100, output: 20 },
    ],
    [
      "of Anthropic through an OpenAI endpoint has them inside again",
      { prompt_tokens: 2550, completion_tokens: 20, cache_read_input_tokens: 2000, cache_creation_input_tokens: 500 },
      { ...none, input: 2550, cache_read: 2000, cache_write_5m: 500, output: 20 },
    ],
    [
      "of DeepSeek",
      { prompt_tokens: 100, completion_tokens: 5, prompt_cache_hit_tokens: 64, prompt_cache_miss_tokens: 36 },
      { ...none, input: 100, cache_read: 64, output: 5 },
    ],
    [
      "of xAI counts reasoning beside the completion",
      {
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 215,
        completion_tokens_details: { reasoning_tokens: 200 },
      },
      { ...none, input: 10, output: 205, reasoning: 200 },
    ],
    [
      "of Gemini counts its thoughts in the total alone",
      { prompt_tokens: 20, completion_tokens: 198, total_tokens: 623 },
      { ...none, input: 20, output: 603, reasoning: 405 },
    ],
    [
      "of Gemini that was cut while it thought",
      {
        prompt_tokens: 21,
        completion_tokens: 0,
        total_tokens: 81,
        completion_tokens_details: { reasoning_tokens: 60 },
      },
      { ...none, input: 21, output: 60, reasoning: 60 },
    ],
    [
      "with a cache larger than its prompt has it beside it",
      { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 500 } },
      { ...none, input: 510, cache_read: 500, output: 5 },
    ],
    [
      "whose total is explained by a cache beside it has no hidden thoughts",
      { prompt_tokens: 1000, completion_tokens: 5, total_tokens: 1505, prompt_tokens_details: { cached_tokens: 500 } },
      { ...none, input: 1500, cache_read: 500, output: 5 },
    ],
    [
      "whose total is less than its parts is that of its parts",
      { prompt_tokens: 10, completion_tokens: 5, total_tokens: 3 },
      { ...none, input: 10, output: 5 },
    ],
    ["of zero is zero", { prompt_tokens: 0, completion_tokens: 0 }, { ...none, input: 0, output: 0 }],
    [
      "with nulls where others have details",
      { prompt_tokens: 3, completion_tokens: 4, prompt_tokens_details: null, completion_tokens_details: null },
      { ...none, input: 3, output: 4 },
    ],
  ])("%s", (_name, told, usage) => {
    expect(usageOf(told, frame)).toEqual({ usage, costUsd: null });
  });

  it.each([
    ["nothing", null],
    ["no numbers", {}],
    ["only half of them", { prompt_tokens: 3 }],
    ["a negative one", { prompt_tokens: -3, completion_tokens: 4 }],
    ["a fraction", { prompt_tokens: 3.5, completion_tokens: 4 }],
    ["a word", { prompt_tokens: "3", completion_tokens: 4 }],
    ["more than there can be", { prompt_tokens: 3, completion_tokens: 1e12 }],
    ["more than any model writes", { prompt_tokens: 3, completion_tokens: 90_000_000 }],
    ["more than any model reads", { prompt_tokens: 90_000_000, completion_tokens: 4 }],
    ["more in all than any model writes", { prompt_tokens: 3, completion_tokens: 4, total_tokens: 90_000_000 }],
    ["more than a number can be", JSON.parse('{"prompt_tokens": 3, "completion_tokens": 1e999}')],
    ["a list", [3, 4]],
  ])("that is %s is none: the call is estimated", (_name, told) => {
    expect(usageOf(told, frame)).toBeNull();
  });

  it("of embeddings has no answer", () => {
    expect(usageOf({ prompt_tokens: 8, total_tokens: 8 }, { ...frame, answers: false })?.usage).toEqual({
      ...none,
      input: 8,
      output: 0,
    });
  });

  it("is no more than the model's window, but for pictures, which count for more than their place", () => {
    const told = { prompt_tokens: 200_000, completion_tokens: 1 };
    const call = { answers: true, window: 128_000, inputTokens: 1000, outputTokens: 500, choices: 1 };
    expect(usageOf(told, frameOf(call))).toBeNull();
    expect(usageOf(told, frameOf({ ...call, inputTokens: 150_000 }))?.usage.input).toBe(200_000);
  });

  it("keeps what the vendor says it charged, without charging it", () => {
    expect(usageOf({ prompt_tokens: 1, completion_tokens: 1, cost: 0.5 }, frame)?.costUsd).toBe(0.5);
  });
});
