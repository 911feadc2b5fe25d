import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findOpenClaw } from "./command.ts";
import { finishInstall } from "./install.ts";

const run = promisify(execFile);
const installed = dirname(findOpenClaw().entry);
let folder: string;
let entry: string;

/** The real package as npm unpacks it without running its scripts; beside the real one, where its dependencies are found. */
beforeEach(async () => {
  folder = await mkdtemp(join(dirname(installed), ".openclaw-copy-"));
  const root = join(folder, "openclaw");
  await run("cp", ["-al", installed, root]);
  entry = join(root, "openclaw.mjs");
  await rm(join(root, ".openclaw-lifecycle-pending"), { force: true });
  await writeFile(join(root, ".openclaw-lifecycle-pending"), "pending\n");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const version = () => run(process.execPath, [entry, "--version"], { timeout: 60_000 });

describe("a package whose scripts npm did not run", () => {
  it("is finished before the first gateway, also after one was killed in the midst of it", async () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    const lock = { kind: "openclaw-package-lifecycle", version: 1, pid, starttime: 1 };
    await writeFile(join(dirname(entry), ".openclaw-lifecycle-lock"), JSON.stringify(lock));
    await expect(version()).rejects.toThrow("package lifecycle is incomplete");

    await finishInstall({ entry });
    expect((await version()).stdout).toContain(findOpenClaw().version);
  });

  it("is finished by several hosts at once as by one, and then left alone", async () => {
    await Promise.all([finishInstall({ entry }), finishInstall({ entry }), finishInstall({ entry })]);
    expect(existsSync(join(dirname(entry), ".openclaw-lifecycle-pending"))).toBe(false);
    await rm(join(dirname(entry), "scripts"), { recursive: true });
    await finishInstall({ entry });
  });

  it("that cannot be finished is told to the operator in a sentence", async () => {
    await rm(join(dirname(entry), "scripts"), { recursive: true });
    await expect(finishInstall({ entry })).rejects.toThrow(/is half installed .* Run npm ci again\.$/s);
  });
});
