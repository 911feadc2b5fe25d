import { type IncomingMessage, STATUS_CODES, type ServerResponse, request as httpRequest } from "node:http";
import { type Socket, connect } from "node:net";
import { pipeline } from "node:stream";
import type { Duplex } from "node:stream";
import { ApiError, errorBody } from "@oa/contract";
import { type ForwardOrigin, forwardedHeaders } from "./headers.ts";

/**
 * The forwarded path of a gateway, `/i/<instance>/gateway`: the Control UI over HTTP and devices over WebSocket. The path
 * goes on as it is, because the gateway serves its interface under the same prefix; every other path of this host never
 * reaches a gateway.
 */

const CONNECT_TIMEOUT_MS = 5_000;
/** Without a byte in either direction for this long an HTTP exchange is over. */
const IDLE_TIMEOUT_MS = 120_000;
/** Open WebSockets of one instance: devices, browser tabs, and room to reconnect. */
const MAX_SOCKETS = 128;

export interface ForwardTarget {
  id: string;
  /** Null: the gateway does not listen now. */
  port: number | null;
}

export class GatewayForward {
  readonly #origin: ForwardOrigin;
  readonly #sockets = new Map<string, Set<Duplex>>();

  constructor(origin: ForwardOrigin) {
    this.#origin = origin;
  }

  http(request: IncomingMessage, response: ServerResponse, target: ForwardTarget): void {
    if (target.port === null) {
      refuseHttp(response, notListening());
      return;
    }
    const upstream = httpRequest({
      host: "127.0.0.1",
      port: target.port,
      method: request.method,
      path: request.url,
      headers: forwardedHeaders(request, this.#origin).flat(),
      timeout: IDLE_TIMEOUT_MS,
    });
    upstream.once("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage, withoutHopByHop(answer.rawHeaders));
      pipeline(answer, response, () => undefined);
    });
    upstream.once("timeout", () => upstream.destroy(new Error("idle")));
    upstream.once("error", () => {
      if (response.headersSent) response.destroy();
      else refuseHttp(response, notListening());
    });
    response.once("close", () => upstream.destroy());
    pipeline(request, upstream, () => undefined);
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, target: ForwardTarget): void {
    const open = this.#sockets.get(target.id) ?? new Set<Duplex>();
    if (request.headers.upgrade?.toLowerCase() !== "websocket") return refuseSocket(socket, 400);
    if (target.port === null) return refuseSocket(socket, 503);
    if (open.size >= MAX_SOCKETS) return refuseSocket(socket, 429);
    this.#sockets.set(target.id, open.add(socket));
    socket.once("close", () => {
      open.delete(socket);
      if (open.size === 0) this.#sockets.delete(target.id);
    });

    const upstream = connect({ host: "127.0.0.1", port: target.port });
    upstream.setTimeout(CONNECT_TIMEOUT_MS, () => upstream.destroy());
    upstream.once("connect", () => {
      upstream.setTimeout(0);
      upstream.setNoDelay(true);
      const headers = [...forwardedHeaders(request, this.#origin), ["connection", "Upgrade"], ["upgrade", "websocket"]];
      upstream.write(
        `GET ${request.url ?? "/"} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`,
      );
      if (head.length > 0) upstream.write(head);
      join(socket, upstream);
    });
    upstream.once("error", () => refuseSocket(socket, 502));
    socket.once("error", () => upstream.destroy());
    socket.once("close", () => upstream.destroy());
  }

  /** Ends the connections of one instance, or of all. */
  close(id?: string): void {
    for (const [key, open] of this.#sockets) {
      if (id === undefined || id === key) for (const socket of open) socket.destroy();
    }
  }
}

function join(socket: Duplex, upstream: Socket): void {
  if ("setNoDelay" in socket && typeof socket.setNoDelay === "function") socket.setNoDelay(true);
  pipeline(socket, upstream, () => socket.destroy());
  pipeline(upstream, socket, () => upstream.destroy());
}

const HOP_BY_HOP = /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/i;

function withoutHopByHop(raw: readonly string[]): string[] {
  const out: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? "";
    if (!HOP_BY_HOP.test(name)) out.push(name, raw[i + 1] ?? "");
  }
  return out;
}

function notListening(): ApiError {
  return new ApiError(
    "gateway_unavailable",
    "The gateway is not running, or still starting. Try again in a few seconds.",
  );
}

/** An error in the envelope, on a plain Node response. */
export function refuseHttp(response: ServerResponse, error: ApiError): void {
  const headers = { "content-type": "application/json", "cache-control": "no-store", "retry-after": "3" };
  response.writeHead(error.status, headers).end(JSON.stringify(errorBody(error)));
}

/** An answer to an upgrade that is not done. */
export function refuseSocket(socket: Duplex, status: number): void {
  if (socket.destroyed) return;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
