import { INTERNAL_KEY_HEADER, USER_ID_HEADER } from "@oa/contract";
import { beforeEach, describe, expect, it } from "vitest";
import { INTERNAL_KEY, openWorld } from "./support/world.ts";
import type { TestWorld } from "./support/world.ts";

const PATH = "/api/openclaw/runtime/logs/stream";
const block = (seq: number) => `event: lines\ndata: {"lines":[],"next":${seq}}\nid: ${seq}\n\n`;

let world: TestWorld;
let instanceId: string;

beforeEach(async () => {
  world = await openWorld();
  await world.as("ada", "POST", "/api/openclaw/instance", {});
  await world.drive("ada");
  instanceId = (await world.state()).convex.instances[0]?.instance_id ?? "";
});

const plays = (change: object) =>
  world.set(["fleet", "logStream"], { blocks: [], everyMs: 10, ending: "stay", opened: [], ...change });
/** Opens Ada's stream as a service that acts for her. */
const follow = (query = "", headers: Record<string, string> = {}) =>
  world.open("GET", PATH + query, {
    headers: { [INTERNAL_KEY_HEADER]: INTERNAL_KEY, [USER_ID_HEADER]: "ada", ...headers },
  });
const opened = async () => (await world.state()).fleet.logStream.opened;

/** Reads until `text` was seen or the stream ends; gives what came. */
async function readUntil(reader: ReadableStreamDefaultReader<Uint8Array>, text: string | null): Promise<string> {
  const decoder = new TextDecoder();
  let seen = "";
  for (;;) {
    const chunk = await reader.read();
    if (chunk.done) return seen;
    seen += decoder.decode(chunk.value, { stream: true });
    if (text !== null && seen.includes(text)) return seen;
  }
}

function readerOf(response: Response): ReadableStreamDefaultReader<Uint8Array> {
  const body: ReadableStream<Uint8Array> | null = response.body;
  if (body === null) throw new Error("the answer has no body");
  return body.getReader();
}

describe("the log that is followed", () => {
  it("comes as the runtime writes it, with the instance's own token, and is kept by nobody on the way", async () => {
    await plays({ blocks: [block(1), block(2)], everyMs: 400 });
    const answer = await follow();
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
    });
    const reader = readerOf(answer);
    // The first is here before the second was written.
    expect(await readUntil(reader, block(1))).toBe(block(1));
    expect(await readUntil(reader, block(2))).toBe(block(2));
    const { convex } = await world.state();
    const [stream] = await opened();
    expect(stream).toEqual({
      path: `/i/${instanceId}/v1/logs/stream`,
      token: convex.secrets["ada/service_token"],
      left: false,
    });
    await reader.cancel();
  });

  it("goes on where the reader left off; what is no position goes no further", async () => {
    const since = await follow("?since=12", { "last-event-id": "41" });
    const forged = await follow("", { "last-event-id": "41&x=1" });
    await Promise.all([since.body?.cancel(), forged.body?.cancel()]);
    expect((await opened()).map(({ path, lastEventId }) => [path.replace(/^.*stream/, ""), lastEventId])).toEqual([
      ["?since=12", "41"],
      ["", undefined],
    ]);
    expect((await world.as("ada", "GET", `${PATH}?since=1%26x`)).error().code).toBe("invalid_request");
  });

  it("is left by the Worker when its reader leaves", async () => {
    await plays({ blocks: [block(1)] });
    const reader = readerOf(await follow());
    await readUntil(reader, block(1));
    await reader.cancel();
    await expect.poll(async () => (await opened()).map(({ left }) => left)).toEqual([true]);
  });

  it("is not opened for who asks for its head only, and would read nothing of it", async () => {
    await plays({ blocks: [block(1)] });
    const headers = { [INTERNAL_KEY_HEADER]: INTERNAL_KEY, [USER_ID_HEADER]: "ada" };
    const answer = await world.send("HEAD", PATH, { headers });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET"]);
    expect(await opened()).toEqual([]);
  });

  it.each(["end", "break"] as const)("ends without an error when the runtime's does: %s", async (ending) => {
    await plays({ blocks: [block(1)], ending });
    expect(await readUntil(readerOf(await follow()), null)).toBe(block(1));
  });

  it("may be silent for long once it has begun; one that does not begin is given up on after ten seconds", async () => {
    await plays({ blocks: [block(1), block(2)], everyMs: 11_000 });
    const slow = readerOf(await follow());
    await world.fault("fleet", { path: "/i/", fault: { kind: "hang" } });
    const [text, hung] = await Promise.all([readUntil(slow, block(2)), world.as("ada", "GET", PATH)]);
    expect(text).toBe(block(1) + block(2));
    expect(hung.error().code).toBe("runtime_unreachable");
    await slow.cancel();
  });

  it("is not there for who has no OpenClaw, and a runtime's no is said in our words", async () => {
    expect((await world.as("eve", "GET", PATH)).error().code).toBe("no_instance");
    for (const [status, code, said] of [
      [500, "internal", "runtime_error"],
      [503, "gateway_unavailable", "gateway_unavailable"],
      [401, "unauthorized", "runtime_error"],
    ] as const) {
      await world.set(["faults", "fleet"], [{ path: "/i/", fault: { kind: "refuse", status, code } }]);
      const answer = await world.as("ada", "GET", PATH);
      expect(answer.error().code).toBe(said);
      expect(answer.text).not.toContain("raw words");
    }
  });
});
