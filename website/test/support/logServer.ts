import type { IncomingMessage, ServerResponse } from "node:http";
import { LOG_EVENTS, type LogPage } from "@oa/contract";
import { API_PATHS } from "@oa/contract/worker";

/** The door's log stream for a page under test: real server-sent events that the test writes, breaks and refuses. */
export class LogServer {
  /** Every request for the stream: its query, and where the browser says it was. */
  readonly asked: { query: string; lastEventId: string | undefined }[] = [];
  /** While set, requests are refused with this status. */
  refusing: number | null = null;
  readonly #open = new Set<ServerResponse>();

  /** Readers that are connected. */
  get readers(): number {
    return this.#open.size;
  }

  readonly answer = (request: IncomingMessage, response: ServerResponse): boolean => {
    const url = new URL(request.url ?? "/", "http://page");
    if (url.pathname !== API_PATHS.runtimeLogsStream) return false;
    this.asked.push({ query: url.search, lastEventId: request.headers["last-event-id"]?.toString() });
    if (this.refusing !== null) {
      response.writeHead(this.refusing).end();
      return true;
    }
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write("retry: 100\n\n");
    this.#open.add(response);
    response.on("close", () => this.#open.delete(response));
    return true;
  };

  /** Sends lines to everyone; the first has the number `seq`. */
  say(seq: number, ...texts: string[]): void {
    const lines = texts.map((text, i) => ({ seq: seq + i, at: Date.now(), level: "info" as const, text }));
    const page: LogPage = { lines, next: seq + lines.length };
    const event = `event: ${LOG_EVENTS.lines}\nid: ${String(page.next)}\ndata: ${JSON.stringify(page)}\n\n`;
    for (const response of this.#open) response.write(event);
  }

  /** Breaks every connection. */
  break(): void {
    for (const response of this.#open) response.destroy();
    this.#open.clear();
  }
}
