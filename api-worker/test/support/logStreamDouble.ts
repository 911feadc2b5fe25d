import type { ServerResponse } from "node:http";
import type { Asked } from "./convexDouble.ts";

/** What a runtime's log stream says, and what reached it. */
export interface LogStreamState {
  /** Server-sent events, one every `everyMs`, the first at once. */
  blocks: string[];
  everyMs: number;
  /** After the last one: stays open, ends well, or breaks off. */
  ending: "stay" | "end" | "break";
  /** Every stream that was opened. */
  opened: { path: string; token: string | undefined; lastEventId: string | undefined; left: boolean }[];
}

export function quietLogStream(): LogStreamState {
  return { blocks: [], everyMs: 10, ending: "stay", opened: [] };
}

/** Plays the stream of a runtime; `left` once the connection is closed. */
export function playLogStream(state: LogStreamState, asked: Asked, response: ServerResponse): void {
  const { "x-openagents-service-token": token, "last-event-id": lastEventId } = asked.headers;
  const opened = { path: asked.url.pathname + asked.url.search, token, lastEventId, left: false };
  state.opened.push(opened);
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.flushHeaders();
  const blocks = [...state.blocks];
  const step = (): void => {
    const block = blocks.shift();
    if (block !== undefined) response.write(block);
    else if (state.ending === "end") response.end();
    else if (state.ending === "break") response.destroy();
    if (block === undefined) clearInterval(timer);
  };
  const timer = setInterval(step, state.everyMs);
  response.on("close", () => {
    clearInterval(timer);
    opened.left = true;
  });
  step();
}
