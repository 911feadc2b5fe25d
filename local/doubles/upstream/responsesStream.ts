import type { Dialect } from "./deliver.ts";
import type { Plan } from "./plan.ts";
import { outputItem, outputText, responseBody, type ResponseHead } from "./responseBody.ts";

/** The events of the Responses API, numbered, each under its own name; the usage stands in the last. */
export function responsesDialect(head: ResponseHead, plan: Plan): Dialect {
  let sequence = 0;
  const event = (type: string, fields: object): string => {
    const data = JSON.stringify({ type, sequence_number: sequence, ...fields });
    sequence += 1;
    return `event: ${type}\ndata: ${data}\n\n`;
  };
  const said = plan.pieces.join("");
  const item = { item_id: head.itemId, output_index: 0 };
  const part = { ...item, content_index: 0 };
  const isCall = plan.toolName !== null;
  return {
    opening: () => [
      event("response.created", { response: responseBody(head, plan, "begun") }),
      event("response.in_progress", { response: responseBody(head, plan, "begun") }),
      event("response.output_item.added", { output_index: 0, item: outputItem(head, plan, "", "in_progress") }),
      ...(isCall ? [] : [event("response.content_part.added", { ...part, part: outputText("") })]),
    ],
    piece: (text) => [
      isCall
        ? event("response.function_call_arguments.delta", { ...item, delta: text })
        : event("response.output_text.delta", { ...part, delta: text, logprobs: [] }),
    ],
    closing: () => {
      const status = plan.finish === "length" ? "incomplete" : "completed";
      const done = isCall
        ? [event("response.function_call_arguments.done", { ...item, arguments: said, name: plan.toolName })]
        : [
            event("response.output_text.done", { ...part, text: said, logprobs: [] }),
            event("response.content_part.done", { ...part, part: outputText(said) }),
          ];
      const itemDone = event("response.output_item.done", {
        output_index: 0,
        item: outputItem(head, plan, said, status),
      });
      const last = Array.from({ length: Math.max(1, plan.usageTimes) }, () =>
        event(`response.${status}`, { response: responseBody(head, plan, "ended") }),
      );
      return [...done, itemDone, ...last];
    },
    failure: ({ code, message, param }) => [event("error", { code, message, param })],
  };
}
