import { spawn, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { announcement } from "../src/announce.ts";
import { lockDataDir } from "../src/lock.ts";
import { HELP, parseOptions } from "../src/options.ts";
import { choosePorts } from "../src/ports.ts";
import { resetData } from "../src/reset.ts";
import { loadSecrets } from "../src/secrets.ts";
import { troubleOf } from "../src/trouble.ts";

const START = fileURLToPath(new URL("../src/start.ts", import.meta.url));

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "oa-local-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe("options", () => {
  const parse = (argv: string[], env: Record<string, string> = {}) => parseOptions(argv, "/project", env);

  it("keeps everything in .local below the project unless told otherwise", () => {
    expect(parse([])).toMatchObject({ dataDir: "/project/.local", port: null, open: true, reset: false, yes: false });
    expect(parse(["--data-dir", "x", "--port", "0"])).toMatchObject({ dataDir: "/project/x", port: 0 });
  });

  it.each([
    ["--port", "http", /--port http: a port is a number/],
    ["--port", "", /a port is a number/],
    ["--port", "70000", /a port is a number/],
    ["--prot", "1", /--prot/],
    ["--data-dir", "", /name a folder/],
  ])("refuses %s %s, and says why", (flag, value, why) => {
    expect(parse([flag, value])).toHaveProperty("message", expect.stringMatching(why));
  });

  it("that npm took for itself are asked for again, in the way that reaches us", () => {
    // What `npm start --port 9000` becomes: the number is all that is left on the command line.
    expect(parse(["9000"], { npm_config_port: "9000" })).toHaveProperty(
      "message",
      expect.stringContaining("npm start -- --port …"),
    );
    expect(parse([], { npm_config_reset: "true" })).toHaveProperty(
      "message",
      expect.stringContaining("npm start -- --reset …"),
    );
  });

  it("are explained in lines that fit a terminal", () => {
    expect(Math.max(...HELP.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
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
    await expect(loadSecrets(dir, { OA_INTERNAL_KEY: "short" })).rejects.toThrow(
      /^A key in .env or the environment cannot be used: OA_INTERNAL_KEY \(.*32 characters\)$/,
    );
  });

  it("that are damaged are not made anew: what is encrypted with them would be lost", async () => {
    const file = join(dir, "secrets.json");
    await writeFile(file, '{"OA_INTERNAL_KEY": ');
    await expect(loadSecrets(dir, {})).rejects.toThrow(/secrets.json is damaged. Put your copy of it back/);
    expect(await readFile(file, "utf8")).toBe('{"OA_INTERNAL_KEY": ');
  });
});

describe("ports", () => {
  it("are the same at every start while they are free", async () => {
    const first = await choosePorts(dir, 0);
    expect(await choosePorts(dir, null)).toEqual(first);
    expect(new Set(Object.values(first)).size).toBe(8);
  });

  it("are chosen anew where nobody can read what they were", async () => {
    await writeFile(join(dir, "ports.json"), "{");
    expect(new Set(Object.values(await choosePorts(dir, 0))).size).toBe(8);
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
    const script = `
      const { lockDataDir } = await import(${JSON.stringify(new URL("../src/lock.ts", import.meta.url).href)});
      lockDataDir(${JSON.stringify(dir)});
      console.log("locked");
      setInterval(() => {}, 1000);
    `;
    const holder = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await new Promise((resolve) => holder.stdout.once("data", resolve));
      expect(() => lockDataDir(dir)).toThrow(new RegExp(`process ${holder.pid}.*--data-dir`));
    } finally {
      holder.kill("SIGKILL");
      await new Promise((resolve) => holder.once("exit", resolve));
    }
    // Whatever has its number by now, and whatever it is called, is not asked.
    await writeFile(join(dir, "start.lock"), String(process.pid));
    const unlock = lockDataDir(dir);
    expect(() => lockDataDir(dir)).toThrow(/another npm start/);
    unlock();
    lockDataDir(dir)();
  });
});

