/** The command line of embedded-convex itself. */
import { stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { runBin, startDeployment, tempDir } from "../support/deployment.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function scratch(): Promise<string> {
  const dir = await tempDir();
  cleanups.push(() => dir.remove());
  return dir.path;
}

async function start(dataDir: string) {
  const deployment = await startDeployment(dataDir);
  cleanups.push(() => deployment.stop("SIGKILL"));
  return deployment;
}

describe("embedded-convex start", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("prints one line, answers, and ends with 0 on %s", async (signal) => {
    const deployment = await start(join(await scratch(), "data"));
    expect(await (await fetch(`${deployment.url}/version`)).text()).toBe("1.48.0");
    const { code, stdout, stderr } = await deployment.stop(signal);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.trim().split("\n")).toHaveLength(1);
  });

  it("keeps its admin key from start to start, readable by its owner only", async () => {
    const dataDir = join(await scratch(), "data");
    const first = await start(dataDir);
    await first.stop();
    const second = await start(dataDir);
    expect(second.adminKey).toBe(first.adminKey);
    expect((await stat(join(dataDir, "admin-key"))).mode & 0o777).toBe(0o600);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  });

  it("refuses a second process on its data directory with a sentence, and not one after kill -9", async () => {
    const dataDir = join(await scratch(), "data");
    const first = await start(dataDir);
    const second = await runBin(["start", "--data-dir", dataDir, "--port", "0", "--site-port", "0"]);
    expect(second.code).toBe(3);
    expect(second.stderr).toContain(`is in use by process ${first.pid}, which listens on ${first.url}`);
    await first.stop("SIGKILL");
    const third = await start(dataDir);
    expect(third.adminKey).toBe(first.adminKey);
  });

  it("says which port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    cleanups.push(() => other.close());
    const address = other.address();
    const port = address !== null && typeof address === "object" ? String(address.port) : "";
    const refused = await runBin(["start", "--data-dir", join(await scratch(), "data"), "--port", port]);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain(`127.0.0.1:${port}`);
  });
});

describe("embedded-convex", () => {
  it("explains itself, each command its options", async () => {
    const help = await runBin(["--help"]);
    expect(help.code).toBe(0);
    for (const word of ["start", "backup", "restore", "export", "admin-key", "Exit codes", "npx convex deploy"])
      expect(help.stdout).toContain(word);
    const commands = [
      ["start", "--data-dir", "--port", "--site-port", "--host", "--admin-key-file", "--redact-errors", "127.0.0.1"],
      ["backup", "--data-dir", "--to"],
      ["restore", "--data-dir", "--from"],
      ["export", "--data-dir", "--to"],
      ["admin-key", "--data-dir"],
    ] as const;
    await Promise.all(
      commands.map(async ([command, ...options]) => {
        const one = await runBin([command, "--help"]);
        expect(one.code).toBe(0);
        for (const option of options) expect(one.stdout).toContain(option);
      }),
    );
  });

  it("refuses what it does not know, says what, and where to read more", async () => {
    const short = join(await scratch(), "key");
    await writeFile(short, "too short");
    const mistakes = [
      [["fly"], "unknown command 'fly'"],
      [["start", "--port", "many"], "--port", "must be a port number"],
      [["start", "--port", "65536"], "--port", "must be a port number"],
      [["start", "--nothing"], "unknown option '--nothing'"],
      [["start", "now"], "too many arguments"],
      [["start", "--cloud-origin", "convex.example"], "--cloud-origin", "must be an http(s) URL"],
      [["start", "--admin-key-file", short], "--admin-key-file", "at least 16 characters"],
      [["backup"], "required option '--to <file>'"],
      [[], "Usage: embedded-convex"],
    ] as const;
    await Promise.all(
      mistakes.map(async ([args, ...words]) => {
        const refused = await runBin([...args]);
        expect(refused).toMatchObject({ code: 2, stdout: "" });
        for (const word of [...words, "embedded-convex"]) expect(refused.stderr).toContain(word);
      }),
    );
  });
});
