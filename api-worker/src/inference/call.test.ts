import { NO_USAGE, holdFor, microUsd } from "@oa/contract";
import type { CreditOp, CreditOpResult, ModelPrice } from "@oa/contract";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { callModel } from "./call.ts";
import type { CallContext } from "./call.ts";
import { ChatBody, chatRequest } from "./request.ts";

/** Calls against an upstream that answers whatever a test says, as no vendor's double would. */

const KEY = "0123abcd4567ef89";
const price: ModelPrice = {
  model: "m",
  version: "1",
  rates: {
    input: 1_000_000,
    output: 1_000_000,
    cache_read: 500_000,
    cache_write_5m: 1_000_000,
    cache_write_1h: 1_000_000,
    reasoning: null,
  },
  tiers: [],
  per_request_microusd: 0,
  max_input_tokens: 128_000,
  max_output_tokens: null,
};

/** A desk that lets everything through, and remembers how holds ended. */
function openDesk() {
  const ends: CreditOp[] = [];
  const submit = (_userId: string, op: CreditOp): Promise<CreditOpResult> => {
    if (op.op === "authorize") {
      const max_output_tokens = op.max_output_tokens ?? 1000;
      return Promise.resolve({
        result: "granted",
        hold_id: op.hold_id,
        amount_microusd: holdFor(price, op.input_tokens, max_output_tokens * op.choices),
        max_output_tokens,
        price,
        available_microusd: microUsd(4_000_000),
        expires_at: Date.now() + op.ttl_ms,
      });
    }
    if (op.op !== "progress") ends.push(op);
    const result = op.op === "void" ? "voided" : "settled";
    return Promise.resolve({ result, cost_microusd: microUsd(0), available_microusd: microUsd(0) });
  };
  return { submit, ends };
}

/** Calls an upstream that answers with `answer`. `read` reads what the caller gets; `ends` tells how the hold ended. */
function world(answer: (init: RequestInit | undefined) => Response | Promise<Response>) {
  const requests: { url: string; init: RequestInit | undefined }[] = [];
  vi.stubGlobal("fetch", async (url: string, init?: RequestInit) => {
    requests.push({ url, init });
    return await answer(init);
  });
  const desk = openDesk();
  const work: Promise<void>[] = [];
  const left = new AbortController();
  const context: CallContext = {
    config: {
      upstreams: [
        {
          match: "*",
          endpoint: "https://models.example.com/v1",
          apiKey: KEY,
          model: null,
          onAbort: "cancel",
          maxTokensField: null,
        },
      ],
      models: null,
      startMs: 60_000,
      idleMs: 60_000,
    },
    desk,
    spender: { userId: "ada", keyId: null, secretHash: null, instanceId: null },
    requestId: "request-1",
    callerLeft: left.signal,
    after: (more) => void work.push(more),
  };
  const call = async (more: object = {}) => {
    const body = ChatBody.parse({
      model: "m",
      messages: [{ role: "user", content: "hello" }],
      max_tokens: 50,
      ...more,
    });
    const answered = await callModel(context, chatRequest(body));
    if (answered.kind === "refused") throw new Error("refused");
    const text = typeof answered.body === "string" ? answered.body : await new Response(answered.body).text();
    await Promise.all(work);
    return { headers: answered.headers, text };
  };
  return {
    call,
    stream: async () => await call({ stream: true }),
    /** What the caller of a call that fails is told. */
    failure: async (more: object = {}) => {
      const error = await call(more).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      await Promise.all(work);
      return error;
    },
    requests,
    ends: desk.ends,
    left,
  };
}

const json = (body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { headers: { "content-type": "application/json", ...headers } });
const answered = (usage: unknown) => ({
  object: "chat.completion",
  choices: [{ index: 0, message: { role: "assistant", content: "Hello." }, finish_reason: "stop" }],
  usage,
});
const sse = (...events: unknown[]) =>
  new Response(
    events.map((event) => `data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`).join(""),
    {
      headers: { "content-type": "text/event-stream" },
    },
  );
