/** The file itself: one process at a time, time that only goes forward, full disks, damage, copies. */
import { execFile } from "node:child_process";
import { openSync, readdirSync, readFileSync, statSync, truncateSync, writeSync, closeSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { PushedDefinition } from "../../src/engine/push/analysis.ts";
import { userTables } from "../../src/engine/query/tables.ts";
import { bundle, call, eventually, mutate, openIn, push, query, tempFolder } from "./support.ts";

let fixture: PushedDefinition[];
beforeAll(async () => {
  fixture = await bundle();
});

const CRONS = `import { cronJobs, makeFunctionReference } from "convex/server"; const crons = cronJobs();
crons.cron("yearly", "0 0 1 1 *", makeFunctionReference("checks:hidden")); export default crons;`;

describe("a database", () => {
  test("is open in one process at a time", async () => {
    const folder = tempFolder();
    await openIn(folder);
    await expect(openIn(folder)).rejects.toMatchObject({
      code: "AlreadyRunning",
      message: /Another process has .*data\.db open/,
    });
  });

  test("is free again when the process that had it is gone, however it went", async () => {
    const folder = tempFolder();
    const script = `import { openEngine } from ${JSON.stringify(fileURLToPath(new URL("../../src/engine/engine.ts", import.meta.url)))};
await openEngine({ file: ${JSON.stringify(path.join(folder, "data.db"))}, modulesDir: "", cloudUrl: "", siteUrl: "", name: "x" });
process.kill(process.pid, "SIGKILL");`;
    await expect(promisify(execFile)(process.execPath, ["--input-type=module", "-e", script])).rejects.toMatchObject({
      signal: "SIGKILL",
    });
    const engine = await openIn(folder);
    expect(userTables(engine, "")).toEqual([]);
  });

  test("of another format is refused, not guessed at", async () => {
    const folder = tempFolder();
    const db = new DatabaseSync(path.join(folder, "data.db"));
    db.exec("PRAGMA user_version = 99");
    db.close();
    await expect(openIn(folder)).rejects.toMatchObject({ code: "UnknownFormat", message: /format 99/ });
  });

  test("of the last format is brought up to date, with everything in it", async () => {
    const folder = tempFolder();
    const engine = await openIn(folder);
    await push(engine, await bundle({ "crons.ts": CRONS }));
    const crons = engine.storage.writer.all("SELECT * FROM crons");
    await engine.close();
    const db = new DatabaseSync(path.join(folder, "data.db"));
    db.exec("ALTER TABLE crons ADD COLUMN running INTEGER NOT NULL DEFAULT 0; PRAGMA user_version = 2");
    db.close();
    const again = await openIn(folder);
    expect(again.storage.writer.all("SELECT * FROM crons")).toEqual(crons);
    expect(crons).toMatchObject([{ name: "yearly" }]);
  });

  test("that was damaged while nobody looked after a crash is refused at the next start", async () => {
    const folder = tempFolder();
    const engine = await openIn(folder);
    await push(engine, fixture);
    await mutate(engine, "checks:write", { count: 2000 });
    await engine.close();
    const file = path.join(folder, "data.db");
    const db = new DatabaseSync(file);
    db.exec("UPDATE meta SET value = '1' WHERE name = 'running'");
    db.close();
    const handle = openSync(file, "r+");
    for (let at = 16_384; at < statSync(file).size; at += 8192)
      writeSync(handle, Buffer.alloc(2048, 0x5a), 0, 2048, at);
    closeSync(handle);
    await expect(openIn(folder)).rejects.toThrow(/damaged|malformed/);
  });

  test("unpacks its code anew at every start: a power cut may have left empty files", async () => {
    const folder = tempFolder();
    const engine = await openIn(folder);
    await push(engine, fixture);
    await engine.close();
    const [bundleName = ""] = readdirSync(path.join(folder, "modules"));
    const file = path.join(folder, "modules", bundleName, "notes.js");
    const source = readFileSync(file, "utf8");
    truncateSync(file);
    await openIn(folder);
    expect(readFileSync(file, "utf8")).toBe(source);
    expect(source).toContain("ofOwner");
  });

  test("that is thrown away leaves nothing behind, not even while it is open", async () => {
    const folder = tempFolder();
    vi.stubEnv("TMPDIR", folder);
    const engine = await openIn(tempFolder(), { file: ":memory:", modulesDir: path.join(tempFolder(), "modules") });
    vi.unstubAllEnvs();
    await push(engine, fixture);
    await mutate(engine, "notes:add", { owner: "ada", text: "here" });
    const snapshots = [1, 2, 3].map(() => engine.runner.snapshot());
    expect(await query(engine, "notes:ofOwner", { owner: "ada" })).toHaveLength(1);
    expect(readdirSync(folder).filter((name) => !name.startsWith("embedded-convex-test-"))).toEqual([]);
    for (const snapshot of snapshots) snapshot.close();
  });
});

describe("time", () => {
  test("only goes forward, where the machine's clock stands still or jumps back, also over a restart", async () => {
    let now = 1_800_000_000_000;
    const folder = tempFolder();
    const engine = await openIn(folder, { now: () => now });
    await push(engine, fixture);
    const times: bigint[] = [];
    const add = async (on: typeof engine) => {
      const { ts } = await on.runner.runMutation(call("notes:add", { owner: "ada", text: `${times.length}` }));
      times.push(ts ?? 0n);
    };
    await add(engine);
    await add(engine);
    now -= 3_600_000;
    await add(engine);
    await engine.close();
    const again = await openIn(folder, { now: () => now });
    expect(again.storage.durableTs).toBeGreaterThanOrEqual(times.at(-1) ?? 0n);
    await add(again);
    expect(times.toSorted((a, b) => Number(a - b))).toEqual(times);
    expect(new Set(times).size).toBe(4);
    expect(await query(again, "notes:ofOwner", { owner: "ada" })).toMatchObject([
      { text: "0" },
      { text: "1" },
      { text: "2" },
      { text: "3" },
    ]);
  });
});

describe("a disk that is full", () => {
  test("fails the mutations it has no room for, keeps those it acknowledged, and recovers", async () => {
    const folder = tempFolder();
    const engine = await openIn(folder);
    await push(engine, fixture);
    const db = engine.storage.writer;
    const pages = Number(db.get("PRAGMA page_count")?.["page_count"]);
    db.exec(`PRAGMA max_page_count = ${pages + 20}`);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 200 }, (_, i) =>
        mutate(engine, "notes:add", { owner: "ada", text: `${i} ${"x".repeat(2000)}` }),
      ),
    );
    const kept = outcomes.filter(({ status }) => status === "fulfilled").length;
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(200);
    db.exec("PRAGMA max_page_count = 1000000");
    await mutate(engine, "notes:add", { owner: "ada", text: "room again" });
    expect(await query(engine, "notes:ofOwner", { owner: "ada" })).toHaveLength(kept + 1);
    await engine.close();
    const again = await openIn(folder);
    expect(await query(again, "notes:ofOwner", { owner: "ada" })).toHaveLength(kept + 1);
  });
});

describe("closing", () => {
  test("does not wait for an action that takes its time; the next start finds it interrupted", async () => {
    const folder = tempFolder();
    const engine = await openIn(folder);
    await push(engine, fixture);
    await mutate(engine, "jobs:scheduleAction", { name: "long", delayMs: 0, waitMs: 60_000, fails: false });
    await eventually(
      async () => (JSON.stringify(await query(engine, "jobs:all")).includes("inProgress") ? true : null),
      "it runs",
    );
    await engine.close();
    const again = await openIn(folder);
    expect(await query(again, "jobs:all")).toMatchObject([
      { state: { kind: "failed", error: "Transient error while executing action" } },
    ]);
  });
});
