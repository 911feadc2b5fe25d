/** The plug pulled under load: kill -9 of the server while clients write, again and again. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConvexHttpClient } from "convex/browser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { api } from "../fixtures/chat/convex/_generated/api.js";
import { startChat, type Chat } from "../support/chat.ts";
import { deploy } from "../support/deployment.ts";
import { waitFor } from "../support/wait.ts";

/** `CRASH_ROUNDS=200` for the long run. */
const ROUNDS = Number(process.env["CRASH_ROUNDS"] ?? 10);
const WRITERS = 4;

let chat: Chat;
beforeAll(async () => {
  chat = await startChat();
});
afterAll(() => chat.close());

/** What one round has done so far. */
interface Progress {
  written: number;
  pushed: number;
}

/** The body of `start_push` for the project as it is, made by the official bundler. */
async function bundle(name: string): Promise<string> {
  const file = join(chat.project, name);
  await deploy(chat.project, chat.deployment, ["--write-push-request", file, "--push-all-modules"]);
  return readFile(`${file}.json`, "utf8");
}

/** Two pushes that differ in an index. */
async function bundles(): Promise<string[]> {
  const schema = join(chat.project, "convex/schema.ts");
  const source = await readFile(schema, "utf8");
  const plain = await bundle("plain");
  await writeFile(schema, source.replace('.index("by_channel"', '.index("by_body", ["body"]).index("by_channel"'));
  return [plain, await bundle("indexed")];
}

/** Pushes one after the other until the server dies. */
async function pushUntilDeath(pushes: string[], progress: Progress): Promise<void> {
  const { url, adminKey } = chat.deployment;
  const post = async (step: string, body: string): Promise<unknown> => {
    const headers = { authorization: `Convex ${adminKey}` };
    const answer = await fetch(`${url}/api/deploy2/${step}`, { method: "POST", body, headers });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  };
  for (;;) {
    try {
      const startPush = z
        .looseObject({ schemaChange: z.json() })
        .parse(await post("start_push", pushes[progress.pushed % 2] ?? ""));
      await post("wait_for_schema", JSON.stringify({ schemaChange: startPush.schemaChange }));
      await post("finish_push", JSON.stringify({ startPush }));
    } catch (error) {
      // Anything but the server's death would be a push that failed under load.
      if (error instanceof TypeError) return;
      throw error;
    }
    progress.pushed += 1;
  }
}

/** Writes numbered messages to `channel` until the server dies. Returns those that were acknowledged. */
async function writeUntilDeath(channel: string, progress: Progress): Promise<string[]> {
  const http = new ConvexHttpClient(chat.deployment.url, { logger: false });
  const acknowledged: string[] = [];
  for (let number = 0; ; number += 1) {
    try {
      await http.mutation(api.messages.sendCounted, { channel, body: String(number) });
    } catch {
      return acknowledged;
    }
    acknowledged.push(String(number));
    progress.written += 1;
  }
}

describe("kill -9 under load", () => {
  it(
    `loses no acknowledged write, keeps no half of one, runs every job once, while code is pushed (${ROUNDS} rounds)`,
    async () => {
      const pushes = await bundles();
      for (let round = 0; round < ROUNDS; round += 1) {
        const progress: Progress = { written: 0, pushed: 0 };
        const channels = Array.from({ length: WRITERS }, (_, writer) => `round ${round} writer ${writer}`);
        const writing = channels.map((channel) => writeUntilDeath(channel, progress));
        const pushing = pushUntilDeath(pushes, progress);
        // From barely begun to well under way, and in every third round with new code under the writers.
        await waitFor(
          () => progress,
          ({ written, pushed }) => written >= (round * 13) % 80 && pushed >= (round % 3 === 2 ? 1 : 0),
          60_000,
        );
        await chat.restart("SIGKILL");
        const acknowledged = await Promise.all(writing);
        await pushing;

        const http = new ConvexHttpClient(chat.deployment.url, { logger: false });
        for (const [index, channel] of channels.entries()) {
          const list = () => http.query(api.messages.list, { channel });
          const bodies = (await list()).map((message) => message.body);
          const known = acknowledged[index] ?? [];
          // The one whose answer never came may have been committed.
          expect([known, [...known, String(known.length)]]).toContainEqual(bodies);
          expect(await http.query(api.counters.read, { name: channel })).toBe(bodies.length);
          const liked = await waitFor(list, (messages) => messages.every((message) => message.likes !== undefined));
          expect(liked.every((message) => message.likes === 1n)).toBe(true);
        }
      }
    },
    ROUNDS * 20_000,
  );
});
