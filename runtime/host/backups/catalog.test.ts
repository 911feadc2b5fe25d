import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PathId } from "@oa/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type CatalogDirs,
  type StoredBackup,
  expired,
  listBackups,
  newBackupId,
  recordBackup,
  sweepUnfinished,
} from "./catalog.ts";
import { digestTree } from "./digest.ts";

const backup = (id: string, createdAt: number, form: StoredBackup["form"] = "archive"): StoredBackup => ({
  id,
  createdAt,
  size: 1,
  sha256: "0".repeat(64),
  verified: true,
  openclawVersion: "1",
  form,
  paths: [],
});

describe("the catalogue of backups", () => {
  let dirs: CatalogDirs;
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "oa-catalog-"));
    dirs = { backups: join(dir, "backups"), kept: join(dir, "kept") };
    await mkdir(dirs.backups);
    await mkdir(dirs.kept);
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it("makes ids that sort by time and fit a path", () => {
    const ids = [1, 1_000, 1_800_000_000_000, 1_800_000_000_001].map(newBackupId);
    expect(ids.toSorted()).toEqual(ids);
    for (const id of ids) expect(PathId.parse(id)).toBe(id);
    expect(newBackupId(1)).not.toBe(newBackupId(1));
  });

  it("lists what was recorded, newest first, and sweeps what was never finished", async () => {
    await recordBackup(dirs, backup("bk_a", 1));
    await recordBackup(dirs, backup("bk_b", 2));
    for (const name of ["bk_a.tar.gz", "bk_b.tar.gz", "bk_c.tar.gz", "bk_d.partial.tar.gz", "bk_e.json.1.tmp"])
      await writeFile(join(dirs.backups, name), "x");
    // Somebody's archive whose record is damaged: not listed, and not deleted.
    await writeFile(join(dirs.backups, "bk_f.json"), "{");
    await writeFile(join(dirs.backups, "bk_f.tar.gz"), "x");
    await mkdir(join(dirs.kept, "bk_g"));
    expect((await listBackups(dirs)).map(({ id }) => id)).toEqual(["bk_b", "bk_a"]);
    await sweepUnfinished(dirs);
    expect((await readdir(dirs.backups)).sort()).toEqual([
      "bk_a.json",
      "bk_a.tar.gz",
      "bk_b.json",
      "bk_b.tar.gz",
      "bk_f.json",
      "bk_f.tar.gz",
    ]);
    expect(await readdir(dirs.kept)).toEqual([]);
  });

  it("lets the oldest go, each form for itself, never the last one and never one in use", () => {
    const all = [backup("a5", 5), backup("a4", 4), backup("k3", 3, "kept"), backup("a2", 2), backup("k1", 1, "kept")];
    const ids = (retention: { archives: number; kept: number }, inUse: string[] = []) =>
      expired(all, retention, new Set(inUse)).map(({ id }) => id);
    expect(ids({ archives: 2, kept: 1 })).toEqual(["a2", "k1"]);
    expect(ids({ archives: 2, kept: 1 }, ["a2"])).toEqual(["k1"]);
    expect(ids({ archives: 0, kept: 0 })).toEqual(["a4", "a2", "k1"]);
    expect(ids({ archives: 9, kept: 9 })).toEqual([]);
  });

  it("knows a folder by its content", async () => {
    const write = (name: string, text: string) => writeFile(join(dirs.kept, name), text);
    await write("a", "1");
    await mkdir(join(dirs.kept, "d"));
    const first = await digestTree(dirs.kept);
    expect(first.size).toBe(1);
    expect(await digestTree(dirs.kept)).toEqual(first);
    await write("a", "2");
    expect((await digestTree(dirs.kept)).sha256).not.toBe(first.sha256);
    await write("a", "1");
    await rm(join(dirs.kept, "d"), { recursive: true });
    expect((await digestTree(dirs.kept)).sha256).not.toBe(first.sha256);
  });
});
