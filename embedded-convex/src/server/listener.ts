/** One listening port: a node:http server that counts what is in flight, so that it can stop without cutting anyone off. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { LIMITS } from "./http.ts";

type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Listens on `host`:`port`. @throws what node:net reports, such as EADDRINUSE. */
export async function listen(host: string, port: number) {
  const ready = Promise.withResolvers<Handle>();
  // Nobody may be waiting when a start that failed is given up.
  ready.promise.catch(() => undefined);
  const timeouts = { requestTimeout: LIMITS.requestTimeout, headersTimeout: LIMITS.headersTimeout };
  const server = createServer(timeouts, (request, response) => {
    // A connection that is kept alive would keep a stopping server from its end.
    response.shouldKeepAlive &&= server.listening;
    response.once("close", () => !server.listening && server.closeIdleConnections());
    ready.promise.then((handle) => handle(request, response)).catch(() => response.destroy());
  });
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server does not listen on a port.");

  return {
    server,
    /** The port it got, where 0 was asked for. */
    port: address.port,
    /** Requests that came before are answered now. */
    serve: (handle: Handle): void => ready.resolve(handle),
    /** Takes no new connections, waits for what is in flight, at most `drainMs`, then closes what is left. */
    async close(drainMs: number): Promise<void> {
      ready.reject(new Error("The server stopped before it was ready."));
      const late = setTimeout(() => server.closeAllConnections(), drainMs);
      await new Promise<void>((resolve) => server.close(() => resolve()));
      clearTimeout(late);
    },
  };
}
