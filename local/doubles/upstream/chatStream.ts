import type { ChatCompletionChunk } from "openai/resources/chat/completions";
import { callId, type ChatHead, usageOf } from "./chatBody.ts";
import type { Dialect } from "./deliver.ts";
import type { Plan } from "./plan.ts";
import { problemBody } from "./problem.ts";

type Delta = ChatCompletionChunk.Choice.Delta;
type Finish = ChatCompletionChunk.Choice["finish_reason"];

/** Chat completion chunks: a role, the pieces, a finish, the usage if it was asked for, `[DONE]`. */
export function chatDialect(head: ChatHead, plan: Plan, includeUsage: boolean): Dialect {
  const ids = Array.from({ length: plan.choices }, () => callId());
  const chunk = (choices: ChatCompletionChunk.Choice[], usage: ChatCompletionChunk["usage"]): string => {
    const body: ChatCompletionChunk = {
      ...head,
      object: "chat.completion.chunk",
      choices,
      // With include_usage every chunk has the field, null until the last; without it none has.
      ...(includeUsage ? { usage: usage ?? null } : {}),
    };
    return `data: ${JSON.stringify(body)}\n\n`;
  };
  const toEach = (deltaOf: (id: string) => Delta, finish: Finish): string[] =>
    ids.map((id, index) => chunk([{ index, delta: deltaOf(id), logprobs: null, finish_reason: finish }], null));
  const { toolName } = plan;
  return {
    opening: () =>
      toolName === null
        ? toEach(() => ({ role: "assistant", content: "", refusal: null }), null)
        : toEach(
            (id) => ({
              role: "assistant",
              content: null,
              tool_calls: [{ index: 0, id, type: "function", function: { name: toolName, arguments: "" } }],
            }),
            null,
          ),
    piece: (text) =>
      toEach(
        () => (toolName === null ? { content: text } : { tool_calls: [{ index: 0, function: { arguments: text } }] }),
        null,
      ),
    closing: () => {
      const finish = toEach(() => ({}), plan.finish);
      const times = includeUsage ? plan.usageTimes : 0;
      return [...finish, ...Array.from({ length: times }, () => chunk([], usageOf(plan))), "data: [DONE]\n\n"];
    },
    failure: (problem) => [`data: ${JSON.stringify(problemBody(problem))}\n\n`],
  };
}
