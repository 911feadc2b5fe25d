import { randomUUID } from "node:crypto";
import * as z from "zod";
import type { Caller } from "./api.ts";
import { approve, newDevice, pendingRequest } from "./device.ts";

/** A paired terminal that talks to a hosted OpenClaw. */
export interface Conversation {
  /** One turn of the agent: what it answered, or how it failed. */
  ask(message: string): Promise<string>;
  close(): void;
}

const Accepted = z.looseObject({ runId: z.string() });
const History = z.looseObject({
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown() })),
});

/** A turn on a busy machine, with the plugins' first load. */
const TURN_MS = 120_000;

/** Pairs a device as its owner would, and opens a session of the agent. */
export async function talkTo(owner: Caller): Promise<Conversation> {
  const device = await newDevice(owner);
  const refused = await device.connect();
  if (refused.state === "connected") throw new Error("a new device was let in without approval");
  await approve(owner, (await pendingRequest(owner, device.deviceId)).requestId);
  const connection = await device.connect();
  if (connection.state !== "connected") throw new Error(`refused: ${connection.code}`);
  const sessionKey = `agent:main:e2e-${randomUUID().slice(0, 8)}`;
  return {
    async ask(message) {
      const params = { message, sessionKey, idempotencyKey: randomUUID(), deliver: false };
      const { runId } = Accepted.parse(await connection.call("agent", params));
      const ended = await connection.call("agent.wait", { runId, timeoutMs: TURN_MS });
      const history = History.parse(await connection.call("chat.history", { sessionKey, limit: 20 }));
      const last = history.messages.findLast(({ role }) => role === "assistant");
      return `${textOf(last?.content)}${JSON.stringify(ended)}`;
    },
    close: () => connection.close(),
  };
}

function textOf(content: unknown): string {
  return typeof content === "string" ? content : JSON.stringify(content ?? "");
}
