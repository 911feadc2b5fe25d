import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackupRecord } from "@oa/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findOpenClaw } from "../gateway/command.ts";
import { type JobMemory, JobSlot } from "../jobs.ts";
import { type InstancePaths, instancePaths } from "../paths.ts";
import type { RestoreJournal } from "../store.ts";
import { Backups } from "./backups.ts";
import { keptPath, listBackups, recordBackup } from "./catalog.ts";
import { digestTree } from "./digest.ts";

/** Raised where the host is killed: nothing that comes after it is done. */
class Killed extends Error {}

/** Restores of kept states, with a gateway that is only a word, on real folders. Real gateways: `runtime/test/backups.test.ts`. */
describe("a restore", () => {
  let dir: string;
  let paths: InstancePaths;
  let journal: RestoreJournal | null;
  let running: boolean;
  /** What the gateway would come up with, each time it was started. */
  let startedOn: string[];
  const KEPT = "bk_kept_0000000000";

  interface Faults {
    /** The host is killed at this step, counted over everything that is done to folders, journal and gateway. */
    killAt?: number;
    open?: () => Promise<void>;
    writeJournal?: (next: RestoreJournal | null) => void;
  }

  const backupsWith = ({ killAt = Infinity, open, writeJournal }: Faults = {}): Backups => {
    let steps = 0;
    const step = () => {
      steps += 1;
      if (steps >= killAt) throw new Killed(`killed at step ${killAt}`);
    };
    const memory: JobMemory = { running: null, last: null };
    return new Backups({
      tools: { install: findOpenClaw(), paths, dirs: paths, host: {}, now: () => 1_000 },
      retention: { archives: 2, kept: 2 },
      slot: new JobSlot({
        now: () => 1_000,
        changed: () => step(),
        memory: { read: () => memory, write: (next) => Object.assign(memory, next) },
        sentence: String,
      }),
      journal: {
        read: () => journal,
        write: (next) => {
          step();
          writeJournal?.(next);
          journal = next;
        },
      },
      restoring: () => undefined,
      note: () => undefined,
      open: open ?? (() => Promise.resolve()),
      gateway: {
        exclusive: (work) => work(),
        stop: async () => {
          step();
          running = false;
        },
        startAndWait: async () => {
          step();
          startedOn.push(await state());
          running = true;
          return { ready: true };
        },
      },
    });
  };

  const put = async (folder: string, text: string) => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "file"), text);
  };
  const state = () => readFile(join(paths.state, "file"), "utf8").catch(() => "nothing");
  const kept = async () => {
    const ids = (await listBackups(paths)).map((backup) => backup.id);
    return Promise.all(ids.map((id) => readFile(join(keptPath(paths, id), "state", "file"), "utf8")));
  };

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "oa-restore-"));
    paths = instancePaths(dir, "adaadaada");
    journal = null;
    running = true;
    startedOn = [];
    await mkdir(paths.backups, { recursive: true });
    await put(paths.state, "present");
    await put(join(keptPath(paths, KEPT), "state"), "past");
    const record: BackupRecord = {
      id: KEPT,
      createdAt: 1,
      ...(await digestTree(keptPath(paths, KEPT))),
      verified: true,
      openclawVersion: "1",
    };
    await recordBackup(paths, { ...record, form: "kept", paths: ["state"] });
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it("exchanges the states: what was there is a backup now", async () => {
    const result = await backupsWith().restore(KEPT);
    expect([await state(), await kept()]).toEqual(["past", ["present"]]);
    expect(result.replaced).not.toBe(KEPT);
    expect(journal).toBeNull();
  });

  it("that is interrupted at any point loses neither state: the next host has one live and both at hand", async () => {
    const ends = new Set<string>();
    let reached = true;
    for (let killAt = 1; reached; killAt += 1) {
      await rm(dir, { recursive: true, force: true });
      dir = dir.replace("-moved", "");
      paths = instancePaths(dir, "adaadaada");
      await mkdir(paths.backups, { recursive: true });
      await put(paths.state, "present");
      await put(join(keptPath(paths, KEPT), "state"), "past");
      const digest = await digestTree(keptPath(paths, KEPT));
      const record = { id: KEPT, createdAt: 1, ...digest, verified: true, openclawVersion: "1" };
      await recordBackup(paths, { ...record, form: "kept", paths: ["state"] });
      journal = null;

      reached = await backupsWith({ killAt })
        .restore(KEPT)
        .then(
          () => false,
          () => true,
        );
      // The next host: nothing but the journal and the folders tell it, and somebody has moved its data folder meanwhile.
      const moved = `${dir}-moved`;
      await rename(dir, moved);
      dir = moved;
      paths = instancePaths(dir, "adaadaada");
      await backupsWith().recover();
      expect(journal).toBeNull();
      expect(await readdir(paths.root)).not.toContain("staging");
      const [live, others] = [await state(), await kept()];
      ends.add(`${live}, kept: ${others.join(" and ")}`);
      expect([live, ...others].toSorted()).toEqual(["past", "present"]);
    }
    expect([...ends].toSorted()).toEqual(["past, kept: present", "present, kept: past"]);
  });

  it("waits until the instance has been taken up: what a former host left is not swept from under it", async () => {
    const opened = Promise.withResolvers<void>();
    const restored = backupsWith({ open: () => opened.promise }).restore(KEPT);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([await state(), running]).toEqual(["present", true]);
    opened.resolve();
    await restored;
    expect(await state()).toBe("past");
    await expect(
      backupsWith({ open: () => Promise.reject(new Error("no space left on device")) }).restore(KEPT),
    ).rejects.toThrow("no space left");
  });

  it("whose bookkeeping failed is finished before the next one: the state it replaced is not forgotten", async () => {
    let full = true;
    const backups = backupsWith({
      writeJournal: (next) => {
        if (full && next === null) throw new Error("database or disk is full");
      },
    });
    await expect(backups.restore(KEPT)).rejects.toThrow("disk is full");
    expect([await state(), running]).toEqual(["past", true]);
    full = false;
    const [first] = await listBackups(paths);
    await backups.restore(first?.id ?? "");
    expect([await state(), await kept(), journal]).toEqual(["present", ["past"], null]);
  });
});
