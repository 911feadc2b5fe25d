import { randomBytes } from "node:crypto";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context } from "hono";
import * as z from "zod";
import type { DoubleEnv } from "../kit/env.ts";
import { Content, contentTokens, standOf } from "./conversation.ts";
import { deliverJson, deliverStream } from "./deliver.ts";
import { enterWith, refuse, takeOrders, type Upstream } from "./door.ts";
import { type Asked, planAnswer } from "./plan.ts";
import { invalid } from "./problem.ts";
import { responseBody, type ResponseHead } from "./responseBody.ts";
import { responsesDialect } from "./responsesStream.ts";
import { countTokens } from "./tokens.ts";
import type { ToolChoice } from "./tools.ts";

const Item = z.looseObject({
  type: z.string().optional(),
  role: z.string().optional(),
  content: Content.nullish(),
  /** Of a `function_call_output`. */
  output: Content.nullish(),
});

const NamedFunction = z.looseObject({
  type: z.literal("function"),
  name: z.string(),
  parameters: z.unknown().optional(),
});

/** The fields of a request that change the double's answer; it takes all others. */
const ResponsesRequest = z.looseObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(Item).min(1)]),
  instructions: z.string().nullish(),
  stream: z.boolean().nullish(),
  max_output_tokens: z.int().min(16).nullish(),
  previous_response_id: z.string().nullish(),
  tools: z.array(z.looseObject({ type: z.string() })).nullish(),
  tool_choice: z.unknown().optional(),
});
type ResponsesRequest = z.infer<typeof ResponsesRequest>;

/** `POST /v1/responses`, streamed and not. Nothing is stored: `previous_response_id` is never found. */
export async function responses(c: Context<DoubleEnv>, upstream: Upstream): Promise<Response> {
  const entered = await enterWith(c, upstream, ResponsesRequest);
  if (entered.kind === "refused") return entered.response;
  const { body, seen } = entered;
  const streamed = body.stream === true;
  seen.stream = streamed;
  seen.max_tokens = body.max_output_tokens ?? null;
  seen.include_usage = true;
  if (typeof body.previous_response_id === "string") {
    const message = `Previous response with id '${body.previous_response_id}' not found.`;
    return refuse(seen, invalid(message, { param: "previous_response_id", code: "previous_response_not_found" }))
      .response;
  }
  const items = typeof body.input === "string" ? [{ role: "user", content: body.input }] : body.input;
  const { said, toolResult } = standOf(items.map(turnOf));
  const ordered = await takeOrders(c, said, seen);
  if (ordered.kind === "refused") return ordered.response;
  const plan = planAnswer({ ...askedOf(body, items), text: ordered.text, toolResult }, ordered.orders);
  const head: ResponseHead = {
    id: `resp_${randomBytes(16).toString("hex")}`,
    itemId: `${plan.toolName === null ? "msg" : "fc"}_${randomBytes(16).toString("hex")}`,
    callId: `call_${randomBytes(12).toString("hex")}`,
    createdAt: Math.floor(upstream.now() / 1000),
    model: body.model,
    maxOutputTokens: body.max_output_tokens ?? null,
    instructions: body.instructions ?? null,
  };
  const out = c.env.outgoing;
  if (streamed) await deliverStream(out, plan, responsesDialect(head, plan), seen);
  else await deliverJson(out, plan, responseBody(head, plan, "ended"), seen);
  return RESPONSE_ALREADY_SENT;
}

type Item = z.infer<typeof Item>;

function turnOf(item: Item): Parameters<typeof standOf>[0][number] {
  if (item.type === "function_call_output") return { from: "tool", content: item.output };
  return { from: item.role === "user" ? "user" : "other", content: item.content };
}

function askedOf(body: ResponsesRequest, items: readonly Item[]): Omit<Asked, "text" | "toolResult"> {
  const tools = body.tools ?? [];
  const toolTokens = tools.reduce((sum, tool) => sum + countTokens(JSON.stringify(tool)), 0);
  const inputTokens = items.reduce((sum, item) => sum + contentTokens(item.content) + contentTokens(item.output), 0);
  return {
    promptTokens: countTokens(body.instructions ?? "") + toolTokens + inputTokens,
    tools: tools.flatMap((tool) => {
      const parsed = NamedFunction.safeParse(tool);
      return parsed.success ? [{ name: parsed.data.name, parameters: parsed.data.parameters }] : [];
    }),
    toolChoice: toolChoiceOf(body.tool_choice),
    maxTokens: body.max_output_tokens ?? null,
    choices: 1,
  };
}

function toolChoiceOf(given: unknown): ToolChoice {
  if (given === "none" || given === "required") return given;
  const named = NamedFunction.safeParse(given);
  return named.success ? { name: named.data.name } : "auto";
}