describe("npm start -- --reset", () => {
  const KEPT = ["convex", "runtime", "wrangler", "website", "logs"];
  const FILES = ["secrets.json", "pids.json", "ports.json"];
  const NOT_OURS = ["notes.txt", "photos"];
  let asked: string[];
  let ended: number;

  const reset = (yes: boolean, answer: boolean) =>
    resetData({
      dataDir: dir,
      yes,
      confirm: async (question) => {
        asked.push(question);
        return answer;
      },
      endGateways: async () => {
        // While their data are still there.
        expect(await readdir(join(dir, "runtime"))).toEqual(["file"]);
        ended += 1;
      },
    });

  beforeEach(async () => {
    asked = [];
    ended = 0;
    for (const folder of [...KEPT, "photos"]) {
      await mkdir(join(dir, folder));
      await writeFile(join(dir, folder, "file"), "x");
    }
    for (const file of [...FILES, "notes.txt"]) await writeFile(join(dir, file), "{}");
  });

  it("asks first, and deletes nothing when the answer is no", async () => {
    expect(await reset(false, false)).toBe(false);
    expect(asked).toEqual([expect.stringContaining(`every account, instance, backup and key in ${dir}`)]);
    expect((await readdir(dir)).toSorted()).toEqual([...KEPT, ...FILES, ...NOT_OURS].toSorted());
  });

  it.each([
    ["a yes", false],
    ["--yes, which spares the question", true],
  ])("deletes after %s what the stack keeps, and nothing else that lies there", async (_how, yes) => {
    expect(await reset(yes, true)).toBe(true);
    expect(asked).toHaveLength(yes ? 0 : 1);
    expect(ended).toBe(1);
    // The ports stay: an address people kept stays true.
    expect((await readdir(dir)).toSorted()).toEqual(["ports.json", ...NOT_OURS].toSorted());
  });

  it("follows no link out of the folder", async () => {
    const outside = await mkdtemp(join(tmpdir(), "oa-outside-"));
    try {
      await writeFile(join(outside, "file"), "mine");
      await rm(join(dir, "convex"), { recursive: true });
      await symlink(outside, join(dir, "convex"));
      await symlink(outside, join(dir, "logs", "elsewhere"));
      await reset(true, true);
      expect(await readdir(outside)).toEqual(["file"]);
    } finally {
      await rm(outside, { recursive: true });
    }
  });

  it("does nothing without a terminal to ask on, nor while a stack runs there", async () => {
    const start = (...flags: string[]) =>
      spawnSync(process.execPath, [START, "--data-dir", dir, "--no-open", "--reset", ...flags], {
        input: "y\n",
        encoding: "utf8",
        timeout: 60_000,
      });
    const unasked = start();
    expect([unasked.status, unasked.stdout]).toEqual([2, expect.stringContaining("Nothing was deleted.")]);
    const unlock = lockDataDir(dir);
    const refused = start("--yes");
    unlock();
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining("another npm start")]);
    expect(await readdir(dir)).toEqual(expect.arrayContaining([...KEPT, ...FILES, ...NOT_OURS]));
  });
});

describe("what a person is told when everything answers", () => {
  it("fits a terminal, names what stands in for the real thing, and where the mail is", () => {
    const url = "http://127.0.0.1:8787";
    const doubles = { github: url, google: url, mail: "http://127.0.0.1:3232", upstream: url };
    const lines = announcement({ url, doubles }, 10.24);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(78);
    const text = lines.join("\n");
    expect(text).toContain(`Ready in 10.2 s:  ${url}`);
    expect(text).toContain("Stand-ins answer for GitHub, Google, mail, models;");
    expect(text).toContain("http://127.0.0.1:3232/outbox");
    expect(announcement({ url, doubles: {} }, 1).join("\n")).not.toContain("Stand-ins");
  });
});

describe("what the system refuses", () => {
  it.each([
    ["ENOSPC", /The disk that holds \/data is full\. Free some space/],
    ["EROFS", /\/data\/x lies on a disk that cannot be written to\. Choose another folder with --data-dir/],
    ["EACCES", /You may not use \/data\/x\./],
    ["ENOTDIR", /\/data\/x is not a folder\./],
  ])("%s is told as a sentence that says what to do", (code, sentence) => {
    const error = Object.assign(new Error(`${code}: raw words`), { code, path: "/data/x" });
    expect(troubleOf(error, "/data")).toMatch(sentence);
  });

  it("a full disk is told of when it is a part that says so, behind its last words", () => {
    expect(troubleOf(new Error("database or disk is full"), "/data")).toMatch(/^The disk that holds \/data is full/);
    const words = "convex ended: exit code 1\nLast lines of /data/logs/convex.log:\n  database or disk is full";
    expect(troubleOf(new Error(words), "/data")).toBe(`${words}\n${troubleOf(new Error("disk is full"), "/data")}`);
  });

  it("a data folder that is a file", async () => {
    const file = join(dir, "file");
    await writeFile(file, "");
    const { status, stderr } = spawnSync(process.execPath, [START, "--data-dir", join(file, "x")], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/is not a folder\. Choose another one with --data-dir\.\n$/),
    ]);
  });
});
