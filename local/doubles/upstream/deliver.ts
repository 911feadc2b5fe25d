import type { ServerResponse } from "node:http";
import { pause, untilDrained, untilGone } from "../kit/pause.ts";
import type { Plan } from "./plan.ts";
import { type Problem, problemOf } from "./problem.ts";
import type { SeenRequest } from "./requestLog.ts";
import { countTokens } from "./tokens.ts";

/** The events of a stream in the words of one API, each ready to be written. */
export interface Dialect {
  opening(): readonly string[];
  piece(text: string): readonly string[];
  closing(): readonly string[];
  /** An error after the answer has begun. */
  failure(problem: Problem): readonly string[];
}

/**
 * A client that is cut off loses what it has not read yet. This long after the last piece it has read it, so "cut after
 * three" means that three were seen.
 */
const READ_MS = 30;

type Ending = Exclude<SeenRequest["ended"], "running">;

/** Streams a plan. Writes down in `seen` what was delivered and how it ended. */
export async function deliverStream(
  out: ServerResponse,
  plan: Plan,
  dialect: Dialect,
  seen: SeenRequest,
): Promise<void> {
  seen.ended = await stream(out, plan, dialect, seen);
  if (seen.ended === "complete" && seen.include_usage && plan.breakOff === null) seen.usage = toldUsage(plan);
}

/** Answers a plan in one JSON body. Writes down in `seen` what was delivered and how it ended. */
export async function deliverJson(out: ServerResponse, plan: Plan, body: object, seen: SeenRequest): Promise<void> {
  seen.ended = await answer(out, plan, body, seen);
  if (seen.ended === "complete") seen.usage = toldUsage(plan);
}

async function stream(out: ServerResponse, plan: Plan, dialect: Dialect, seen: SeenRequest): Promise<Ending> {
  if (!(await pause(plan.delayMs, out))) return "aborted";
  out.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
  seen.status = 200;
  if (!(await write(out, dialect.opening()))) return "aborted";
  const { breakOff } = plan;
  let delivered = "";
  for (const [index, piece] of plan.pieces.entries()) {
    if (breakOff?.after === index) break;
    const ready = index === 0 || (await pause(plan.delayMs, out));
    if (!ready || !(await write(out, dialect.piece(piece)))) return "aborted";
    delivered += piece;
    seen.delivered_tokens = countTokens(delivered) * plan.choices;
  }
  switch (breakOff?.how) {
    case "hang":
      await untilGone(out);
      return "aborted";
    case "cut":
      return cut(out);
    case "error":
      return end(out, dialect.failure(problemOf(breakOff.status)));
    case undefined:
      return end(out, dialect.closing());
  }
}

async function answer(out: ServerResponse, plan: Plan, body: object, seen: SeenRequest): Promise<Ending> {
  if (!(await pause(plan.delayMs, out))) return "aborted";
  if (plan.breakOff?.how === "hang") {
    await untilGone(out);
    return "aborted";
  }
  const bytes = Buffer.from(JSON.stringify(body));
  out.writeHead(200, { "content-type": "application/json", "content-length": bytes.length });
  seen.status = 200;
  if (plan.breakOff?.how === "cut") {
    out.write(bytes.subarray(0, bytes.length / 2));
    return cut(out);
  }
  out.end(bytes);
  seen.delivered_tokens = plan.completionTokens;
  return "complete";
}

function toldUsage(plan: Plan): SeenRequest["usage"] {
  if (plan.usageTimes === 0) return null;
  return { prompt_tokens: plan.promptTokens, completion_tokens: plan.completionTokens };
}

async function cut(out: ServerResponse): Promise<Ending> {
  await pause(READ_MS, out);
  out.destroy();
  return "cut";
}

async function end(out: ServerResponse, events: readonly string[]): Promise<Ending> {
  const written = await write(out, events);
  out.end();
  return written ? "complete" : "aborted";
}

/** Writes events at the pace of the reader; false when it has gone. */
async function write(out: ServerResponse, events: readonly string[]): Promise<boolean> {
  for (const event of events) {
    if (out.destroyed) return false;
    out.write(event);
    if (!(await untilDrained(out))) return false;
  }
  return !out.destroyed;
}
