/** A client of the sync protocol without any of the official client's care, to look at single messages. */
import { once } from "node:events";
import { WebSocket } from "ws";
import { z } from "zod";

const version = z.object({ querySet: z.number(), identity: z.number(), ts: z.string() });
const serverMessage = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("Transition"),
    startVersion: version,
    endVersion: version,
    modifications: z.array(z.looseObject({ type: z.string(), queryId: z.number(), value: z.json().optional() })),
  }),
  z.object({
    type: z.literal("MutationResponse"),
    requestId: z.number(),
    success: z.boolean(),
    result: z.json(),
    ts: z.string().nullable(),
  }),
  z.object({ type: z.literal("ActionResponse"), requestId: z.number(), success: z.boolean() }),
  z.object({
    type: z.literal("TransitionChunk"),
    chunk: z.string(),
    partNumber: z.number(),
    totalParts: z.number(),
    transitionId: z.string(),
  }),
  z.object({
    type: z.literal("AuthError"),
    error: z.string(),
    baseVersion: z.number(),
    authUpdateAttempted: z.boolean(),
  }),
  z.object({ type: z.literal("FatalError"), error: z.string() }),
  z.object({ type: z.literal("Ping") }),
]);
export type ServerMessage = z.infer<typeof serverMessage>;
export type Transition = Extract<ServerMessage, { type: "Transition" }>;

export interface RawClient {
  socket: WebSocket;
  /** Everything received, in order. */
  messages: ServerMessage[];
  transitions(): Transition[];
  send(message: unknown): void;
  /** Why the server closed. */
  closed: Promise<{ code: number; reason: string }>;
}

/** Opens a socket and, unless told otherwise, says Connect. */
export async function connectRaw(url: string, hello: object | null = {}): Promise<RawClient> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/1.48.0/sync`);
  const messages: ServerMessage[] = [];
  socket.on("message", (data) => {
    if (Buffer.isBuffer(data)) messages.push(serverMessage.parse(JSON.parse(data.toString("utf8"))));
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once("close", (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  await once(socket, "open");
  const send = (message: unknown) => socket.send(JSON.stringify(message));
  if (hello !== null) {
    send({
      type: "Connect",
      sessionId: crypto.randomUUID(),
      connectionCount: 0,
      lastCloseReason: null,
      clientTs: Date.now(),
      ...hello,
    });
  }
  return {
    socket,
    messages,
    transitions: () => messages.filter((message) => message.type === "Transition"),
    send,
    closed,
  };
}

/** The message that subscribes to one more query. */
export function addQuery(baseVersion: number, queryId: number, udfPath: string, args: object): object {
  const add = { type: "Add", queryId, udfPath, args: [args] };
  return { type: "ModifyQuerySet", baseVersion, newVersion: baseVersion + 1, modifications: [add] };
}
