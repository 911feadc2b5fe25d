import { microUsd } from "@oa/contract";
import type { Refused } from "@oa/contract";
import { describe, expect, it } from "vitest";
import type * as z from "zod";
import {
  CHAT,
  MODEL,
  WITH_USAGE,
  chat,
  errorOf,
  eventsOf,
  oneHold,
  openInferenceWorld,
  orders,
  streamed,
  usagesOf,
  wordsOf,
} from "./support/inferenceWorld.ts";
import { matching } from "./support/world.ts";

describe("who does not get through", () => {
  const refused = (change: Partial<z.infer<typeof Refused>>): z.infer<typeof Refused> => ({
    result: "refused",
    code: "insufficient_credits",
    message: "insufficient credits for this call",
    limit_source: "balance",
    available_microusd: microUsd(1000),
    required_microusd: microUsd(2500),
    affordable_output_tokens: 12,
    reset_at: null,
    retry_after_ms: null,
    ...change,
  });

  it("with too little is told what is missing and where to top up, and not to try again", async () => {
    const world = await openInferenceWorld();
    await world.set(["convex", "holds", "refusal"], refused({}));
    const { response, text } = await world.done(streamed({}));
    expect(response.status).toBe(402);
    expect(response.headers.get("x-should-retry")).toBe("false");
    expect(errorOf(text)).toMatchObject({
      type: "insufficient_quota",
      code: "INSUFFICIENT_CREDITS",
      message: matching(/insufficient credits.*Top up at https:\/\/app\.example\.com\/openclaw\/billing/),
      limit_source: "balance",
      available_usd: 0.001,
      required_usd: 0.0025,
      max_affordable_tokens: 12,
      topup_url: "https://app.example.com/openclaw/billing",
    });
    expect(await world.seen()).toEqual([]);
  });

  const daily = refused({
    code: "credit_limit_exceeded",
    message: "daily limit reached, resets at midnight UTC",
    limit_source: "key",
    reset_at: Date.UTC(2026, 10, 22),
  });

  it("for the key's own limit is told when it begins anew, and nothing of topping up", async () => {
    const world = await openInferenceWorld();
    await world.set(["convex", "holds", "refusal"], daily);
    const { response, text } = await world.done(chat({}));
    expect(response.status).toBe(402);
    expect(errorOf(text)).toMatchObject({ code: "CREDIT_LIMIT_EXCEEDED", reset_at: "2026-11-22T00:00:00.000Z" });
    expect(text).not.toMatch(/top up|insufficient/i);
  });

  it("too fast is told when to come back", async () => {
    const world = await openInferenceWorld();
    const change = { code: "rate_limited", limit_source: "rate", retry_after_ms: 2400 } as const;
    await world.set(["convex", "holds", "refusal"], refused(change));
    const { response, text } = await world.done(chat({}));
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "3"]);
    expect(errorOf(text)).toMatchObject({ type: "rate_limit_error", code: "RATE_LIMITED" });
  });

  it("whose account is frozen is told so", async () => {
    const world = await openInferenceWorld();
    await world.set(["convex", "holds", "refusal"], refused({ code: "account_frozen", limit_source: "account" }));
    const { response, text } = await world.done(chat({}));
    expect([response.status, errorOf(text).code]).toEqual([403, "ACCOUNT_FROZEN"]);
  });

  it("a hosted OpenClaw without credits is answered in words, so that it goes on working after a top-up", async () => {
    const world = await openInferenceWorld();
    const key = await world.addKey({ instance_id: "inst00000001" });
    await world.set(["convex", "holds", "refusal"], refused({}));
    const words = "Your credits are used up. Top up at https://app.example.com/openclaw/billing, then ask again.";
    const stream = await world.done(streamed({}, WITH_USAGE), { key });
    expect(stream.response.status).toBe(200);
    expect(wordsOf(stream.text)).toBe(words);
    expect(eventsOf(stream.text).at(-1)).toBe("[DONE]");
    expect(usagesOf(stream.text)).toMatchObject([{ total_tokens: 0 }]);
    const whole = await world.done(chat({}), { key });
    expect(JSON.parse(whole.text)).toMatchObject({ choices: [{ message: { role: "assistant", content: words } }] });
    // Its own limit is another matter: that resets by itself.
    await world.set(["convex", "holds", "refusal"], daily);
    expect((await world.done(chat({}), { key })).response.status).toBe(402);
  });

  it("with a key that is not, or no longer, in force learns why", async () => {
    const world = await openInferenceWorld();
    const revoked = await world.addKey({ revoked_at: 1 });
    const disabled = await world.addKey({ disabled: true });
    const codeOf = async (key: string) => {
      const { response, text } = await world.done(chat({}), { key });
      expect(response.status).toBe(401);
      expect(response.headers.get("x-should-retry")).toBe("false");
      return errorOf(text).code;
    };
    expect(await codeOf(revoked)).toBe("KEY_REVOKED");
    expect(await codeOf(disabled)).toBe("KEY_DISABLED");
    for (const key of ["sk-prov-short", `${world.key.slice(0, -1)}_`, "sk-mgmt-x", "a.b.c", "x"])
      expect(await codeOf(key)).toBe("UNAUTHORIZED");
    expect((await world.holds()).all).toEqual([]);
  });
});

