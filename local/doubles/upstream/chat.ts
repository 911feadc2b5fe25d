import { randomBytes } from "node:crypto";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context } from "hono";
import * as z from "zod";
import type { DoubleEnv } from "../kit/env.ts";
import { type ChatHead, completion } from "./chatBody.ts";
import { chatDialect } from "./chatStream.ts";
import { Content, contentTokens, standOf } from "./conversation.ts";
import { deliverJson, deliverStream } from "./deliver.ts";
import { enterWith, refuse, takeOrders, type Upstream } from "./door.ts";
import { type Asked, planAnswer } from "./plan.ts";
import { invalid, type Problem } from "./problem.ts";
import { countTokens } from "./tokens.ts";
import type { ToolChoice } from "./tools.ts";

const Message = z.looseObject({
  role: z.enum(["system", "developer", "user", "assistant", "tool", "function"]),
  content: Content.nullish(),
  tool_calls: z.array(z.looseObject({})).nullish(),
});

const Named = z.looseObject({ type: z.literal("function"), function: z.looseObject({ name: z.string() }) });

/** The fields of a chat completion request that change the double's answer; it takes all others. */
const ChatRequest = z.looseObject({
  model: z.string().min(1),
  messages: z.array(Message).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  n: z.int().min(1).max(128).nullish(),
  tools: z.array(z.looseObject({ type: z.string() })).nullish(),
  tool_choice: z.unknown().optional(),
});
type ChatRequest = z.infer<typeof ChatRequest>;

/** `POST /v1/chat/completions`, streamed and not. */
export async function chatCompletions(c: Context<DoubleEnv>, upstream: Upstream): Promise<Response> {
  const entered = await enterWith(c, upstream, ChatRequest);
  if (entered.kind === "refused") return entered.response;
  const { body, seen } = entered;
  const streamed = body.stream === true;
  const maxTokens = body.max_completion_tokens ?? body.max_tokens ?? null;
  seen.stream = streamed;
  seen.max_tokens = maxTokens;
  seen.include_usage = body.stream_options?.include_usage === true;
  const contradiction = contradictionIn(body);
  if (contradiction !== null) return refuse(seen, contradiction).response;
  const { said, toolResult } = standOf(
    body.messages.map(({ role, content }) => ({ from: role === "user" || role === "tool" ? role : "other", content })),
  );
  const ordered = await takeOrders(c, said, seen);
  if (ordered.kind === "refused") return ordered.response;
  const plan = planAnswer({ ...askedOf(body), text: ordered.text, toolResult, maxTokens }, ordered.orders);
  const head: ChatHead = {
    id: `chatcmpl-${randomBytes(12).toString("hex")}`,
    created: Math.floor(upstream.now() / 1000),
    model: body.model,
  };
  const out = c.env.outgoing;
  if (streamed) await deliverStream(out, plan, chatDialect(head, plan, seen.include_usage), seen);
  else await deliverJson(out, plan, completion(head, plan), seen);
  return RESPONSE_ALREADY_SENT;
}

function contradictionIn(body: ChatRequest): Problem | null {
  if (typeof body.max_tokens === "number" && typeof body.max_completion_tokens === "number") {
    return invalid("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.", {
      param: "max_tokens",
    });
  }
  if (body.stream !== true && body.stream_options !== undefined && body.stream_options !== null) {
    return invalid("The 'stream_options' parameter is only allowed when 'stream' is enabled.", {
      param: "stream_options",
    });
  }
  return null;
}

function askedOf(body: ChatRequest): Omit<Asked, "text" | "toolResult" | "maxTokens"> {
  const tools = body.tools ?? [];
  const calls = body.messages.flatMap((message) => message.tool_calls ?? []);
  const jsonTokens = [...calls, ...tools].reduce((sum, value) => sum + countTokens(JSON.stringify(value)), 0);
  return {
    promptTokens: jsonTokens + body.messages.reduce((sum, message) => sum + contentTokens(message.content), 0),
    tools: tools.flatMap((tool) => {
      const parsed = OfferedFunction.safeParse(tool);
      return parsed.success ? [{ name: parsed.data.function.name, parameters: parsed.data.function.parameters }] : [];
    }),
    toolChoice: toolChoiceOf(body.tool_choice),
    choices: body.n ?? 1,
  };
}

const OfferedFunction = z.looseObject({
  type: z.literal("function"),
  function: z.looseObject({ name: z.string(), parameters: z.unknown().optional() }),
});

function toolChoiceOf(given: unknown): ToolChoice {
  if (given === "none" || given === "required") return given;
  const named = Named.safeParse(given);
  return named.success ? { name: named.data.function.name } : "auto";
}
