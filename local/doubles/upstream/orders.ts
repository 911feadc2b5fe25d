import * as z from "zod";
import { findObject } from "./json.ts";
import { invalid, type Problem } from "./problem.ts";

const MAX_TOKENS = 1_000_000;
const MAX_CHUNKS = 10_000;

/**
 * What a caller can order in its last user message: `{"double": {"completion_tokens": 100, "cut_at": 3}}`, alone or in
 * the midst of other text. Every order is optional; an unknown one is refused, so that a typing mistake is not a green test.
 */
export const Orders = z
  .strictObject({
    /** What the usage says the prompt had. */
    prompt_tokens: z.int().min(0).max(10_000_000),
    /** Length of the answer, in tokens, of each choice; `max_tokens` still cuts it. */
    completion_tokens: z.int().min(0).max(MAX_TOKENS),
    /** In how many pieces the answer is streamed. */
    chunks: z.int().min(1).max(MAX_CHUNKS),
    /** The connection is cut after this many pieces (0: after the first event); a body that is not streamed, in its middle. */
    cut_at: z.int().min(0).max(MAX_CHUNKS),
    /** Nothing more comes after this many pieces, until the caller goes away; a body that is not streamed never comes. */
    hang_at: z.int().min(0).max(MAX_CHUNKS),
    /** No usage is told. */
    omit_usage: z.boolean(),
    /** The usage is told twice in a stream. */
    repeat_usage: z.boolean(),
    /** Answers with this error; together with `cut_at`, a stream ends in an error event instead of a cut. */
    status: z.int().min(400).max(599),
    /** Milliseconds before the first byte and before every further piece. */
    delay_ms: z.int().min(0).max(600_000),
  })
  .partial()
  .refine((orders) => orders.cut_at === undefined || orders.hang_at === undefined, {
    error: "cut_at and hang_at exclude each other",
  })
  .refine((orders) => orders.hang_at === undefined || orders.status === undefined, {
    error: "hang_at and status exclude each other",
  });
export type Orders = z.infer<typeof Orders>;

const Envelope = z.strictObject({ double: Orders });

/** The orders in a message and what else it says; or the error that tells what is wrong with them. */
export function readOrders(message: string): { orders: Orders; text: string } | Problem {
  const found = findObject(message, /\{\s*"double"\s*:/);
  if (found === null) return { orders: {}, text: message.trim() };
  if (found === "broken") return invalid("The orders to the double are not JSON.", { code: "double_orders" });
  const parsed = Envelope.safeParse(found.value);
  if (!parsed.success) {
    const message = `The double does not understand its orders: ${z.prettifyError(parsed.error)}`;
    return invalid(message, { code: "double_orders" });
  }
  return { orders: parsed.data.double, text: found.rest };
}
