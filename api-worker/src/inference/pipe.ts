import { openaiErrorBody } from "../openaiError.ts";
import { moneyHeaders, moneyOf } from "./answer.ts";
import type { Ending } from "./answer.ts";
import type { Call, ModelAnswer } from "./call.ts";
import { upstreamSilent } from "./dispatch.ts";
import { keyHider } from "./hiddenKey.ts";
import { relayEvents } from "./stream.ts";

/** Between two notes of how far a long answer has come. */
const NOTE_EVERY_MS = 10_000;

/**
 * The answer as a stream, piped: an event is read from the upstream when the caller has taken the one before, so that neither a
 * slow caller nor a long answer fills memory.
 */
export function pipe(call: Call, response: Response): ModelAnswer {
  const { request, grant, presence, hold } = call;
  const { meter } = call;
  let notedAt = call.startedAt;
  const events = relayEvents({
    reader: readerOf(response),
    meter,
    wantsUsage: request.wantsUsage,
    idleMs: call.config.idleMs,
    stop: presence.stop,
    hideKey: keyHider(call.upstream),
    moneyOf: ({ usage }) => moneyOf(grant, usage),
    onPart() {
      call.onPart();
      const now = Date.now();
      if (now - notedAt < NOTE_EVERY_MS) return;
      notedAt = now;
      hold.note(Math.min(meter.deliveredTokens(), grant.max_output_tokens * request.choices));
    },
    brokenOff: () => brokenOff(request.endpoint),
  });
  let isOver = false;
  // The caller's reading and our own may both come to the end; the second finds nothing there any more.
  const end = (ending: Ending) => {
    if (isOver) return;
    isOver = true;
    call.end({
      ending,
      isWhole: meter.isFinished(),
      told: meter.told(),
      deliveredTokens: meter.deliveredTokens(),
    });
  };
  /** The next event as text; null after the last, when the hold has been settled. */
  const next = async (): Promise<string | null> => {
    try {
      const event = await events.next();
      if (event.done !== true) return event.value;
      end(event.value);
      return null;
    } catch (error) {
      end("cut");
      throw error;
    }
  };
  const readOn = async (): Promise<void> => {
    let event: string | null;
    do event = await next();
    while (event !== null);
  };
  const readOnAlone = () => void readOn().catch(() => undefined);
  // Nobody pulls any more, but the hold is settled only when the reading has come to its end.
  presence.onLeave(readOnAlone);
  presence.stop.addEventListener("abort", readOnAlone, { once: true });
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const text = await next();
      if (presence.hasLeft()) return;
      if (text === null) controller.close();
      else controller.enqueue(encoder.encode(text));
    },
    cancel: () => presence.leave(),
  });
  const headers = {
    ...moneyHeaders(grant, null),
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",
  };
  return { kind: "answered", headers, body };
}

function readerOf(response: Response): ReadableStreamDefaultReader<Uint8Array> {
  if (response.body === null) throw upstreamSilent();
  return response.body.getReader();
}

/** What stands at the end of an answer that broke off, where a client looks for it. */
function brokenOff(endpoint: string): string {
  const { error } = openaiErrorBody(upstreamSilent());
  const message = "The model's vendor broke off its answer. What was delivered is charged.";
  if (endpoint === "chat") return `data: ${JSON.stringify({ error: { ...error, message } })}\n\n`;
  return `event: error\ndata: ${JSON.stringify({ type: "error", code: error.code, message, param: null })}\n\n`;
}
