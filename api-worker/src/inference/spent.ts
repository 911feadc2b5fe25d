import type { ModelAnswer } from "./call.ts";
import type { ModelRequest } from "./request.ts";

/**
 * What a hosted OpenClaw is answered when its owner's credits are used up: words of an assistant, with status 200. An error would be
 * read by it as one of the provider's, which it then leaves alone for ten minutes, whatever is paid in meanwhile; and its
 * owner would never see where to top up.
 */
export function spentAnswer(request: ModelRequest, topUpUrl: string, now: number): ModelAnswer {
  const text = `Your credits are used up. Top up at ${topUpUrl}, then ask again.`;
  const head = {
    id: `chatcmpl-${crypto.randomUUID()}`,
    created: Math.floor(now / 1000),
    model: request.model,
  };
  const message = { role: "assistant", content: text };
  const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  if (!request.isStream) {
    const choice = { index: 0, message, finish_reason: "stop", logprobs: null };
    const body = JSON.stringify({ ...head, object: "chat.completion", choices: [choice], usage });
    return { kind: "answered", headers: { "content-type": "application/json" }, body };
  }
  const chunk = (choices: readonly object[], more: object = {}) =>
    `data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", choices, ...more })}\n\n`;
  const events = [
    chunk([{ index: 0, delta: message, finish_reason: null }]),
    chunk([{ index: 0, delta: {}, finish_reason: "stop" }]),
    ...(request.wantsUsage ? [chunk([], { usage })] : []),
    "data: [DONE]\n\n",
  ];
  const headers = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache, no-transform" };
  return { kind: "answered", headers, body: events.join("") };
}
