import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../../test/support/testHost.ts";
import { isAlive, startMark } from "../processes.ts";
import type { ProcessRecord } from "../store.ts";
import { createBootGate } from "./bootGate.ts";
import { createPortPool } from "./ports.ts";
import { Supervisor, type SupervisorDeps } from "./supervisor.ts";

/** A gateway as the supervisor meets it: real processes that answer the probes, and behave as badly as they are told to. */
const GATEWAY = (port: number, habits: string) => `
  const { spawn } = require("node:child_process");
  const { writeFileSync } = require("node:fs");
  ${habits}
  require("node:http")
    .createServer((request, response) => response.end('{"ok":true}'))
    .listen(${port}, "127.0.0.1");
`;

describe.skipIf(process.platform !== "linux")("a gateway that misbehaves (needs Linux's /proc)", () => {
  let dir: string;
  let home: string;
  let port: number;
  let supervisor: Supervisor;
  let notes: string[];
  const ports = createPortPool();

  const supervise = (habits: string, more: Partial<SupervisorDeps> = {}): Supervisor => {
    supervisor = new Supervisor({
      home,
      spool: join(dir, "gateway.out"),
      gate: createBootGate(1),
      limits: { bootDeadlineMs: 20_000, bootPollMs: 20, livenessPollMs: 100, livenessMisses: 1 },
      now: Date.now,
      elapsed: () => performance.now(),
      prepare: () => {
        const env = { HOME: home, PATH: process.env["PATH"] ?? "" };
        const command = { file: process.execPath, args: ["-e", GATEWAY(port, habits)], env, cwd: home };
        return Promise.resolve({ command, port, launchKey: "k" });
      },
      repair: () => Promise.resolve(null),
      remember: () => undefined,
      ready: () => Promise.resolve(),
      lastWords: () => Promise.resolve(null),
      changed: () => undefined,
      note: (level, text) => notes.push(`${level}: ${text}`),
      ...more,
    });
    return supervisor;
  };
  const ready = () => until("it is ready", () => Promise.resolve(supervisor.state.at === "ready"), 20_000);
  const pidIn = async (name: string): Promise<number> => {
    await until(`${name} is written`, async () => (await readFile(join(dir, name), "utf8").catch(() => "")) !== "");
    return Number(await readFile(join(dir, name), "utf8"));
  };

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "oa-supervisor-"));
    home = join(dir, "home");
    await mkdir(home);
    port = await ports.take(undefined);
    notes = [];
  });
  afterEach(async () => {
    await supervisor.stop(0);
    ports.release(port);
    await rm(dir, { recursive: true, force: true });
  });

  it("and ignores SIGTERM is killed when its grace is over", async () => {
    supervise(`process.on("SIGTERM", () => {});`).start();
    await ready();
    const { state } = supervisor;
    const pid = "pid" in state ? (state.pid ?? 0) : 0;
    await supervisor.stop(300);
    expect(await startMark(pid)).toBeNull();
    expect(supervisor.state).toEqual({ at: "stopped" });
  });

  it("and starts others takes them with it: also in sessions of their own, and without its HOME", async () => {
    const child = (name: string, env: string) => `
      const ${name} = spawn("sleep", ["1000"], { detached: true, stdio: "ignore", env: ${env} });
      ${name}.unref();
      writeFileSync(${JSON.stringify(dir)} + "/${name}", String(${name}.pid));
    `;
    supervise(`${child("helper", "process.env")}${child("stranger", "{ PATH: process.env.PATH }")}`).start();
    await ready();
    const others = await Promise.all(["helper", "stranger"].map(pidIn));
    const refs = await Promise.all(others.map(async (pid) => ({ pid, start: (await startMark(pid)) ?? "" })));
    await supervisor.stop(1_000);
    for (const ref of refs) expect(await isAlive(ref)).toBe(false);
  });

  it("and no longer answers is ended and started again", async () => {
    supervise(`setTimeout(() => { for (;;); }, 400);`).start();
    await ready();
    await until("it was ended", () => Promise.resolve(supervisor.restarts > 0), 30_000);
    expect(notes.join("\n")).toContain("stopped answering");
  });

  it("ends while the disk is full: it is started again all the same", async () => {
    let full = false;
    const remember = (record: ProcessRecord | null) => {
      if (full && record === null) throw new Error("database or disk is full");
    };
    supervise("", { remember }).start();
    await ready();
    const before = supervisor.state;
    full = true;
    process.kill("pid" in before ? (before.pid ?? 0) : 0, "SIGKILL");
    await until("another one is ready", () => {
      const { state } = supervisor;
      return Promise.resolve(
        state.at === "ready" && state.launchedAt !== ("launchedAt" in before ? before.launchedAt : 0),
      );
    });
    expect(notes.join("\n")).toContain("disk is full");
  });

  it("does not: a clock that is corrected by a day, in either direction, ends nothing", async () => {
    let now = Date.now();
    supervise(`const until = Date.now() + 700; while (Date.now() < until);`, { now: () => now }).start();
    await until("it boots", () => Promise.resolve(supervisor.state.at === "boot"));
    now += 86_400_000;
    await ready();
    now -= 2 * 86_400_000;
    await sleep(300);
    expect(supervisor.state.at).toBe("ready");
    expect(supervisor.restarts).toBe(0);
  });
});
