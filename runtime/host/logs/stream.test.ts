import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LogGap, LogPage } from "@oa/contract";
import { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { logStream } from "../../src/logStream.ts";
import { type ServerSentEvent, serverSentEvents } from "../../test/support/serverSentEvents.ts";
import { LogStore } from "./store.ts";

/** A log that is followed: the real store, and a reader that takes what comes, or does not. */
describe("the log of an instance, followed", () => {
  let dir: string;
  let log: LogStore;
  let app: Hono;
  let open: AsyncGenerator<ServerSentEvent>[];
  const troubles: unknown[] = [];

  const print = (...lines: string[]) => appendFile(join(dir, "gateway.out"), lines.map((line) => `${line}\n`).join(""));
  const follow = async (since: number | null = null) => {
    const events = serverSentEvents(await app.request(since === null ? "/" : `/?since=${since}`));
    open.push(events);
    return events;
  };
  const next = async (events: AsyncGenerator<ServerSentEvent>) => {
    const step: IteratorResult<ServerSentEvent, unknown> = await events.next();
    if (step.done === true) throw new Error("the stream has ended");
    return step.value;
  };
  const page = async (events: AsyncGenerator<ServerSentEvent>) => {
    const { event, id, data } = await next(events);
    const { lines, next: position } = LogPage.parse(JSON.parse(data));
    return { event, id, position, texts: lines.map((line) => line.text) };
  };

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "oa-logs-"));
    log = new LogStore({ dir, redact: (text) => text.replaceAll("hunter2", "***"), now: () => 5 });
    open = [];
    const read = logStream(log, (error) => troubles.push(error));
    app = new Hono().get("/", (c) => read(c, c.req.query("since") === undefined ? null : Number(c.req.query("since"))));
  });
  afterEach(async () => {
    log.end();
    await Promise.all(open.map((events) => events.return(undefined)));
    await rm(dir, { recursive: true, force: true });
    if (troubles.length > 0) throw new Error("a stream reported trouble", { cause: troubles });
  });

  it("begins with what is there, and brings what a gateway prints as it prints it, without its secrets", async () => {
    await print("one", "two");
    const events = await follow();
    expect(await page(events)).toEqual({ event: "lines", id: "2", position: 2, texts: ["one", "two"] });
    // Nothing else looks at the file here: the stream itself has to notice.
    await print("password hunter2");
    expect(await page(events)).toEqual({ event: "lines", id: "3", position: 3, texts: ["password ***"] });
    await log.note("info", "gateway started");
    expect((await page(events)).texts).toEqual(["[host] gateway started"]);
  });

  it("gives a reader of an empty log a position to come back with", async () => {
    expect(await page(await follow())).toEqual({ event: "lines", id: "0", position: 0, texts: [] });
  });

  it("goes on where a reader left off, with nothing twice and nothing lost", async () => {
    await print("one", "two");
    const before = await follow();
    const { position } = await page(before);
    await before.return(undefined);
    await print("three");
    await log.collect();
    const after = await follow(position);
    await print("four");
    const seen = [...(await page(after)).texts];
    while (!seen.includes("four")) seen.push(...(await page(after)).texts);
    expect(seen).toEqual(["three", "four"]);
  });

  it("starts anew for a position of another log", async () => {
    await print("one");
    expect((await page(await follow(70_000))).texts).toEqual(["one"]);
  });

  it("waits for a reader who takes nothing, and tells it what was gone when it did", async () => {
    const events = await follow(0);
    expect((await page(events)).position).toBe(0);
    const line = "x".repeat(900);
    const printed = 9_600;
    for (let i = 0; i < 8; i += 1) {
      await print(...Array.from({ length: printed / 8 }, () => line));
      await log.collect();
    }
    const gaps: LogGap[] = [];
    const pages: LogPage[] = [];
    while (pages.at(-1)?.next !== printed) {
      const { event, data } = await next(events);
      if (event === "gap") gaps.push(LogGap.parse(JSON.parse(data)));
      else pages.push(LogPage.parse(JSON.parse(data)));
    }
    expect(gaps.length).toBeGreaterThan(0);
    const seqs = pages.flatMap(({ lines }) => lines.map(({ seq }) => seq));
    const gone = gaps.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i));
    expect([...seqs, ...gone].toSorted((a, b) => a - b)).toEqual(Array.from({ length: printed }, (_, i) => i));
    expect(Math.max(...pages.map(({ lines }) => lines.length))).toBeLessThanOrEqual(500);
  });

  it("has twenty readers at a time: one more takes the place of the oldest, which may come back", async () => {
    const readers: AsyncGenerator<ServerSentEvent>[] = [];
    for (let i = 0; i < 21; i += 1) readers.push(await follow());
    for (const reader of readers) await page(reader);
    const [oldest, ...others] = readers;
    expect((await oldest?.next())?.done).toBe(true);
    await log.note("info", "still followed");
    expect(await Promise.all(others.map(async (reader) => (await page(reader)).texts))).toEqual(
      others.map(() => ["[host] still followed"]),
    );
  });

  it("ends for everybody when the log is erased", async () => {
    const events = await follow();
    await page(events);
    log.end();
    expect((await events.next()).done).toBe(true);
  });
});
