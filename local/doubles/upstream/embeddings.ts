import { createHash } from "node:crypto";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context } from "hono";
import * as z from "zod";
import type { DoubleEnv } from "../kit/env.ts";
import { deliverJson } from "./deliver.ts";
import { enterWith, takeOrders, type Upstream } from "./door.ts";
import { type Asked, planAnswer } from "./plan.ts";
import { countTokens } from "./tokens.ts";

/** One thing to embed: a text, or the ids of its tokens. */
const Input = z.union([
  z
    .string()
    .min(1)
    .transform((text) => ({ text, tokens: countTokens(text) })),
  z
    .array(z.int().min(0))
    .min(1)
    .transform((ids) => ({ text: ids.join(" "), tokens: ids.length })),
]);

const EmbeddingsRequest = z.looseObject({
  model: z.string().min(1),
  input: z.union([Input.transform((one) => [one]), z.array(Input).min(1).max(2048)]),
  encoding_format: z.enum(["float", "base64"]).nullish(),
  dimensions: z.int().min(1).max(4096).nullish(),
});

/** `POST /v1/embeddings`. The same input has the same vector at every run; orders stand in the last input. */
export async function embeddings(c: Context<DoubleEnv>, upstream: Upstream): Promise<Response> {
  const entered = await enterWith(c, upstream, EmbeddingsRequest);
  if (entered.kind === "refused") return entered.response;
  const { body, seen } = entered;
  const inputs = body.input;
  const ordered = await takeOrders(c, inputs.at(-1)?.text ?? "", seen);
  if (ordered.kind === "refused") return ordered.response;
  const asked: Asked = {
    text: "",
    toolResult: null,
    promptTokens: inputs.reduce((sum, input) => sum + input.tokens, 0),
    tools: [],
    toolChoice: "none",
    // Nothing is said: the plan carries the prompt's tokens and what was ordered.
    maxTokens: 0,
    choices: 1,
  };
  const plan = planAnswer(asked, ordered.orders);
  const dimensions = body.dimensions ?? (body.model.includes("large") ? 3072 : 1536);
  const answer = {
    object: "list",
    model: body.model,
    data: inputs.map((input, index) => {
      const vector = vectorOf(input.text, dimensions);
      const embedding = body.encoding_format === "base64" ? base64(vector) : Array.from(vector);
      return { object: "embedding", index, embedding };
    }),
    ...(plan.usageTimes === 0 ? {} : { usage: { prompt_tokens: plan.promptTokens, total_tokens: plan.promptTokens } }),
  };
  await deliverJson(c.env.outgoing, plan, answer, seen);
  return RESPONSE_ALREADY_SENT;
}

/** A vector of length 1 whose direction is drawn from the text's digest. */
function vectorOf(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  for (let at = 0; at < dimensions; at += 8) {
    const digest = createHash("sha256").update(`${at}:${text}`).digest();
    for (let i = 0; i < 8 && at + i < dimensions; i += 1) vector[at + i] = digest.readInt32LE(i * 4) / 2 ** 31;
  }
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

function base64(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64");
}
