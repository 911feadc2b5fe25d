import { randomUUID } from "node:crypto";
import { ApiError } from "@oa/contract";
import { WebSocket } from "ws";
import * as z from "zod";

/**
 * One connection to a gateway in its own protocol (version 4), as the loopback backend client: with the gateway token and
 * no device of its own it gets the scopes it asks for, which no connection through the forwarded path does.
 *
 * Written here and not taken from `@openclaw/gateway-client`: this is the product's own ground, 150 lines against a
 * package of chat sessions, browsers and device stores that follows another release than the gateway we pin.
 */

const PROTOCOL = 4;
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Our limit on what one frame may hold; the lists we read are a thousandth of it. */
const MAX_FRAME_BYTES = 4 * 1024 * 1024;
/** A peer that answers no ping for this long is gone, even if its socket still looks open. */
const PING_EVERY_MS = 20_000;

const Frame = z.discriminatedUnion("type", [
  z.object({ type: z.literal("event"), event: z.string(), payload: z.unknown().optional() }),
  z.object({
    type: z.literal("res"),
    id: z.string(),
    ok: z.boolean(),
    payload: z.unknown().optional(),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
  }),
]);

/** The gateway's own refusal of a call. `code` is the gateway's. */
export class GatewayRefusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "GatewayRefusal";
    this.code = code;
  }
}

export interface RpcEvent {
  event: string;
  payload: unknown;
}

export interface RpcConnection {
  /** Rejects with `GatewayRefusal`, or with `ApiError` when there is no answer in time or the connection ends. */
  call(method: string, params: object, timeoutMs: number): Promise<unknown>;
  /** Resolves when the connection is over; never rejects. */
  closed: Promise<void>;
  close(): void;
}

export interface RpcOptions {
  port: number;
  token: string;
  onEvent: (event: RpcEvent) => void;
}

interface Waiter {
  resolve: (payload: unknown) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

/** Opens a connection and signs in; rejects when the gateway does not let it in. */
export async function connectRpc(options: RpcOptions): Promise<RpcConnection> {
  const socket = new WebSocket(`ws://127.0.0.1:${options.port}/`, {
    maxPayload: MAX_FRAME_BYTES,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    perMessageDeflate: false,
  });
  const waiting = new Map<string, Waiter>();
  const challenged = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();

  const call = (method: string, params: object, timeoutMs: number): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (socket.readyState !== WebSocket.OPEN) {
        reject(noGateway());
        return;
      }
      const id = randomUUID();
      const timer = setTimeout(() => {
        waiting.delete(id);
        reject(new ApiError("gateway_unavailable", `The gateway did not answer ${method} within ${timeoutMs} ms.`));
      }, timeoutMs);
      waiting.set(id, { resolve, reject, timer });
      socket.send(JSON.stringify({ type: "req", id, method, params }));
    });

  const settle = (id: string): Waiter | undefined => {
    const waiter = waiting.get(id);
    waiting.delete(id);
    clearTimeout(waiter?.timer);
    return waiter;
  };

  let alive = true;
  const ping = setInterval(() => {
    if (!alive) return socket.terminate();
    alive = false;
    if (socket.readyState === WebSocket.OPEN) socket.ping();
  }, PING_EVERY_MS);
  ping.unref();

  socket.on("pong", () => (alive = true));
  socket.on("message", (data: Buffer, isBinary) => {
    alive = true;
    const frame = isBinary ? null : parseFrame(data.toString("utf8"));
    // A frame of a kind we do not know is the gateway's business, not an error.
    if (frame === null) return;
    if (frame.type === "res") {
      const waiter = settle(frame.id);
      if (frame.ok) waiter?.resolve(frame.payload);
      else waiter?.reject(new GatewayRefusal(frame.error?.code ?? "UNKNOWN", frame.error?.message ?? "refused"));
    } else if (frame.event === "connect.challenge") challenged.resolve();
    else options.onEvent({ event: frame.event, payload: frame.payload });
  });
  socket.on("error", () => socket.terminate());
  socket.on("close", () => {
    clearInterval(ping);
    for (const id of waiting.keys()) settle(id)?.reject(noGateway());
    challenged.reject(noGateway());
    closed.resolve();
  });

  const giveUp = setTimeout(() => socket.terminate(), HANDSHAKE_TIMEOUT_MS);
  try {
    await challenged.promise;
    await call("connect", connectParams(options.token), HANDSHAKE_TIMEOUT_MS);
  } catch (error) {
    socket.terminate();
    throw error;
  } finally {
    clearTimeout(giveUp);
  }
  return { call, closed: closed.promise, close: () => socket.close() };
}

function connectParams(token: string): object {
  return {
    minProtocol: PROTOCOL,
    maxProtocol: PROTOCOL,
    client: {
      id: "gateway-client",
      displayName: "runtime host",
      version: "1.0.0",
      platform: process.platform,
      mode: "backend",
    },
    role: "operator",
    // Approving a device that asks for `operator.admin` needs it too.
    scopes: ["operator.admin"],
    caps: [],
    commands: [],
    permissions: {},
    auth: { token },
  };
}

function parseFrame(text: string): z.infer<typeof Frame> | null {
  try {
    const frame = Frame.safeParse(JSON.parse(text));
    return frame.success ? frame.data : null;
  } catch {
    return null;
  }
}

function noGateway(): ApiError {
  return new ApiError(
    "gateway_unavailable",
    "The gateway is not running, or still starting. Try again in a few seconds.",
  );
}