describe("a request that does not fit", () => {
  const wrong: readonly (readonly [string, unknown, string | null])[] = [
    ["no model", { messages: [orders({})] }, "model"],
    ["no messages", { model: MODEL, messages: [] }, "messages"],
    ["a negative length", chat({}, { max_tokens: -5 }), "max_tokens"],
    ["a length that is a word", chat({}, { max_tokens: "many" }), "max_tokens"],
    ["two lengths", chat({}, { max_tokens: 5, max_completion_tokens: 6 }), "max_tokens"],
    ["a fraction of an answer", chat({}, { n: 0.5 }), "n"],
    ["a thousand answers", chat({}, { n: 1000 }), "n"],
    ["a dearer service tier", chat({}, { service_tier: "priority" }), "service_tier"],
    ["sound", chat({}, { modalities: ["text", "audio"] }), "modalities.1"],
    ["the vendor's own search", chat({}, { web_search_options: {} }), "web_search_options"],
    ["storage at the vendor", chat({}, { store: true }), "store"],
    ["a file stored at the vendor", stored(), null],
    ["no JSON", "{", null],
    ["no object", "[]", null],
    [
      "a nest without end",
      `{"model":"gpt-4o","messages":[{"role":"user","content":${"[".repeat(5000)}${"]".repeat(5000)}}]}`,
      null,
    ],
  ];
  function stored() {
    const content = [{ type: "file", file: { file_id: "file-abc" } }];
    return { model: MODEL, messages: [{ role: "user", content }] };
  }

  it.each(wrong)("for %s is a 400 in OpenAI's form, and nobody is called", async (_name, body, param) => {
    const world = await openInferenceWorld();
    const { response, text } = await world.done(body);
    expect(response.status).toBe(400);
    expect(errorOf(text)).toMatchObject({ type: "invalid_request_error", code: "INVALID_INPUT" });
    expect(param === null ? null : errorOf(text).param).toBe(param);
    expect((await world.holds()).all).toEqual([]);
    expect(await world.seen()).toEqual([]);
  });

  it("for its size is refused unread", async () => {
    const world = await openInferenceWorld();
    const { response, text } = await world.done(chat({}, { pad: "x".repeat(5 * 1024 * 1024) }));
    expect([response.status, errorOf(text).code]).toEqual([413, "PAYLOAD_TOO_LARGE"]);
  });

  it("for its model is refused before the vendor is asked", async () => {
    const world = await openInferenceWorld({ INFERENCE_MODELS: "gpt-4o-mini, house-model" });
    for (const model of ["gpt-4o", "house-model"]) {
      const { response, text } = await world.done(chat({}, { model }));
      expect(response.status).toBe(400);
      expect(errorOf(text)).toMatchObject({ code: "MODEL_NOT_FOUND", param: "model" });
    }
    expect(await world.seen()).toEqual([]);
  });

  it("takes pictures without counting their bytes", async () => {
    const world = await openInferenceWorld();
    const url = `data:image/png;base64,${"A".repeat(400_000)}`;
    const content = [
      { type: "text", text: "What is this?" },
      { type: "image_url", image_url: { url } },
    ];
    await world.done({ model: MODEL, messages: [{ role: "user", content }], max_tokens: 10 });
    expect((await oneHold(world)).asked.input_tokens).toBeLessThan(11_000);
  });
});

describe("where no endpoint is configured", () => {
  it("says which variable is missing", async () => {
    const world = await openInferenceWorld({ INFERENCE_ENDPOINT: "", INFERENCE_API_KEY: "" });
    for (const [path, method] of [
      [CHAT, "POST"],
      ["/v1/models", "GET"],
    ] as const) {
      const { response, text } = await world.done(chat({}), { path, method });
      expect(response.status).toBe(503);
      expect(errorOf(text).message).toContain("INFERENCE_ENDPOINT");
    }
  });
});
