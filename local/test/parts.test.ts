import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LogFile } from "../src/logFile.ts";
import { rememberPids, sweepOrphans } from "../src/orphans.ts";
import { choosePorts } from "../src/ports.ts";
import { Part, type PartSpec } from "../src/processes.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "oa-parts-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

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
    const [state, , group] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    // A zombie holds nothing but its number; when it goes is process 1's business.
    if (Number(group) === pid && state !== "Z") members += 1;
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

  it("that cannot be started again at once is tried a few times before it is given up", async () => {
    const { api: port } = await choosePorts(dir, 0);
    const ready = join(dir, "let-it-start");
    await writeFile(ready, "");
    const spec = listeningPart(port);
    const guarded = `if (!require("node:fs").existsSync(${JSON.stringify(ready)})) process.exit(4);`;
    const restarted = Promise.withResolvers<void>();
    let lost: string | null = null;
    const part = new Part({ ...spec, args: ["-e", `${guarded}${spec.args[1]}`] }, dir, {
      ...quiet,
      restarted: () => restarted.resolve(),
      lost: (_part, why) => (lost = why),
    });
    await part.start();
    await rm(ready);
    process.kill(part.pid ?? 0, "SIGKILL");
    // The first attempt fails, a later one does not.
    await sleep(600);
    await writeFile(ready, "");
    await restarted.promise;
    expect(lost).toBeNull();
    await part.stop();
  });

  it("goes on, and can be stopped, when its log cannot be written", async () => {
    const { api: port } = await choosePorts(dir, 0);
    const spec = listeningPart(port);
    const chatty = `setInterval(() => console.log("still here"), 10);${spec.args[1]}`;
    // A log folder that is a file: every write of the log fails, as on a full disk.
    const file = join(dir, "no-folder");
    await writeFile(file, "");
    const part = new Part({ ...spec, args: ["-e", chatty] }, file, quiet);
    await part.start();
    await sleep(300);
    const pid = part.pid ?? 0;
    expect(await groupOf(pid)).toBe(2);
    await part.stop();
    expect(await groupOf(pid)).toBe(0);
  });

  it("that is told to stop while it starts does not come up behind that", async () => {
    const part = new Part({ ...listeningPart(1), args: ["-e", "setInterval(() => {}, 1000)"] }, dir, quiet);
    const starting = part.start();
    await sleep(200);
    const pid = part.pid ?? 0;
    await part.stop();
    await expect(starting).rejects.toThrow(/listener ended: signal SIGTERM/);
    expect(await groupOf(pid)).toBe(0);
    await expect(part.start()).rejects.toThrow("was stopped");
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
    // So is one of another boot, and a list that cannot be read names nobody.
    await writeFile(file, kept.replace(/"started":"[^ ]*/, '"started":"another-boot'));
    expect(await sweepOrphans(dir)).toEqual([]);
    await writeFile(file, kept.slice(0, -5));
    expect(await sweepOrphans(dir)).toEqual([]);
    expect(await groupOf(pid)).toBe(2);

    await writeFile(file, kept);
    expect(await sweepOrphans(dir)).toEqual(["listener"]);
    expect(await groupOf(pid)).toBe(0);
    await part.stop();
  });
});

describe("the log of a part", () => {
  it("stays small while the part prints on and on, and keeps its newest lines", async () => {
    const log = new LogFile(join(dir, "logs", "chatty.log"), 1_000);
    for (let i = 0; i < 100; i += 1) log.write(Buffer.from(`line ${i} ${"x".repeat(90)}\n`));
    log.close();
    const names = (await readdir(join(dir, "logs"))).toSorted();
    expect(names).toEqual(["chatty.log", "chatty.log.1"]);
    const texts = await Promise.all(names.map((name) => readFile(join(dir, "logs", name), "utf8")));
    for (const text of texts) expect(text.length).toBeLessThan(1_200);
    expect(texts[0]).toContain("line 99");
    expect(log.lastLines(2).map((line) => line.slice(0, 7))).toEqual(["line 98", "line 99"]);
  });
});
