/** A network between client and server that a test can cut. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface Proxy {
  url: string;
  /** While true, what the server says does not reach the clients. */
  muteServer(mute: boolean): void;
  /** Breaks every connection, as a dead network would. */
  cut(): void;
  /** Connections made so far. */
  connections(): number;
  close(): Promise<void>;
}

/** Forwards a free port to the one of `targetUrl`. */
export async function startProxy(targetUrl: string): Promise<Proxy> {
  const target = new URL(targetUrl);
  const open = new Set<Socket>();
  let muted = false;
  let count = 0;
  const server = createServer((client) => {
    count += 1;
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on("data", (data) => upstream.write(data));
    upstream.on("data", (data) => {
      if (!muted) client.write(data);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    muteServer(mute) {
      muted = mute;
    },
    cut() {
      for (const socket of open) socket.resetAndDestroy();
    },
    connections: () => count,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
