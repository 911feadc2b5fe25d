/** `embedded-convex backup` and `restore`. */
import { watch } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConvexHttpClient } from "convex/browser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api } from "../fixtures/chat/convex/_generated/api.js";
import { startChat, type Chat } from "../support/chat.ts";
import { unzip } from "../support/unzip.ts";
import { runBin, startDeployment, tempDir } from "../support/deployment.ts";

let chat: Chat;
let scratch: Awaited<ReturnType<typeof tempDir>>;
beforeAll(async () => {
  scratch = await tempDir();
  chat = await startChat();
});
afterAll(async () => {
  await chat.close();
  await scratch.remove();
});

const client = () => new ConvexHttpClient(chat.deployment.url, { logger: false });
const bodies = async () => (await client().query(api.messages.list, { channel: "b" })).map((one) => one.body);

describe("backup and restore", () => {
  it("copies a running deployment: code, data and keys of users come back in another place", async () => {
    await client().mutation(api.messages.send, { channel: "b", body: "kept" });
    const file = join(scratch.path, "copy.sqlite3");
    const backup = await runBin(["backup", "--data-dir", chat.deployment.dataDir, "--to", file]);
    expect(backup.stdout).toMatch(/sha256 [0-9a-f]{64}/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await client().mutation(api.messages.send, { channel: "b", body: "after the backup" });

    const elsewhere = join(scratch.path, "elsewhere");
    expect(await runBin(["restore", "--data-dir", elsewhere, "--from", file])).toMatchObject({ code: 0 });
    const restored = await startDeployment(elsewhere);
    try {
      const http = new ConvexHttpClient(restored.url, { logger: false });
      http.setAuth(await chat.token("ada"));
      expect(await http.query(api.messages.list, { channel: "b" })).toMatchObject([{ body: "kept" }]);
      expect(await http.query(api.users.whoAmI, {})).toMatchObject({ subject: "ada" });
    } finally {
      await restored.stop();
    }
  });

  it("refuses to restore under a running server, and a file that is damaged; nothing is lost by either", async () => {
    const file = join(scratch.path, "second.sqlite3");
    await runBin(["backup", "--data-dir", chat.deployment.dataDir, "--to", file]);
    const running = await runBin(["restore", "--data-dir", chat.deployment.dataDir, "--from", file]);
    expect(running.code).toBe(3);
    expect(running.stderr).toContain("in use");

    const damaged = join(scratch.path, "damaged.sqlite3");
    const bytes = await readFile(file);
    bytes.fill(0xff, 4096, 20_000);
    await writeFile(damaged, bytes);
    const before = await bodies();
    await chat.deployment.stop();
    const refused = await runBin(["restore", "--data-dir", chat.deployment.dataDir, "--from", damaged]);
    expect(refused.code).toBe(1);
    await chat.restart();
    expect(await bodies()).toEqual(before);
  });

  it("does not copy a database over itself, under the server that runs on it", async () => {
    const { dataDir } = chat.deployment;
    for (const command of ["backup", "export"]) {
      const refused = await runBin([command, "--data-dir", dataDir, "--to", join(dataDir, "data.sqlite3")]);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain("is the database itself");
    }
    const before = await bodies();
    await chat.restart();
    expect(await bodies()).toEqual(before);
  });

  it("exports every document with its id, for `convex import`", async () => {
    const file = join(scratch.path, "data.zip");
    const stored = await client().query(api.messages.list, { channel: "b" });
    const exported = await runBin(["export", "--data-dir", chat.deployment.dataDir, "--to", file]);
    expect(exported.stdout).toContain(`${stored.length} documents`);
    const entries = await unzip(file);
    expect([...entries.keys()].toSorted()).toEqual([
      "_tables/documents.jsonl",
      "counters/documents.jsonl",
      "messages/documents.jsonl",
    ]);
    const lines = (entries.get("messages/documents.jsonl") ?? "").trim().split("\n");
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual(stored);
  });

  it("keeps what it replaces", async () => {
    const file = join(scratch.path, "third.sqlite3");
    await client().mutation(api.messages.send, { channel: "b", body: "in the backup" });
    const kept = await bodies();
    await runBin(["backup", "--data-dir", chat.deployment.dataDir, "--to", file]);
    await client().mutation(api.messages.send, { channel: "b", body: "gone again" });
    await chat.deployment.stop("SIGKILL");
    const renames: (string | null)[] = [];
    const watcher = watch(chat.deployment.dataDir, (event, name) => event === "rename" && renames.push(name));
    const restored = await runBin(["restore", "--data-dir", chat.deployment.dataDir, "--from", file]);
    watcher.close();
    expect(restored.stdout).toContain("before-restore");
    // One for another in a single step: a power cut leaves the one or the other, never none.
    expect(renames.filter((name) => name === "data.sqlite3")).toHaveLength(1);
    await chat.restart();
    expect(await bodies()).toEqual(kept);
    expect((await readdir(chat.deployment.dataDir)).filter((name) => name.includes("before-restore"))).toHaveLength(1);
  });
});
