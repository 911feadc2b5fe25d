import {
  type ClientRequest,
  type IncomingMessage,
  STATUS_CODES,
  type ServerResponse,
  request as httpRequest,
} from "node:http";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream";
import { ApiError, errorBody } from "@oa/contract";
import type { TrustedProxies } from "./clientAddress.ts";
import { forwardedHeaders } from "./headers.ts";

/**
 * The way to a gateway: the Control UI over HTTP and devices over WebSocket. The path goes on as it is, because the gateway
 * serves everything under the same prefix; which paths those are is decided before (`server.ts`).
 *
 * A gateway takes what comes without forwarding headers for its own machine's and pairs it without asking. So nothing here
 * ever joins a client to a gateway byte by byte before the gateway has said 101: after any other answer the client could
 * write its own requests into the connection. For the same reason a body is always framed, also where its method has none by
 * custom: a body of a GET that were written as it is would be read as the next request.
 */

/** Without a byte in either direction for this long an HTTP exchange is over. */
const IDLE_TIMEOUT_MS = 120_000;
const UPGRADE_TIMEOUT_MS = 10_000;
/** Open WebSockets of one instance: devices, browser tabs, and room to reconnect. */
const MAX_SOCKETS = 128;

export interface ForwardTarget {
  id: string;
  /** Null: the gateway does not listen now. */
  port: number | null;
  /** Path and query, already normalised. */
  path: string;
  /** Origin the gateway is reached under. */
  publicUrl: URL;
}

export class GatewayForward {
  readonly #trusted: TrustedProxies;
  readonly #sockets = new Map<string, Set<Duplex>>();

  constructor(trusted: TrustedProxies) {
    this.#trusted = trusted;
  }

  http(request: IncomingMessage, response: ServerResponse, target: ForwardTarget): void {
    if (target.port === null) {
      refuseHttp(response, notListening());
      return;
    }
    const headers = forwardedHeaders(request, target.publicUrl, this.#trusted);
    if (request.headers["transfer-encoding"] !== undefined) headers.push(["transfer-encoding", "chunked"]);
    const upstream = ask(request, target.port, target.path, headers);
    upstream.setTimeout(IDLE_TIMEOUT_MS, () => upstream.destroy());
    const refuse = () => {
      upstream.destroy();
      if (response.headersSent) response.destroy();
      else refuseHttp(response, notListening());
    };
    upstream.once("response", (answer) => {
      const { statusCode = 0 } = answer;
      // Node would throw at a status that is none, and with it the whole host would end.
      if (statusCode < 200) return refuse();
      response.writeHead(statusCode, endToEnd(answer.rawHeaders));
      pipeline(answer, response, ignore);
    });
    // Nobody asked for it.
    upstream.once("upgrade", (_answer, gateway) => {
      gateway.destroy();
      refuse();
    });
    upstream.on("error", refuse);
    response.once("close", () => upstream.destroy());
    pipeline(request, upstream, ignore);
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, target: ForwardTarget): void {
    const open = this.#sockets.get(target.id) ?? new Set<Duplex>();
    if (request.headers.upgrade?.toLowerCase() !== "websocket") return refuseSocket(socket, 400);
    if (target.port === null) return refuseSocket(socket, 503);
    if (open.size >= MAX_SOCKETS) return refuseSocket(socket, 429);
    this.#sockets.set(target.id, open.add(socket));

    const headers = forwardedHeaders(request, target.publicUrl, this.#trusted)
      // It has no body; what follows its head waits for the gateway's answer.
      .filter(([name]) => name.toLowerCase() !== "content-length");
    headers.push(["connection", "Upgrade"], ["upgrade", "websocket"]);
    const upstream = ask(request, target.port, target.path, headers);
    upstream.setTimeout(UPGRADE_TIMEOUT_MS, () => upstream.destroy());
    upstream.once("upgrade", (answer, gateway, gatewayHead) => {
      gateway.setTimeout(0);
      gateway.setNoDelay(true);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headerLines(answer.rawHeaders)}\r\n`);
      socket.write(gatewayHead);
      gateway.write(head);
      pipeline(socket, gateway, ignore);
      pipeline(gateway, socket, ignore);
      if (socket.destroyed) gateway.destroy();
    });
    upstream.once("response", (answer) => {
      answer.destroy();
      refuseSocket(socket, answer.statusCode ?? 502);
    });
    upstream.on("error", () => refuseSocket(socket, 502));
    socket.once("close", () => {
      upstream.destroy();
      open.delete(socket);
      if (open.size === 0) this.#sockets.delete(target.id);
    });
    upstream.end();
  }

  /** Ends every forwarded WebSocket. */
  close(): void {
    for (const open of this.#sockets.values()) for (const socket of open) socket.destroy();
  }
}

function ask(
  { method }: IncomingMessage,
  port: number,
  path: string,
  headers: readonly [string, string][],
): ClientRequest {
  // `agent: false`: a connection of its own, closed with the exchange; none is shared between two clients.
  return httpRequest({ host: "127.0.0.1", port, method, path, headers: headers.flat(), agent: false });
}

const HOP_BY_HOP = /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/i;

function endToEnd(raw: readonly string[]): string[] {
  return pairs(raw)
    .filter(([name]) => !HOP_BY_HOP.test(name))
    .flat();
}

function headerLines(raw: readonly string[]): string {
  return pairs(raw)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
}

function pairs(raw: readonly string[]): [string, string][] {
  const out: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) out.push([raw[i] ?? "", raw[i + 1] ?? ""]);
  return out;
}

/** Both ends of a broken pipe are closed by `pipeline`; there is nobody to tell. */
function ignore(): void {}

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