const piece = (content: string) => ({ choices: [{ index: 0, delta: { content } }] });
const finish = { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };
const usage = (input: number, output: number) => ({ prompt_tokens: input, completion_tokens: output });

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("what passes between a caller and the vendor", () => {
  it("is the request, with headers that are all ours", async () => {
    const { call, requests } = world(() => json(answered(usage(10, 3))));
    await call({ user: "someone\r\nx-evil: 1" });
    const headers = new Headers(requests[0]?.init?.headers);
    expect([...headers.keys()].toSorted()).toEqual([
      "accept",
      "authorization",
      "content-type",
      "idempotency-key",
      "user-agent",
    ]);
    expect(headers.get("authorization")).toBe(`Bearer ${KEY}`);
    expect(requests[0]?.url).toBe("https://models.example.com/v1/chat/completions");
    expect(requests[0]?.init?.redirect).toBe("manual");
  });

  it("is the answer, without one header of the vendor's and without its key", async () => {
    const theirs = {
      "set-cookie": "__Host-sid=stolen; Path=/; Secure",
      "openai-organization": "org-1",
      "x-occ-balance-usd": "1000000",
      "access-control-allow-origin": "*",
      "x-request-id": "theirs",
    };
    const said = { ...answered(usage(10, 3)), system_fingerprint: `via ${KEY}` };
    const whole = await world(() => json(said, theirs)).call();
    expect(Object.keys(whole.headers).toSorted()).toEqual([
      "content-type",
      "x-occ-balance-usd",
      "x-occ-cost-usd",
      "x-occ-hold-usd",
    ]);
    expect(whole.headers["x-occ-balance-usd"]).not.toBe("1000000");
    expect(whole.text).not.toContain(KEY);
    const streamed = await world(() => sse(piece(`my key is ${KEY}`), finish, "[DONE]")).stream();
    expect(streamed.text).not.toContain(KEY);
  });
});

describe("a vendor that counts oddly", () => {
  it.each([
    ["nothing", null],
    ["a hundred million tokens", usage(100_000_000, 100_000_000)],
    ["less than nothing", usage(-5, -5)],
    ["words", { prompt_tokens: "many", completion_tokens: "more" }],
    ["parts of tokens", usage(1.5, 2.5)],
    ["a total of a hundred million", { ...usage(5, 5), total_tokens: 100_000_000 }],
  ])("and says %s: the call is charged by our own count, within its hold", async (_name, told) => {
    for (const isStream of [false, true]) {
      const { call, ends } = world(() =>
        isStream ? sse(piece("Hello."), finish, { choices: [], usage: told }, "[DONE]") : json(answered(told)),
      );
      await call({ stream: isStream });
      expect(ends).toMatchObject([{ op: "settle", usage_source: "estimated", outcome: "completed" }]);
      const [end] = ends;
      const { input, output } = end?.op === "settle" ? end.usage : NO_USAGE;
      expect(input).toBeLessThan(200);
      expect(output).toBeGreaterThan(0);
      expect(output).toBeLessThanOrEqual(50);
    }
  });

  it("and tells its usage before it breaks off, with nothing delivered: nothing is charged", async () => {
    const { stream, ends } = world(() => sse({ choices: [], usage: usage(90_000, 0) }));
    expect((await stream()).text).toContain("broke off");
    expect(ends).toMatchObject([{ op: "void" }]);
  });

  it("and starts its count at zero before it breaks off: the prompt is charged all the same", async () => {
    const { stream, ends } = world(() => sse({ ...piece("Hello"), usage: usage(0, 0) }));
    await stream();
    expect(ends).toMatchObject([{ op: "settle", outcome: "upstream_cut", usage_source: "estimated" }]);
    const [end] = ends;
    expect(end?.op === "settle" ? end.usage.input : 0).toBeGreaterThan(0);
  });
});

