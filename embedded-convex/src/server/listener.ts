/** One listening port: a node:http server that counts what is in flight, so that it can stop without cutting anyone off. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { LIMITS } from "./http.ts";

export interface ListenerHandlers {
  request: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Without one, upgrades are refused. */
  upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

export type Listener = Awaited<ReturnType<typeof listen>>;

/** Listens on `host`:`port`. @throws what node:net reports, such as EADDRINUSE. */
export async function listen(host: string, port: number) {
  const ready = Promise.withResolvers<ListenerHandlers>();
  // Nobody may be waiting when a start that failed is given up.
  ready.promise.catch(() => undefined);
  let stopping = false;

  const server = createServer(
    { requestTimeout: LIMITS.requestTimeout, headersTimeout: LIMITS.headersTimeout },
    (request, response) => {
      // A connection that is kept alive would keep a stopping server from its end.
      response.shouldKeepAlive &&= !stopping;
      response.once("close", () => stopping && server.closeIdleConnections());
      ready.promise.then(({ request: handle }) => handle(request, response)).catch(() => response.destroy());
    },
  );
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    ready.promise
      .then(({ upgrade }) => (upgrade === undefined ? socket.destroy() : upgrade(request, socket, head)))
      .catch(() => socket.destroy());
  });

  server.listen(port, host);
  await once(server, "listening");

  return {
    /** The port it got, where 0 was asked for. */
    port: portOf(server.address()),
    /** Requests that came before are answered now. */
    serve: (handlers: ListenerHandlers): void => ready.resolve(handlers),
    /** Takes no new connections, waits for what is in flight, at most `drainMs`, then closes what is left. */
    async close(drainMs: number): Promise<void> {
      stopping = true;
      ready.reject(new Error("The server stopped before it was ready."));
      const late = setTimeout(() => server.closeAllConnections(), drainMs);
      await new Promise<void>((resolve) => server.close(() => resolve()));
      clearTimeout(late);
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("The server does not listen on a port.");
  return address.port;
}
