import { randomBytes } from "node:crypto";
import type { ChatCompletion } from "openai/resources/chat/completions";
import type { CompletionUsage } from "openai/resources/completions";
import type { Plan } from "./plan.ts";

/** What every chunk of a completion repeats. */
export interface ChatHead {
  id: string;
  /** Seconds since 1970. */
  created: number;
  model: string;
}

/** A plan's usage in OpenAI's fields. */
export function usageOf(plan: Plan): CompletionUsage {
  return {
    prompt_tokens: plan.promptTokens,
    completion_tokens: plan.completionTokens,
    total_tokens: plan.promptTokens + plan.completionTokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  };
}

/** A whole completion in one body. */
export function completion(head: ChatHead, plan: Plan): ChatCompletion {
  const said = plan.pieces.join("");
  return {
    ...head,
    object: "chat.completion",
    choices: Array.from({ length: plan.choices }, (_, index) => ({
      index,
      message: {
        role: "assistant" as const,
        content: plan.toolName === null ? said : null,
        refusal: null,
        ...(plan.toolName === null
          ? {}
          : {
              tool_calls: [
                { id: callId(), type: "function" as const, function: { name: plan.toolName, arguments: said } },
              ],
            }),
      },
      logprobs: null,
      finish_reason: plan.finish,
    })),
    ...(plan.usageTimes === 0 ? {} : { usage: usageOf(plan) }),
  };
}

/** A fresh id for a tool call. */
export function callId(): string {
  return `call_${randomBytes(12).toString("hex")}`;
}
