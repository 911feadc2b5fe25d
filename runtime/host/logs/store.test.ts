import { appendFile, mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LogStore } from "./store.ts";

describe("the log of an instance", () => {
  let dir: string;
  const open = () => new LogStore({ dir, redact: (text) => text.replaceAll("hunter2", "***"), now: () => 5 });
  const texts = async (log: LogStore, since = 0) => (await log.read(since)).lines.map((line) => line.text);
  const print = (text: string) => appendFile(join(dir, "gateway.out"), text);

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "oa-logs-"));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it("numbers the lines of gateway and host in their order", async () => {
    const log = open();
    await log.note("info", "starting");
    await print(
      '{"time":"2026-01-01T00:00:00Z","level":"warn","subsystem":"gateway","message":"hello"}\nFatal error: out of memory\n\n',
    );
    await log.note("warn", "it ended");
    const page = await log.read(0);
    expect(page.lines).toEqual([
      { seq: 0, at: 5, level: "info", text: "[host] starting" },
      { seq: 1, at: Date.UTC(2026, 0, 1), level: "warn", text: "[gateway] hello" },
      { seq: 2, at: 5, level: "error", text: "Fatal error: out of memory" },
      { seq: 3, at: 5, level: "warn", text: "[host] it ended" },
    ]);
    expect(page.next).toBe(4);
    expect(await log.read(4)).toEqual({ lines: [], next: 4 });
    expect(await texts(log, 2)).toHaveLength(2);
  });

  it("stores and shows no secret", async () => {
    const log = open();
    await print("password hunter2\n");
    expect(await texts(log)).toEqual(["password ***"]);
    const segment = (await readdir(dir)).find((name) => name.startsWith("lines-")) ?? "";
    expect(await readFile(join(dir, segment), "utf8")).not.toContain("hunter2");
  });

  it("waits for the end of a half-written line, and takes colours out", async () => {
    const log = open();
    await print("one\nhal");
    expect(await texts(log)).toEqual(["one"]);
    await print("f \u001b[31mred\u001b[0m\u0007\n");
    expect(await texts(log)).toEqual(["one", "half red"]);
  });

  it("goes on where it was after a crash, with nothing twice and nothing lost", async () => {
    const first = open();
    await print("one\ntwo\n");
    await first.collect();
    const segment = (await readdir(dir)).find((name) => name.startsWith("lines-")) ?? "";
    // Killed while writing its third line.
    await appendFile(join(dir, segment), '{"seq":2,"at":5,"le');
    await print("three\n");
    const second = open();
    expect(await texts(second)).toEqual(["one", "two", "three"]);
    expect((await second.read(2)).next).toBe(3);
  });

  it("stays small: the spool is emptied and old lines go, while numbers grow", async () => {
    const log = open();
    const line = `${"x".repeat(900)}\n`;
    for (let i = 0; i < 8; i += 1) {
      await print(line.repeat(1_200));
      await log.collect();
    }
    expect((await stat(join(dir, "gateway.out"))).size).toBe(0);
    const names = (await readdir(dir)).filter((name) => name.startsWith("lines-"));
    expect(names.length).toBeLessThanOrEqual(5);
    const page = await log.read(0);
    expect(page.lines.length).toBeGreaterThan(0);
    expect(page.lines[0]?.seq).toBeGreaterThan(0);
    await print("last\n");
    const { next } = await log.read(9_600);
    expect(next).toBe(9_601);
  });

  it("pages through more than one answer holds", async () => {
    const log = open();
    await print(Array.from({ length: 1_700 }, (_, i) => `line ${i}\n`).join(""));
    const seen: string[] = [];
    for (let since = 0; ;) {
      const page = await log.read(since);
      if (page.lines.length === 0) break;
      seen.push(...page.lines.map((one) => one.text));
      since = page.next;
    }
    expect(seen).toEqual(Array.from({ length: 1_700 }, (_, i) => `line ${i}`));
  });

  it("cuts a line that never ends", async () => {
    const log = open();
    await print("y".repeat(300 * 1024));
    await log.collect();
    expect((await texts(log))[0]?.length).toBe(4_000);
  });

  it("shows no half of a secret: neither where a long line is cut for its reader, nor where it is cut for being endless", async () => {
    const log = open();
    await print(`${"x".repeat(3_996)}hunter2 and more\n`);
    await print(`${"y".repeat(64 * 1024 - 3)}hunter2 is in two pieces\nnext\n`);
    await log.collect();
    const lines = await texts(log);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe(`${"x".repeat(3_996)}*** `);
    expect(lines[2]).toBe("next");
    for (const line of lines) expect(line).not.toMatch(/hunt|nter2|er2/);
  });

  it("keeps up with a gateway that prints without end: what cannot be kept is skipped, and said to be", async () => {
    const log = open();
    await print("first\n");
    await log.collect();
    await print(`${"z".repeat(999)}\n`.repeat(20_000));
    await print("half of a li");
    await log.collect();
    expect((await stat(join(dir, "gateway.out"))).size).toBe(0);
    await print("ne\nafterwards\n");
    const all: string[] = [];
    for (let since = 0; ;) {
      const page = await log.read(since);
      if (page.lines.length === 0) break;
      all.push(...page.lines.map((line) => line.text.slice(0, 60)));
      since = page.next;
    }
    expect(all[0]).toBe("first");
    expect(all).toContainEqual(
      expect.stringMatching(/^\[host\] the gateway prints faster than it can be kept: \d+ KiB/),
    );
    expect(all.at(-1)).toBe("afterwards");
    // The rest of a line whose beginning was skipped is no line.
    expect(all).not.toContain("ne");
    expect(all.length).toBeLessThan(6_000);
  });

  it("knows what a gateway ended of, among what else it complained about", async () => {
    const log = open();
    await print("an old error: forget it\n");
    await log.note("info", "gateway started");
    await print("an error on the way\nInvalid config: no such key\nRun doctor to repair the error\n");
    expect(await log.lastComplaint()).toBe("Invalid config: no such key");
    await log.note("info", "gateway started");
    await print("an error\nanother error\nbye\n");
    expect(await log.lastComplaint()).toBe("another error");
    await log.note("info", "gateway started");
    expect(await log.lastComplaint()).toBeNull();
  });
});