describe("a vendor that answers in another form", () => {
  it.each([
    ["null", json(null)],
    ["a number", json(7)],
    ["half of an object", new Response('{"choices": [', { headers: { "content-type": "application/json" } })],
    ["a page", new Response("<html>", { headers: { "content-type": "text/html" } })],
    ["no body", new Response(null, { status: 204 })],
    ["a stream nobody asked for", sse(piece("Hello."), finish, "[DONE]")],
    ["an error with status 200", json({ error: { message: `overloaded at ${KEY}`, code: 529 } })],
  ])("(%s) is an error, and nothing is charged", async (_name, response) => {
    const { failure, ends } = world(() => response);
    const error = await failure();
    expect(error).toMatchObject({ code: "upstream_error", status: 502 });
    expect(String(error)).not.toContain(KEY);
    expect(ends).toMatchObject([{ op: "void" }]);
  });

  it("in one body though a stream was asked for is passed on and charged", async () => {
    const { stream, ends } = world(() => json(answered(usage(10, 3))));
    const { headers, text } = await stream();
    expect([headers["content-type"], text]).toEqual(["application/json", JSON.stringify(answered(usage(10, 3)))]);
    expect(ends).toMatchObject([{ op: "settle", usage: { input: 10, output: 3 } }]);
  });

  it("and repeats its key in a refusal has it taken out, whatever it looks like", async () => {
    const refusal = {
      error: { message: `The header "Bearer ${KEY}" and ${KEY} were seen`, type: "invalid_request_error" },
    };
    const { failure } = world(() => new Response(JSON.stringify(refusal), { status: 400 }));
    const error = await failure();
    expect(error).toMatchObject({ code: "invalid_request" });
    expect(String(error)).not.toContain(KEY);
  });
});

describe("a vendor that does not come to an end", () => {
  const forever = (part: string, everyMs: number, type: string) =>
    new Response(
      new ReadableStream<Uint8Array>({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, everyMs));
          controller.enqueue(new TextEncoder().encode(part));
        },
      }),
      { headers: { "content-type": type } },
    );

  it("but sends signs of life for ever is left after a quarter of an hour, and nothing is charged", async () => {
    vi.useFakeTimers();
    const { stream, ends } = world(() => forever(": still here\n\n", 20_000, "text/event-stream"));
    const all = stream();
    await vi.advanceTimersByTimeAsync(16 * 60_000);
    expect((await all).text).toContain("broke off");
    expect(ends).toMatchObject([{ op: "void" }]);
  });

  it("and writes on and on beyond what was asked for is charged for no more than was held, if it says no count", async () => {
    vi.useFakeTimers();
    const { stream, ends } = world(() =>
      forever(`data: ${JSON.stringify(piece("word "))}\n\n`, 5_000, "text/event-stream"),
    );
    const all = stream();
    await vi.advanceTimersByTimeAsync(16 * 60_000);
    await all;
    expect(ends).toMatchObject([{ op: "settle", outcome: "upstream_cut", usage: { output: 50 } }]);
  });

  it("and drips one body for ever is left after a quarter of an hour, and nothing is charged", async () => {
    vi.useFakeTimers();
    const { failure, ends } = world(() => forever(" ", 30_000, "application/json"));
    const failed = failure();
    await vi.advanceTimersByTimeAsync(16 * 60_000);
    expect(await failed).toMatchObject({ code: "upstream_unreachable" });
    expect(ends).toMatchObject([{ op: "void" }]);
  });

  it("in one body of more than can be handed on is paid at what was held, because it was delivered", async () => {
    const megabyte = new TextEncoder().encode("x".repeat(1024 * 1024));
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1;
        controller.enqueue(megabyte);
      },
    });
    const { failure, ends } = world(() => new Response(body, { headers: { "content-type": "application/json" } }));
    expect(await failure()).toMatchObject({ code: "upstream_error" });
    expect(sent).toBeLessThan(20);
    expect(ends).toMatchObject([{ op: "settle", outcome: "upstream_error", usage: { output: 50 } }]);
  });
});
