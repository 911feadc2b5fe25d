import { BALANCE_HEADER, InferenceError } from "@oa/contract";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  chat,
  creditsOf,
  expireHolds,
  keyInfo,
  ledgerSum,
  newKey,
  newSpender,
  settled,
  type Spender,
  standingOf,
  upstreamSeen,
} from "./support/credits.ts";
import { untilApiAnswers } from "./support/api.ts";
import { startTestStack, type TestStack } from "./support/stack.ts";

/** What 100,000 tokens of gpt-4o behind a prompt of 1,000 cost: $1.0025. */
const DEAR = { prompt_tokens: 1000, completion_tokens: 100_000, chunks: 1 };
const DEAR_MICROUSD = 1_002_500;

/** gpt-4o: $2.50 and $10 for a million tokens. */
function gpt4o(prompt: number, completion: number): number {
  return Math.ceil(prompt * 2.5 + completion * 10);
}

describe("credits are spent, and never more than there are", () => {
  let stack: TestStack;

  beforeAll(async () => {
    stack = await startTestStack();
  });
  afterAll(() => stack.dispose());

  /** The books of an account that nothing is under way for. */
  async function expectBalanced(spender: Spender): Promise<void> {
    const standing = await settled(stack, spender.userId);
    const ledger = await ledgerSum(stack, spender);
    expect(ledger.sum).toBe(standing.posted_microusd);
    expect(standing.posted_microusd).toBeGreaterThanOrEqual(0);
  }

  it("fifty calls of $1.0025 at once on $5.00: exactly four pass", async () => {
    const spender = await newSpender(stack, "race@example.com");
    const calls = await Promise.all(
      Array.from({ length: 50 }, () => chat(stack, spender.jwt, DEAR, { max_tokens: 100_000 })),
    );
    const passed = calls.filter((call) => call.status === 200);
    const refused = calls.filter((call) => call.status === 402);
    expect([passed.length, refused.length]).toEqual([4, 46]);
    await Promise.all(passed.map((call) => call.text()));
    const [first] = refused;
    const { error } = InferenceError.parse(await first?.json());
    expect(error).toMatchObject({ code: "INSUFFICIENT_CREDITS", type: "insufficient_quota", limit_source: "balance" });
    expect(error.message).toMatch(/insufficient credits/i);
    expect(first?.headers.get("x-should-retry")).toBe("false");

    const standing = await settled(stack, spender.userId);
    expect(standing.posted_microusd).toBe(5_000_000 - 4 * DEAR_MICROUSD);
    await expectBalanced(spender);
  });

  it("a key with $1 a day spends no more than that, however many calls at once, and its info tells the truth", async () => {
    const spender = await newSpender(stack, "key@example.com");
    const key = await newKey(stack, spender, { name: "day", credit_limit: 1, limit_reset: "daily" });
    const quarter = { prompt_tokens: 1000, completion_tokens: 24_000, chunks: 1 };
    const calls = await Promise.all(
      Array.from({ length: 20 }, () => chat(stack, key.key, quarter, { max_tokens: 24_000 })),
    );
    expect(calls.filter((call) => call.status === 200)).toHaveLength(4);
    const { error } = InferenceError.parse(await calls.find((call) => call.status === 402)?.json());
    expect(error).toMatchObject({ code: "CREDIT_LIMIT_EXCEEDED", limit_source: "key" });
    expect(error.message).toMatch(/daily limit reached, resets/i);
    expect(Date.parse(error.reset_at ?? "")).toBeGreaterThan(Date.now());

    await settled(stack, spender.userId);
    const spent = (4 * gpt4o(1000, 24_000)) / 1_000_000;
    const info = await keyInfo(stack, spender, key.hash);
    expect(info).toMatchObject({ usage: spent, usage_daily: spent, usage_weekly: spent, usage_monthly: spent });
    expect(info.requests_count).toBe(4);
    expect(info.model_usage).toEqual([{ model: "gpt-4o", requests: 4, tokens: 4 * 25_000, cost: spent }]);
    // The rest of the account is untouched by the key's own limit.
    expect((await chat(stack, spender.jwt, { completion_tokens: 10 })).status).toBe(200);
    await expectBalanced(spender);
  });

  it("an answer that is cut after any chunk costs what was delivered, and nothing is left held", async () => {
    const spender = await newSpender(stack, "cut@example.com");
    const chunks = 5;
    for (let cut = 0; cut <= chunks; cut += 1) {
      const before = (await settled(stack, spender.userId)).posted_microusd;
      const call = await chat(
        stack,
        spender.jwt,
        { prompt_tokens: 100, completion_tokens: 1000, chunks, cut_at: cut },
        { stream: true, max_tokens: 2000 },
      );
      expect(call.status).toBe(200);
      await call.text().catch(() => undefined);
      const cost = before - (await settled(stack, spender.userId)).posted_microusd;
      const delivered = (await upstreamSeen(stack)).at(-1)?.delivered_tokens ?? 0;
      expect(delivered).toBe((1000 / chunks) * cut);
      // An upper bound: our count of what went through, never the whole answer that was held for.
      expect(cost).toBeGreaterThanOrEqual(delivered * 10);
      expect(cost).toBeLessThanOrEqual(gpt4o(400, 2.5 * delivered + 50));
    }
    await expectBalanced(spender);
  });

  it("a caller who leaves pays for what came, and the upstream is let go at once", async () => {
    const spender = await newSpender(stack, "abort@example.com");
    const leaving = new AbortController();
    const call = await chat(
      stack,
      spender.jwt,
      { prompt_tokens: 100, completion_tokens: 4000, chunks: 400, delay_ms: 25 },
      { stream: true, signal: leaving.signal },
    );
    const reader = call.body?.getReader();
    for (let read = 0; read < 5; read += 1) await reader?.read();
    expect((await standingOf(stack, spender.userId)).held_microusd).toBeGreaterThan(0);
    leaving.abort();
    await reader?.read().catch(() => undefined);

    const standing = await settled(stack, spender.userId);
    const cost = 5_000_000 - standing.posted_microusd;
    const seen = (await upstreamSeen(stack)).at(-1);
    expect(seen?.ended).toBe("aborted");
    expect(seen?.delivered_tokens).toBeLessThan(4000);
    expect(cost).toBeGreaterThanOrEqual(5 * 10 * 10);
    expect(cost).toBeLessThan(gpt4o(400, 4000));
    await expectBalanced(spender);
  });

  it("usage that is missing is estimated, usage that comes twice is charged once, zero stays zero", async () => {
    const spender = await newSpender(stack, "usage@example.com");
    const costOf = async (orders: Parameters<typeof chat>[2]): Promise<number> => {
      const before = (await settled(stack, spender.userId)).posted_microusd;
      const call = await chat(stack, spender.jwt, orders, { stream: true, max_tokens: 2000 });
      const text = await call.text();
      // Nobody asked for it, so the chunk that tells the usage stays inside.
      expect(text).not.toContain('"usage":{');
      return before - (await settled(stack, spender.userId)).posted_microusd;
    };
    const told = gpt4o(1000, 400);
    expect(await costOf({ prompt_tokens: 1000, completion_tokens: 400 })).toBe(told);
    expect(await costOf({ prompt_tokens: 1000, completion_tokens: 400, repeat_usage: true })).toBe(told);
    const estimated = await costOf({ prompt_tokens: 1000, completion_tokens: 400, omit_usage: true });
    expect(estimated).toBeGreaterThanOrEqual(400 * 10);
    expect(estimated).toBeLessThanOrEqual(gpt4o(400, 1000));
    expect(await costOf({ prompt_tokens: 0, completion_tokens: 0 })).toBe(0);
    await expectBalanced(spender);
  });

  it("an upstream that refuses or fails before a token costs nothing", async () => {
    const spender = await newSpender(stack, "errors@example.com");
    const statuses = await Promise.all(
      [400, 401, 404, 429, 500, 503].map(async (status) => (await chat(stack, spender.jwt, { status })).status),
    );
    expect(statuses).toEqual([400, 502, 404, 429, 502, 502]);
    const unknown = await chat(stack, spender.jwt, {}, { model: "no-such-model" });
    expect(unknown.status).toBe(400);
    expect(InferenceError.parse(await unknown.json()).error.code).toBe("MODEL_NOT_FOUND");
    expect((await settled(stack, spender.userId)).posted_microusd).toBe(5_000_000);
    await expectBalanced(spender);
  });

  it("without a length of their own, callers get what is left, and the upstream is told so", async () => {
    const spender = await newSpender(stack, "clamp@example.com");
    // $0.97 remain, and no room for another dear call; a call that names no length still passes.
    for (let call = 0; call < 4; call += 1)
      await (await chat(stack, spender.jwt, DEAR, { max_tokens: 100_000 })).text();
    const rest = (await settled(stack, spender.userId)).available_microusd;
    expect((await chat(stack, spender.jwt, DEAR, { max_tokens: 100_000 })).status).toBe(402);
    const call = await chat(stack, spender.jwt, { prompt_tokens: 100, completion_tokens: 500 });
    expect(call.status).toBe(200);
    expect(Number(call.headers.get(BALANCE_HEADER))).toBeLessThan(rest / 1_000_000);
    const told = (await upstreamSeen(stack)).at(-1)?.max_tokens ?? Number.POSITIVE_INFINITY;
    expect(told * 10).toBeLessThanOrEqual(rest);
    await call.text();
    await expectBalanced(spender);
  });

  it("a Worker that is killed in the midst of a stream leaves a hold that ends by itself", async () => {
    const spender = await newSpender(stack, "killed@example.com");
    const call = await chat(
      stack,
      spender.jwt,
      { prompt_tokens: 100, completion_tokens: 4000, chunks: 400, delay_ms: 50 },
      { stream: true },
    );
    const reader = call.body?.getReader();
    for (let read = 0; read < 5; read += 1) await reader?.read();
    const { api } = stack.info().pids;
    if (api === undefined) throw new Error("the stack names no API process");
    process.kill(-api, "SIGKILL");
    await reader?.read().catch(() => undefined);

    const held = await standingOf(stack, spender.userId);
    expect(held.held_microusd).toBeGreaterThan(0);
    // Nobody can say how it ended. The money stays set aside until the hold's time is over, then the call is settled.
    await expireHolds(stack);
    const standing = await settled(stack, spender.userId);
    expect(standing.posted_microusd).toBeLessThan(5_000_000);
    expect(standing.posted_microusd).toBeGreaterThanOrEqual(5_000_000 - held.held_microusd);
    await untilApiAnswers(stack);
    expect((await chat(stack, spender.jwt, { completion_tokens: 10 })).status).toBe(200);
    await expectBalanced(spender);
  });

  it("the official client works unchanged: whole answers, streams, tools, and leaving", async () => {
    const spender = await newSpender(stack, "openai@example.com");
    const key = await newKey(stack, spender, { name: "openai package" });
    const client = new OpenAI({ apiKey: key.key, baseURL: `${stack.info().api}/v1`, maxRetries: 0 });

    const models = await client.models.list();
    expect(models.data.map(({ id }) => id)).toContain("gpt-4o-mini");

    const whole = await client.chat.completions.create({
      model: "gpt-4o-mini",
      messages: [{ role: "user", content: "Say hello." }],
    });
    expect(whole.choices[0]?.message.content).toContain("Say hello.");
    expect(whole.usage?.completion_tokens).toBeGreaterThan(0);

    let streamed = "";
    let usage = 0;
    for await (const chunk of await client.chat.completions.create({
      model: "gpt-4o-mini",
      messages: [{ role: "user", content: "Say hello again." }],
      stream: true,
      stream_options: { include_usage: true },
    })) {
      streamed += chunk.choices[0]?.delta.content ?? "";
      usage = chunk.usage?.total_tokens ?? usage;
    }
    expect(streamed).toContain("Say hello again.");
    expect(usage).toBeGreaterThan(0);

    const tools = await client.chat.completions.create({
      model: "gpt-4o-mini",
      messages: [{ role: "user", content: "Use the tool." }],
      tools: [
        {
          type: "function",
          function: { name: "lookup", parameters: { type: "object", properties: { word: { type: "string" } } } },
        },
      ],
      tool_choice: { type: "function", function: { name: "lookup" } },
    });
    expect(tools.choices[0]?.finish_reason).toBe("tool_calls");
    expect(tools.choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { name: "lookup" } });

    const stream = await client.chat.completions.create({
      model: "gpt-4o-mini",
      messages: [{ role: "user", content: '{"double":{"completion_tokens":2000,"chunks":200,"delay_ms":20}}' }],
      stream: true,
    });
    for await (const chunk of stream) {
      if ((chunk.choices[0]?.delta.content ?? "") !== "") break;
    }
    stream.controller.abort();

    const failed = client.chat.completions.create({ model: "no-such-model", messages: [] });
    await expect(failed).rejects.toMatchObject({ status: 400 });
    await settled(stack, spender.userId);
    const credits = await creditsOf(stack, spender);
    expect(credits.total_usage_microusd).toBeGreaterThan(0);
    await expectBalanced(spender);
  });
});
