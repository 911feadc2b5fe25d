import { microUsd } from "@oa/contract";
import { describe, expect, it } from "vitest";
import type { Ending } from "./answer.ts";
import { keyHider } from "./hiddenKey.ts";
import { chatMeter, responsesMeter } from "./meter.ts";
import type { Meter } from "./meter.ts";
import { LEFT, relayEvents } from "./stream.ts";

const FRAME = { answers: true, most: { input: 1_000_000, output: 1_000_000 } };
const encoder = new TextEncoder();

/** An upstream that sends these parts, and then closes, breaks or falls silent. */
function upstream(parts: readonly (string | Uint8Array)[], end: "closes" | "breaks" | "is silent" = "closes") {
  const rest = [...parts];
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const part = rest.shift();
      if (part !== undefined) controller.enqueue(typeof part === "string" ? encoder.encode(part) : part);
      else if (end === "closes") controller.close();
      else if (end === "breaks") controller.error(new Error("reset"));
      else return new Promise<void>(() => undefined);
      return undefined;
    },
  });
}

interface Options {
  wantsUsage?: boolean;
  meter?: Meter;
  idleMs?: number;
  stop?: AbortSignal;
}

async function relayed(
  body: ReadableStream<Uint8Array>,
  { wantsUsage = false, meter = chatMeter(1, FRAME), idleMs = 1000, stop = new AbortController().signal }: Options = {},
): Promise<{ parts: string[]; text: string; ending: Ending }> {
  const parts: string[] = [];
  const events = relayEvents({
    reader: body.getReader(),
    meter,
    wantsUsage,
    idleMs,
    stop,
    hideKey: keyHider({ apiKey: "0123abcd4567" }),
    moneyOf: () => ({ cost: microUsd(3500), available: microUsd(1_000_000) }),
    onPart: () => undefined,
    brokenOff: () => "data: BROKEN\n\n",
  });
  for (;;) {
    const next = await events.next();
    if (next.done === true) return { parts, text: parts.join(""), ending: next.value };
    parts.push(next.value);
  }
}

const piece = (content: string) => `data: {"choices":[{"index":0,"delta":{"content":${JSON.stringify(content)}}}]}\n\n`;
const finish = `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n`;
const usage = `data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":2}}\n\n`;
const done = "data: [DONE]\n\n";

