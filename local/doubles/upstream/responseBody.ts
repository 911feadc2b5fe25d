import type {
  Response as OpenaiResponse,
  ResponseOutputItem,
  ResponseUsage,
} from "openai/resources/responses/responses";
import type { Plan } from "./plan.ts";

/** What stays the same while a response comes into being. */
export interface ResponseHead {
  id: string;
  itemId: string;
  callId: string;
  /** Seconds since 1970. */
  createdAt: number;
  model: string;
  maxOutputTokens: number | null;
  instructions: string | null;
}

/** `output_text` is made by OpenAI's own client; the wire does not have it. */
type WireResponse = Omit<OpenaiResponse, "output_text">;

/** A response at its beginning, or when it has ended: completed, or incomplete where `max_output_tokens` cut it. */
export function responseBody(head: ResponseHead, plan: Plan, phase: "begun" | "ended"): WireResponse {
  const cut = plan.finish === "length";
  const ended = phase === "ended";
  const usage = ended && plan.usageTimes > 0 ? { usage: usageOf(plan) } : {};
  return {
    id: head.id,
    object: "response",
    created_at: head.createdAt,
    status: ended ? (cut ? "incomplete" : "completed") : "in_progress",
    error: null,
    incomplete_details: ended && cut ? { reason: "max_output_tokens" } : null,
    instructions: head.instructions,
    max_output_tokens: head.maxOutputTokens,
    metadata: {},
    model: head.model,
    output: ended ? [outputItem(head, plan, plan.pieces.join(""), cut ? "incomplete" : "completed")] : [],
    parallel_tool_calls: true,
    previous_response_id: null,
    temperature: 1,
    tool_choice: "auto",
    tools: [],
    top_p: 1,
    ...usage,
  };
}

/** The one thing a response puts out: a message, or a call. */
export function outputItem(
  head: ResponseHead,
  plan: Plan,
  said: string,
  status: "in_progress" | "completed" | "incomplete",
): ResponseOutputItem {
  if (plan.toolName !== null) {
    const { itemId: id, callId: call_id } = head;
    return { type: "function_call", id, call_id, name: plan.toolName, arguments: said, status };
  }
  const content = status === "in_progress" ? [] : [outputText(said)];
  return { type: "message", id: head.itemId, role: "assistant", status, content };
}

/** The text part of a message. */
export function outputText(text: string): { type: "output_text"; text: string; annotations: []; logprobs: [] } {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

function usageOf(plan: Plan): ResponseUsage {
  return {
    input_tokens: plan.promptTokens,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: plan.completionTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: plan.promptTokens + plan.completionTokens,
  };
}
