import type { Context } from "hono";
import * as z from "zod";
import { DOUBLE_PREFIX, refusal } from "../kit/credentials.ts";
import type { DoubleEnv } from "../kit/env.ts";
import { pause } from "../kit/pause.ts";
import { type Orders, readOrders } from "./orders.ts";
import { invalid, type Problem, problemOf, problemOfBody, problemResponse } from "./problem.ts";
import type { RequestLog, SeenRequest } from "./requestLog.ts";

/** What the endpoints of one upstream share. */
export interface Upstream {
  /** The keys it knows; null: every key of a double. */
  keys: readonly string[] | null;
  /** The models it has; null: any, and a few are listed. */
  models: readonly string[] | null;
  log: RequestLog;
  now: () => number;
}

/** A request that may be answered. */
export interface Entered<B> {
  kind: "entered";
  body: B;
  seen: SeenRequest;
}

export type Refused = { kind: "refused"; response: Response };

/** Answers an error and writes it down. */
export function refuse(seen: SeenRequest, problem: Problem): Refused {
  seen.status = problem.status;
  seen.ended = "complete";
  return { kind: "refused", response: problemResponse(problem) };
}

/** Checks key and writes the request down: the first thing every endpoint does. */
export function enter(c: Context<DoubleEnv>, upstream: Upstream): Entered<null> | Refused {
  const key = /^bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1] ?? null;
  const seen = upstream.log.open(c.req.method, c.req.path, key === null ? null : key.slice(-4));
  const problem = problemOfKey(key, upstream.keys);
  return problem === null ? { kind: "entered", body: null, seen } : refuse(seen, problem);
}

/** As {@link enter}, then reads the body with `schema` and checks that the model exists. */
export async function enterWith<B extends { model: string }>(
  c: Context<DoubleEnv>,
  upstream: Upstream,
  schema: z.ZodType<B>,
): Promise<Entered<B> | Refused> {
  const entered = enter(c, upstream);
  if (entered.kind === "refused") return entered;
  const { seen } = entered;
  let raw: unknown;
  try {
    raw = JSON.parse(await c.req.text());
  } catch {
    return refuse(seen, invalid("We could not parse the JSON body of your request."));
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success) return refuse(seen, problemOfBody(parsed.error, raw));
  seen.model = parsed.data.model;
  if (upstream.models !== null && !upstream.models.includes(parsed.data.model)) {
    const message = `The model \`${parsed.data.model}\` does not exist or you do not have access to it.`;
    return refuse(seen, { ...problemOf(404), message });
  }
  return { kind: "entered", body: parsed.data, seen };
}

/**
 * The orders in the last user message, and what else it says. A status that was ordered is answered here, after the
 * delay that was ordered; in a stream with `cut_at` it is left to the end of the answer.
 */
export async function takeOrders(
  c: Context<DoubleEnv>,
  message: string,
  seen: SeenRequest,
): Promise<{ kind: "ok"; orders: Orders; text: string } | Refused> {
  const read = readOrders(message);
  if ("status" in read) return refuse(seen, read);
  const { orders, text } = read;
  if (orders.status === undefined || (seen.stream && orders.cut_at !== undefined)) return { kind: "ok", orders, text };
  await pause(orders.delay_ms ?? 0, c.env.outgoing);
  return refuse(seen, problemOf(orders.status));
}

function problemOfKey(key: string | null, keys: readonly string[] | null): Problem | null {
  const wrong = (message: string): Problem => ({ ...problemOf(401), message });
  if (key === null) return wrong("You didn't provide an API key in an Authorization header (Bearer).");
  const refused = refusal(key, "API key", "an OpenAI-compatible upstream");
  if (refused !== null) return wrong(refused);
  if (keys !== null && !keys.includes(key))
    return wrong(`Incorrect API key provided: ${DOUBLE_PREFIX}…${key.slice(-4)}.`);
  return null;
}