describe("a stream passed on", () => {
  it("is word for word what the upstream wrote, event by event", async () => {
    const all = [piece("Hel"), piece("lo"), finish, done];
    const { parts, text, ending } = await relayed(upstream(all));
    expect(text).toBe(all.join(""));
    expect(parts).toEqual(all);
    expect(ending).toBe("whole");
  });

  it("is the same however the network cuts it, within characters too", async () => {
    const text = piece("Grüße, 世界 🌍") + finish + usage + done;
    const bytes = encoder.encode(text);
    const expected = text.replace(usage, "");
    for (const size of [1, 2, 3, 7, 1000]) {
      const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.slice(index * size, (index + 1) * size),
      );
      const meter = chatMeter(1, FRAME);
      expect((await relayed(upstream(parts), { meter })).text).toBe(expected);
      expect(meter.told()?.usage).toMatchObject({ input: 10, output: 2 });
    }
  });

  it("may have any of the forms of server-sent events", async () => {
    const meter = chatMeter(1, FRAME);
    const odd = [
      ": keep-alive\r\n\r\n",
      'data:{"choices":[{"index":0,"delta":{"content":"a"}}]}\r\n\r\n',
      'event: message\ndata: {"choices":[{"index":0,\ndata: "delta":{"content":"b"}}]}\n\n',
      `${finish}data:[DONE]\r\r`,
    ];
    const { text, ending } = await relayed(upstream(odd), { meter });
    expect(text).toContain(":keep-alive\n\n");
    expect(text).toContain('data: "delta":{"content":"b"}}]}\n\n');
    expect(ending).toBe("whole");
    expect(meter.deliveredTokens()).toBe(2);
  });

  it("has the usage taken out of a piece too, for who did not ask", async () => {
    const both = `data: {"choices":[{"index":0,"delta":{"content":"x"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}\n\n`;
    const { text } = await relayed(upstream([both, finish, done]));
    expect(text).toContain('"usage":null');
    expect(text).toContain('"content":"x"');
    const asked = await relayed(upstream([both, finish, done]), { wantsUsage: true });
    expect(asked.text).toContain('"cost":0.0035');
  });

  it("ends at its last word, even if the upstream keeps the connection", async () => {
    const { ending } = await relayed(upstream([piece("a"), finish, usage, done], "is silent"), { idleMs: 60_000 });
    expect(ending).toBe("whole");
  });

  it("lasts whole where only its last empty line is missing, and drops half an event", async () => {
    const whole = await relayed(upstream([piece("a"), finish, "data: [DONE]\n"]));
    expect(whole.text).toContain("data: [DONE]\n\n");
    const half = await relayed(upstream([piece("a"), 'data: {"choices":[{"in']));
    expect(half.text).toBe(`${piece("a")}data: BROKEN\n\n`);
    expect(half.ending).toBe("cut");
  });

  it("that breaks, or is silent for too long, says so at its end", async () => {
    for (const end of ["breaks", "is silent"] as const) {
      const { text, ending } = await relayed(upstream([piece("a")], end), { idleMs: 30 });
      expect({ text, ending }).toEqual({ text: `${piece("a")}data: BROKEN\n\n`, ending: "cut" });
    }
  });

  it("nobody waits for any more is left at once", async () => {
    const stop = AbortSignal.abort(LEFT);
    expect(await relayed(upstream([], "is silent"), { stop, idleMs: 60_000 })).toEqual({
      parts: [],
      text: "",
      ending: "left",
    });
  });

  it("with a vendor's key in its error has it taken out", async () => {
    const error = `data: {"error":{"message":"bad key sk-live-0123456789abcdef in org-abcdef","type":"server_error"}}\n\n`;
    const { text, ending } = await relayed(upstream([piece("a"), error]));
    expect(ending).toBe("failed");
    expect(text).toContain("server_error");
    expect(text).not.toMatch(/0123456789|abcdef/);
  });

  it("with a vendor's key anywhere else in it has it taken out too", async () => {
    const raw =
      '{"error":{"message":"upstream 0123abcd4567","code":502,"metadata":{"raw":"key 0123abcd4567","user":"u"}}}';
    const chat = await relayed(upstream([`: via 0123abcd4567\n\n`, piece("0123abcd4567"), `data: ${raw}\n\n`]));
    expect(chat.text).not.toMatch(/0123abcd4567|metadata/);
    expect(chat.text).toContain('"code":502');
    const failed = {
      type: "response.failed",
      response: { id: "resp_1", error: { code: "server_error", message: "bad key sk-live-0123456789abcdef" } },
    };
    const body = `event: response.failed\ndata: ${JSON.stringify(failed)}\n\n`;
    const responses = await relayed(upstream([body]), { meter: responsesMeter(FRAME) });
    expect(responses).toMatchObject({ ending: "failed" });
    expect(responses.text).toContain('"code":"server_error"');
    expect(responses.text).toContain('"id":"resp_1"');
    expect(responses.text).not.toContain("0123456789");
  });

  it("with an event of twenty megabytes is ended instead of kept", async () => {
    const huge = Array.from({ length: 20 }, () => "x".repeat(1024 * 1024));
    const { ending, text } = await relayed(upstream([piece("a"), "data: ", ...huge], "is silent"), { idleMs: 60_000 });
    expect(ending).toBe("cut");
    expect(text).toContain("BROKEN");
  });
});

describe("what was delivered", () => {
  it("counts words, reasoning, names and arguments of calls, and no more", async () => {
    const meter = chatMeter(1, FRAME);
    const delta = {
      role: "assistant",
      content: "ab",
      reasoning_content: "cd",
      tool_calls: [
        { index: 0, id: "call_not_counted", type: "function", function: { name: "ef", arguments: '{"g":1}' } },
      ],
    };
    meter.take({ choices: [{ index: 0, delta, finish_reason: null }] });
    // 2 + 2 + 2 + 7 bytes, two for a token, and one part in twenty more.
    expect(meter.deliveredTokens()).toBe(Math.ceil(6.5 * 1.05));
    expect(meter.isFinished()).toBe(false);
  });

  it("of several answers is whole when the last of them is", async () => {
    const end = (index: number) => `data: {"choices":[{"index":${index},"delta":{},"finish_reason":"stop"}]}\n\n`;
    const one = await relayed(upstream([piece("a"), end(1)]), { meter: chatMeter(2, FRAME) });
    expect(one.ending).toBe("cut");
    const both = await relayed(upstream([piece("a"), end(1), end(0)]), { meter: chatMeter(2, FRAME) });
    expect(both.ending).toBe("whole");
  });
});
