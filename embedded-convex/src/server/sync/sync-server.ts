/** The WebSocket end of the sync protocol: upgrades, framing, keep-alive and closing. What is said is `session.ts`. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { WebSocketServer, type WebSocket } from "ws";
import type { Engine } from "../../engine/engine.ts";
import type { Authenticator } from "../authentication.ts";
import type { Caller } from "../calls.ts";
import { LIMITS } from "../http.ts";
import type { LiveQueries } from "./live-queries.ts";
import { clientMessage, fatalError, PING, type ClientMessage } from "./protocol.ts";
import { Session } from "./session.ts";

/** `/api/<client version>/sync`, `/api/sync`. */
const SYNC_PATH = /^\/api\/(?:[^/?]+\/)?sync(?:\?|$)/;
/** Clients take a server for dead after 60 s of silence. In milliseconds. */
const PING_MS = 15_000;
/** A client that answers no WebSocket ping for this long is gone, in milliseconds. */
const DEAD_MS = 45_000;
/** How long a closing handshake may take, in milliseconds. */
const CLOSE_MS = 1_000;

/** What every session shares. */
export interface SyncParts {
  engine: Engine;
  caller: Caller;
  authenticator: Authenticator;
  liveQueries: LiveQueries;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Told of every failure that is not a client's fault. */
  onError: (error: unknown) => void;
}

export function createSyncServer(parts: SyncParts) {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LIMITS.callBody, perMessageDeflate: false });
  const sessions = new Map<Session, WebSocket>();
  let closing = false;

  function accept(socket: WebSocket): void {
    const session = new Session(parts, socket);
    keepAlive(socket);
    sessions.set(session, socket);
    socket.on("message", (data) => {
      const message = parseMessage(data);
      if (message !== null) return session.receive(message);
      socket.send(fatalError("A message is not of the sync protocol this server speaks."));
      socket.close(1002, "unreadable message");
    });
    socket.once("close", () => {
      sessions.delete(session);
      session.closed();
    });
    socket.on("error", () => socket.terminate());
  }

  return {
    /** Takes an upgrade of the main port; one to another address is cut off. */
    upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      socket.on("error", () => socket.destroy());
      if (closing || !SYNC_PATH.test(request.url ?? "")) socket.destroy();
      else sockets.handleUpgrade(request, socket, head, accept);
    },
    /** Answers what was received, for at most `drainMs`, then closes every socket. The clients come back by themselves. */
    async close(drainMs: number): Promise<void> {
      closing = true;
      await Promise.all(
        [...sessions].map(async ([session, socket]) => {
          session.closed();
          await Promise.race([session.drain(), wait(drainMs, undefined, { ref: false })]);
          await closeSocket(socket);
        }),
      );
    },
  };
}

async function closeSocket(socket: WebSocket): Promise<void> {
  const late = setTimeout(() => socket.terminate(), CLOSE_MS);
  socket.close(1001, "the server is stopping");
  if (socket.readyState !== socket.CLOSED) await once(socket, "close");
  clearTimeout(late);
}

function parseMessage(data: WebSocket.RawData): ClientMessage | null {
  if (!Buffer.isBuffer(data)) return null;
  try {
    return clientMessage.parse(JSON.parse(data.toString("utf8")));
  } catch {
    return null;
  }
}

/** Both protocols' pings: the client's library watches one, and the other's answer shows that the client lives. */
function keepAlive(socket: WebSocket): void {
  let aliveAt = performance.now();
  socket.on("pong", () => (aliveAt = performance.now()));
  const ping = setInterval(() => {
    // The pongs of a client that waits for this server are not read; one that takes no answers is not waited for.
    if (socket.isPaused && socket.bufferedAmount === 0) aliveAt = performance.now();
    if (performance.now() - aliveAt > DEAD_MS) return socket.terminate();
    socket.ping();
    socket.send(PING);
  }, PING_MS);
  socket.once("close", () => clearInterval(ping));
}
