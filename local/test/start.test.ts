import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockDataDir } from "../src/lock.ts";
import { parseOptions } from "../src/options.ts";
import { choosePorts } from "../src/ports.ts";
import { Part, type PartSpec, rememberPids, sweepOrphans } from "../src/processes.ts";
import { loadSecrets } from "../src/secrets.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "oa-local-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe("options", () => {
  it("keeps everything in .local below the project unless told otherwise", () => {
    expect(parseOptions([], "/project").dataDir).toBe("/project/.local");
    expect(parseOptions(["--data-dir", "x"], "/project").dataDir).toBe("/project/x");
  });

  it.each([
    ["--port", "http"],
    ["--port", "70000"],
    ["--prot", "1"],
  ])("refuses %s %s", (...argv) => {
    expect(() => parseOptions(argv, "/")).toThrow(/port|prot/);
  });
});

describe("secrets", () => {
  it("are made once, kept for their owner alone, and the environment wins", async () => {
    const first = await loadSecrets(dir, {});
    const second = await loadSecrets(dir, { OA_CONTROL_KEY: "c".repeat(40) });
    expect(second).toEqual({ ...first, OA_CONTROL_KEY: "c".repeat(40) });
    expect(await loadSecrets(dir, {})).toEqual(first);
    expect((await stat(join(dir, "secrets.json"))).mode & 0o777).toBe(0o600);
  });

  it("refuses a key that is too short to be one", async () => {
    await expect(loadSecrets(dir, { OA_INTERNAL_KEY: "short" })).rejects.toThrow(/OA_INTERNAL_KEY/);
  });
});

describe("ports", () => {
  it("are the same at every start while they are free", async () => {
    const first = await choosePorts(dir, 0);
    expect(await choosePorts(dir, null)).toEqual(first);
    expect(new Set(Object.values(first)).size).toBe(8);
  });

  it("move away from one that someone else has taken, and refuse one that was asked for by number", async () => {
    const first = await choosePorts(dir, 0);
    const squatter = createServer().listen(first.convex, "127.0.0.1");
    await new Promise((resolve) => squatter.once("listening", resolve));
    try {
      const second = await choosePorts(dir, null);
      expect(second.convex).not.toBe(first.convex);
      await expect(choosePorts(dir, first.convex)).rejects.toThrow(/in use/);
    } finally {
      squatter.close();
    }
  });
});

describe("one npm start on one data folder", () => {
  it("a second one is told which process holds it; a killed one holds nothing", async () => {
    const holder = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", "start.ts"]);
    await writeFile(join(dir, "start.lock"), String(holder.pid));
    await sleep(100);
    expect(() => lockDataDir(dir)).toThrow(new RegExp(`process ${holder.pid}`));
    holder.kill("SIGKILL");
    await new Promise((resolve) => holder.once("exit", resolve));
    const unlock = lockDataDir(dir);
    expect(await readFile(join(dir, "start.lock"), "utf8")).toBe(String(process.pid));
    unlock();
  });
});

/** A part that listens, and starts a child of its own in the same process group. */
function listeningPart(port: number, probeUrl = `http://127.0.0.1:${port}`): PartSpec {
  const script = `
    require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    require("node:http").createServer((q, r) => r.end(String(process.pid))).listen(${port}, "127.0.0.1");
  `;
  return {
    name: "listener",
    command: process.execPath,
    args: ["-e", script],
    cwd: dir,
    env: { PART_OF: dir },
    probe: async () => {
      await fetch(probeUrl);
    },
    startDeadlineMs: 10_000,
    stopDeadlineMs: 2000,
  };
}

const quiet = { change: async () => {}, lost: () => {}, restarted: () => {} };

async function groupOf(pid: number): Promise<number> {
  let members = 0;
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const text = await readFile(`/proc/${entry}/stat`, "utf8").catch(() => "");
    if (Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[2]) === pid) members += 1;
  }
  return members;
}

describe.skipIf(process.platform !== "linux")("a part (needs Linux's /proc to count processes)", () => {
  it("killed hard is started again, and its children went with it", async () => {
    const { api: port } = await choosePorts(dir, 0);
    const restarted = Promise.withResolvers<void>();
    const part = new Part(listeningPart(port), dir, { ...quiet, restarted: () => restarted.resolve() });
    await part.start();
    const first = part.pid;
    if (first === null) throw new Error("no pid");
    process.kill(first, "SIGKILL");
    await restarted.promise;
    expect(part.pid).not.toBe(first);
    expect(await groupOf(first)).toBe(0);
    await part.stop();
  });

  it("that is stopped leaves nothing behind", async () => {
    const { api: port } = await choosePorts(dir, 0);
    const part = new Part(listeningPart(port), dir, quiet);
    await part.start();
    const pid = part.pid;
    if (pid === null) throw new Error("no pid");
    expect(await groupOf(pid)).toBe(2);
    await part.stop();
    expect(await groupOf(pid)).toBe(0);
  });

  it("that cannot start says why, with its last words", async () => {
    const spec = { ...listeningPart(1), args: ["-e", "console.error('the disk is full'); process.exit(3)"] };
    const part = new Part(spec, dir, quiet);
    await expect(part.start()).rejects.toThrow(/exit code 3[^]*the disk is full/);
  });

  it("left running by a killed npm start is ended by the next one, and nothing else is", async () => {
    const { api: port } = await choosePorts(dir, 0);
    const part = new Part(listeningPart(port), dir, quiet);
    await part.start();
    const pid = part.pid;
    if (pid === null) throw new Error("no pid");
    await rememberPids(dir, [part]);
    const file = join(dir, "pids.json");
    const kept = await readFile(file, "utf8");

    // The same number with another start time is somebody else's process.
    await writeFile(file, kept.replace(/"started":"[^"]*"/, '"started":"1"'));
    expect(await sweepOrphans(dir)).toEqual([]);
    expect(await groupOf(pid)).toBe(2);

    await writeFile(file, kept);
    expect(await sweepOrphans(dir)).toEqual(["listener"]);
    expect(await groupOf(pid)).toBe(0);
    await part.stop();
  });
});
