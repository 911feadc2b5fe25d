import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStore } from "./store.ts";

describe("a data folder that cannot be taken up", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "oa-store-"));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it("names the file that is no database, and what to do", async () => {
    await writeFile(join(dir, "host.sqlite"), "this is no database, whatever its name says. ".repeat(50));
    expect(() => openStore(dir)).toThrow(/host\.sqlite cannot be used: .*not a database\. Put your copy/);
  });

  it("names the instance whose record a newer host has written, and not what is in it", () => {
    openStore(dir).close();
    const db = new DatabaseSync(join(dir, "host.sqlite"));
    const record = JSON.stringify({ id: "adaadaada1", desired: "hibernated", gatewayToken: "a-secret-token" });
    db.prepare("INSERT INTO instances (id, record) VALUES (?, ?)").run("adaadaada1", record);
    db.close();
    const store = openStore(dir);
    expect(() => store.all()).toThrow(/^The record of instance adaadaada1 cannot be read\. .*newer host[^]*$/);
    expect(() => store.all()).not.toThrow(/a-secret-token/);
    store.close();
  });
});
