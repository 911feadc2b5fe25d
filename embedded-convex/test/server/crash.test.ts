/** The plug pulled under load: kill -9 of the server while clients write, again and again. */
import { ConvexHttpClient } from "convex/browser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api } from "../fixtures/chat/convex/_generated/api.js";
import { startChat, type Chat } from "../support/chat.ts";
import { waitFor } from "../support/wait.ts";

/** `CRASH_ROUNDS=200` for the long run. */
const ROUNDS = Number(process.env["CRASH_ROUNDS"] ?? 10);
const WRITERS = 4;

let chat: Chat;
beforeAll(async () => {
  chat = await startChat();
});
afterAll(() => chat.close());

/** Writes numbered messages to `channel` until the server dies. Returns those that were acknowledged. */
async function writeUntilDeath(channel: string): Promise<string[]> {
  const http = new ConvexHttpClient(chat.deployment.url, { logger: false });
  const acknowledged: string[] = [];
  for (let number = 0; ; number += 1) {
    try {
      await http.mutation(api.messages.sendCounted, { channel, body: String(number) });
    } catch {
      return acknowledged;
    }
    acknowledged.push(String(number));
  }
}

describe("kill -9 under load", () => {
  it(
    `loses no acknowledged write, keeps no half of one, runs every job once (${ROUNDS} rounds)`,
    async () => {
      let written = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const channels = Array.from({ length: WRITERS }, (_, writer) => `round ${round} writer ${writer}`);
        const writing = channels.map(writeUntilDeath);
        // From barely begun to well under way.
        await new Promise((resolve) => setTimeout(resolve, 20 + ((round * 67) % 400)));
        await chat.restart("SIGKILL");
        const acknowledged = await Promise.all(writing);

        const http = new ConvexHttpClient(chat.deployment.url, { logger: false });
        for (const [index, channel] of channels.entries()) {
          const list = () => http.query(api.messages.list, { channel });
          const bodies = (await list()).map((message) => message.body);
          const known = acknowledged[index] ?? [];
          written += known.length;
          // The one whose answer never came may have been committed.
          expect([known, [...known, String(known.length)]]).toContainEqual(bodies);
          expect(await http.query(api.counters.read, { name: channel })).toBe(bodies.length);
          const liked = await waitFor(list, (messages) => messages.every((message) => message.likes !== undefined));
          expect(liked.every((message) => message.likes === 1n)).toBe(true);
        }
      }
      expect(written).toBeGreaterThan(0);
    },
    ROUNDS * 20_000,
  );
});
