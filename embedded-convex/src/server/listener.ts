/** One listening port: a node:http server that counts what is in flight, so that it can stop without cutting anyone off. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { LIMITS } from "./http.ts";

export interface ListenerHandlers {
  request: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Without one, upgrades are refused. */
  upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

export interface Listener {
  /** The port it got, where 0 was asked for. */
  readonly port: number;
  /** Requests that came before are answered now. */
  serve(handlers: ListenerHandlers): void;
  /** Takes no new connections, waits for what is in flight, at most `drainMs`, then closes what is left. */
  close(drainMs: number): Promise<void>;
}

/** Listens on `host`:`port`. @throws what node:net reports, such as EADDRINUSE. */
export async function listen(host: string, port: number): Promise<Listener> {
  const ready = Promise.withResolvers<ListenerHandlers>();
  // Nobody may be waiting when a start that failed is given up.
  ready.promise.catch(() => undefined);
  let inFlight = 0;
  let onIdle: (() => void) | null = null;

  const server = createServer(
    { requestTimeout: LIMITS.requestTimeout, headersTimeout: LIMITS.headersTimeout },
    (request, response) => {
      inFlight += 1;
      response.once("close", () => {
        inFlight -= 1;
        if (inFlight === 0) onIdle?.();
      });
      if (onIdle !== null) response.setHeader("connection", "close");
      ready.promise.then(({ request: handle }) => handle(request, response)).catch(() => response.destroy());
    },
  );
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    ready.promise
      .then(({ upgrade }) => (upgrade === undefined ? socket.destroy() : upgrade(request, socket, head)))
      .catch(() => socket.destroy());
  });

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });

  return {
    port: portOf(server.address()),
    serve: (handlers) => ready.resolve(handlers),
    async close(drainMs) {
      ready.reject(new Error("The server stopped before it was ready."));
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, drainMs);
        onIdle = () => {
          clearTimeout(late);
          resolve();
        };
        if (inFlight === 0) onIdle();
      });
      server.closeAllConnections();
      await closed;
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("The server does not listen on a port.");
  return address.port;
}
