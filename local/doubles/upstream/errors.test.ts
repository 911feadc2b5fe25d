import OpenAI, {
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from "openai";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Double } from "../kit/double.ts";
import { clientOf, orders, seenBy } from "../testing/upstreamClient.ts";
import { startUpstreamDouble } from "./upstream.ts";

let upstream: Double;
beforeEach(async () => {
  upstream = await startUpstreamDouble({ port: 0, keys: ["double_key_1234"], models: ["gpt-4o"] });
});
afterEach(() => upstream.close());

const post = (path: string, body: unknown, key = "double_key_1234"): Promise<Response> =>
  fetch(`${upstream.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}` },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

const chat = (body: object): Promise<Response> => post("/v1/chat/completions", { model: "gpt-4o", ...body });
const hello = [{ role: "user", content: "Hello" }];

describe("a key", () => {
  it("of a real service is refused with a sentence, and never shown", async () => {
    const key = "sk-proj-abcdefghijkl";
    const answer = await post("/v1/chat/completions", { model: "gpt-4o", messages: hello }, key);
    expect(answer.status).toBe(401);
    const text = await answer.text();
    expect(text).toContain("must not be sent here");
    expect(text).not.toContain(key);
    expect(JSON.stringify(await seenBy(upstream.url))).not.toContain(key);
  });

  it("that is missing or unknown is 401 in the official client's terms", async () => {
    const wrong = clientOf(upstream.url, "double_unknown").models.list();
    await expect(wrong).rejects.toThrow(AuthenticationError);
    const missing = await fetch(`${upstream.url}/v1/models`);
    expect(missing.status).toBe(401);
    expect(await missing.json()).toMatchObject({ error: { code: "invalid_api_key", type: "invalid_request_error" } });
  });

  it("of a real service does not start the double", async () => {
    await expect(startUpstreamDouble({ port: 0, keys: ["sk-live"] })).rejects.toThrow(/begins with double_/);
  });
});

describe("an ordered status", () => {
  it.each([
    [400, BadRequestError],
    [401, AuthenticationError],
    [403, PermissionDeniedError],
    [404, NotFoundError],
    [429, RateLimitError],
    [500, InternalServerError],
    [503, InternalServerError],
  ])("%i is the official client's error of that kind, streamed or not", async (status, kind) => {
    const client = clientOf(upstream.url);
    for (const stream of [false, true]) {
      const call = client.chat.completions.create({ model: "gpt-4o", stream, messages: [orders({ status })] });
      await expect(call).rejects.toThrow(kind);
    }
  });

  it("429 says when to come back, and a retrying client does", async () => {
    const answer = await chat({ messages: [orders({ status: 429 })] });
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(answer.headers.get("x-request-id")).toMatch(/^req_/);
    await fetch(`${upstream.url}/double/faults`, {
      method: "POST",
      body: JSON.stringify({ kind: "error", path: "/v1/chat/completions", status: 429, times: 1 }),
    });
    const client = new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: "double_key_1234", maxRetries: 1 });
    const retried = await client.chat.completions.create({
      model: "gpt-4o",
      messages: [{ role: "user", content: "Hello" }],
    });
    expect(retried.choices).toHaveLength(1);
  });
});

describe("a wrong request is refused as OpenAI does", () => {
  it.each([
    [{ messages: undefined }, "messages", "missing_required_parameter"],
    [{ messages: [] }, "messages", "invalid_value"],
    [{ messages: "Hello" }, "messages", "invalid_type"],
    [{ messages: [{ role: "robot", content: "x" }] }, "messages[0].role", "invalid_value"],
    [{ messages: hello, max_tokens: 0 }, "max_tokens", "integer_below_min_value"],
    [{ messages: hello, max_tokens: 1, max_completion_tokens: 1 }, "max_tokens", null],
    [{ messages: hello, stream_options: { include_usage: true } }, "stream_options", null],
    [{ messages: [orders({ chunk: 3 })] }, null, "double_orders"],
  ])("%o", async (body, param, code) => {
    const answer = await chat(body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { type: "invalid_request_error", param, code } });
  });

  it("without a model, with an unknown one, with a body that is no JSON, on an unknown path", async () => {
    const noModel = await post("/v1/chat/completions", { messages: hello });
    expect(await noModel.text()).toContain("you must provide a model parameter");
    const unknown = await chat({ model: "gpt-9", messages: hello });
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ error: { code: "model_not_found" } });
    const broken = await post("/v1/chat/completions", "{");
    expect(broken.status).toBe(400);
    expect((await post("/v1/chat/complete", {})).status).toBe(404);
  });
});

describe("what the upstream has received", () => {
  it("is listed with method, path, model, the end of the key and how it ended, and can be forgotten", async () => {
    const body = { messages: [orders({ prompt_tokens: 5, completion_tokens: 3 })], max_tokens: 9 };
    await (await chat(body)).text();
    await (await chat({ messages: [orders({ status: 500 })] })).text();
    expect(await seenBy(upstream.url)).toMatchObject([
      {
        id: 1,
        method: "POST",
        path: "/v1/chat/completions",
        model: "gpt-4o",
        auth_suffix: "1234",
        max_tokens: 9,
        status: 200,
        ended: "complete",
        usage: { prompt_tokens: 5, completion_tokens: 3 },
        delivered_tokens: 3,
      },
      { id: 2, status: 500, ended: "complete", usage: null, delivered_tokens: 0 },
    ]);
    await fetch(`${upstream.url}/double/requests`, { method: "DELETE" });
    expect(await seenBy(upstream.url)).toEqual([]);
  });

  it("is nobody else's business", async () => {
    const answer = await fetch(`${upstream.url}/double/requests`, { headers: { "x-forwarded-for": "203.0.113.9" } });
    expect(answer.status).toBe(403);
  });
});
