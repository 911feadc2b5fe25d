import { usdOfMicro } from "@oa/contract";
import { createParser } from "eventsource-parser";
import type { EventSourceMessage } from "eventsource-parser";
import * as z from "zod";
import type { CallMoney, Ending } from "./answer.ts";
import { fieldOf } from "./fields.ts";
import type { EventKind, Meter } from "./meter.ts";
import { withoutKeys } from "../openaiError.ts";
import type { ToldUsage } from "./usage.ts";

/** Largest single event, in characters: the last event of a response repeats all of it. */
const MAX_EVENT = 16 * 1024 * 1024;

/** Why reading stops when nobody waits for the answer any more. */
export const LEFT = "left";

export interface StreamSource {
  reader: ReadableStreamDefaultReader<Uint8Array>;
  meter: Meter;
  /** Whether the caller asked for the usage. */
  wantsUsage: boolean;
  /** Longest silence between two parts, in ms. */
  idleMs: number;
  /** Fires when reading must stop: time is up, or, for the reason `LEFT`, the caller has gone. */
  stop: AbortSignal;
  /** Takes the upstream's key out of its words. */
  hideKey: (text: string) => string;
  /** What a usage costs, for the caller to see. */
  moneyOf: (told: ToldUsage) => CallMoney;
  /** Called with each part that has passed. */
  onPart: () => void;
  /** An error event in the form of this endpoint, for an answer that broke off. */
  brokenOff: () => string;
}

/**
 * The events of an upstream's stream as they come, each passed on as soon as it is whole. A usage the caller did not ask for is
 * taken out; to one they asked for the cost is added. Returns how it ended; never throws.
 */
export async function* relayEvents(source: StreamSource): AsyncGenerator<string, Ending> {
  const { reader, meter } = source;
  const ready: string[] = [];
  const decoder = new TextDecoder();
  let isTooBig = false;
  let isDone = false;
  let isTail = false;
  const parser = createParser({
    maxBufferSize: MAX_EVENT,
    onEvent: (event) => {
      if (isTail && !isEvent(event.data)) return;
      const { text, kind } = passOn(event, source);
      isDone ||= kind === "done";
      if (text !== null) ready.push(source.hideKey(text));
    },
    onComment: (comment) => ready.push(source.hideKey(`:${comment}\n\n`)),
    onError: (error) => {
      isTooBig ||= error.type === "max-buffer-size-exceeded";
    },
  });
  const stopped = new Promise<"stopped">((resolve) => {
    if (source.stop.aborted) resolve("stopped");
    source.stop.addEventListener("abort", () => resolve("stopped"), { once: true });
  });
  for (;;) {
    const part = await nextPart(reader, source.idleMs, stopped);
    if (part === "stopped" || part === "silent" || part === "broken" || isTooBig) {
      void reader.cancel().catch(() => undefined);
      if (meter.isFinished()) return "whole";
      if (source.stop.reason === LEFT) return "left";
      if (meter.hasFailed()) return "failed";
      yield source.brokenOff();
      return "cut";
    }
    if (part === "end") break;
    parser.feed(decoder.decode(part, { stream: true }));
    source.onPart();
    if (ready.length > 0) yield ready.splice(0).join("");
    if (isDone) {
      // Some keep the connection after their last word.
      void reader.cancel().catch(() => undefined);
      break;
    }
  }
  // A last event without its empty line is still one; half a one is not.
  isTail = true;
  parser.feed("\n\n");
  if (ready.length > 0) yield ready.splice(0).join("");
  if (meter.hasFailed()) return "failed";
  if (meter.isFinished()) return "whole";
  yield source.brokenOff();
  return "cut";
}

type Part = Uint8Array | "end" | "stopped" | "silent" | "broken";

async function nextPart(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  idleMs: number,
  stopped: Promise<"stopped">,
): Promise<Part> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silent = new Promise<"silent">((resolve) => {
    timer = setTimeout(() => resolve("silent"), idleMs);
  });
  const read = reader.read().then(
    ({ done, value }): Part => (done ? "end" : value),
    (): Part => "broken",
  );
  try {
    return await Promise.race([read, stopped, silent]);
  } finally {
    clearTimeout(timer);
  }
}

/** An event as the caller gets it; its text is null for one they do not get. */
function passOn(
  event: EventSourceMessage,
  { meter, wantsUsage, moneyOf }: StreamSource,
): { text: string | null; kind: EventKind } {
  const data = parsed(event.data);
  const before = meter.told();
  const kind = meter.take(data);
  const told = meter.told();
  const as = (text: string | null) => ({ text, kind });
  if (kind === "error") return as(written(event, JSON.stringify(cleaned(data))));
  if (kind === "usage" && !wantsUsage) return as(null);
  if (told === null || told === before) return as(written(event, event.data));
  return as(written(event, JSON.stringify(wantsUsage ? withCost(data, moneyOf(told)) : withoutUsage(data))));
}

function isEvent(data: string): boolean {
  return data === "[DONE]" || typeof parsed(data) === "object";
}

function parsed(data: string): unknown {
  try {
    const value: unknown = JSON.parse(data);
    return value;
  } catch {
    return data;
  }
}

/** The usage stands in the chunk itself, or in the response it carries. */
function withCost(data: unknown, { cost, available }: CallMoney): unknown {
  const paid = (usage: object) => ({
    ...usage,
    cost: usdOfMicro(cost),
    x_occ: { cost_usd: usdOfMicro(cost), balance_usd: usdOfMicro(available) },
  });
  if (typeof data !== "object" || data === null) return data;
  const own = fieldOf(data, "usage");
  if (typeof own === "object" && own !== null) return { ...data, usage: paid(own) };
  const response = fieldOf(data, "response");
  const usage = fieldOf(response, "usage");
  if (typeof response !== "object" || typeof usage !== "object" || usage === null) return data;
  return { ...data, response: { ...response, usage: paid(usage) } };
}

function withoutUsage(data: unknown): unknown {
  return typeof data === "object" && data !== null ? { ...data, usage: null } : data;
}

/** What an error says besides its message, where it says it in the usual form. */
const ErrorFields = z.object({
  type: z.string().optional().catch(undefined),
  code: z.union([z.string(), z.number(), z.null()]).optional().catch(undefined),
  param: z.union([z.string(), z.null()]).optional().catch(undefined),
  sequence_number: z.number().optional().catch(undefined),
});

/** An error event in the vendor's words: its usual fields alone, and without what looks like a key. */
function cleaned(data: unknown): unknown {
  const response = fieldOf(data, "response");
  if (typeof data === "object" && typeof response === "object" && response !== null) {
    return { ...data, response: { ...response, error: cleanError(fieldOf(response, "error")) } };
  }
  const error = fieldOf(data, "error");
  return error === undefined || error === null ? cleanError(data) : { error: cleanError(error) };
}

function cleanError(error: unknown): object {
  const said = fieldOf(error, "message");
  const message = withoutKeys(typeof said === "string" ? said : "The model's vendor broke off its answer.");
  const fields = ErrorFields.safeParse(error);
  return { ...(fields.success && fields.data), message };
}

function written({ event, id }: EventSourceMessage, data: string): string {
  const head = `${event === undefined ? "" : `event: ${event}\n`}${id === undefined ? "" : `id: ${id}\n`}`;
  return `${head}${data
    .split("\n")
    .map((line) => `data: ${line}\n`)
    .join("")}\n`;
}
