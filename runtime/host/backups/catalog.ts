import { randomBytes } from "node:crypto";
import { readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { BackupRecord } from "@oa/contract";
import * as z from "zod";
import { isMissing, writeFileDurably } from "../files.ts";

/**
 * The list of backups of one instance. Each has a record file beside it, written last and durably: an archive without one
 * was never finished. A backup and its record together can be carried to another host.
 */

/** `archive`: made by `openclaw backup create`. `kept`: a state folder that a restore replaced. */
export const StoredBackup = BackupRecord.extend({
  form: z.enum(["archive", "kept"]),
  /** Of a kept state: what was replaced, relative to the instance's folder. */
  paths: z.array(z.string()),
});
export type StoredBackup = z.infer<typeof StoredBackup>;

/** Newest archives and replaced states that are kept; older ones go when a new one is safe. */
export interface Retention {
  archives: number;
  kept: number;
}

export interface CatalogDirs {
  /** Archives and all records. */
  backups: string;
  /** Replaced state folders, named by their id. */
  kept: string;
}

/** Ids sort by time: milliseconds in base 36, then randomness. */
export function newBackupId(now: number): string {
  return `bk_${now.toString(36).padStart(9, "0")}_${randomBytes(5).toString("hex")}`;
}

export function archivePath(dirs: CatalogDirs, id: string): string {
  return join(dirs.backups, `${id}.tar.gz`);
}

export function keptPath(dirs: CatalogDirs, id: string): string {
  return join(dirs.kept, id);
}

function recordPath(dirs: CatalogDirs, id: string): string {
  return join(dirs.backups, `${id}.json`);
}

/** Newest first. A record that cannot be read is left alone and not listed. */
export async function listBackups(dirs: CatalogDirs): Promise<StoredBackup[]> {
  const names = await namesIn(dirs.backups);
  const records = await Promise.all(
    names
      .filter((name) => name.endsWith(".json"))
      .map(async (name) => StoredBackup.safeParse(jsonOf(await readFile(join(dirs.backups, name), "utf8")))),
  );
  return records
    .flatMap((record) => (record.success ? [record.data] : []))
    .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
}

/** Makes a backup count. */
export async function recordBackup(dirs: CatalogDirs, backup: StoredBackup): Promise<void> {
  await writeFileDurably(recordPath(dirs, backup.id), `${JSON.stringify(backup)}\n`);
}

/** Which backups have to go. Pure. Never the one that was just made, never one that is `inUse`. */
export function expired(
  backups: readonly StoredBackup[],
  retention: Retention,
  inUse: ReadonlySet<string>,
): StoredBackup[] {
  const beyond = (form: StoredBackup["form"], keep: number) =>
    backups.filter((backup) => backup.form === form).slice(Math.max(1, keep));
  return [...beyond("archive", retention.archives), ...beyond("kept", retention.kept)].filter(
    ({ id }) => !inUse.has(id),
  );
}

/** Deletes a backup: its record first, so that a half-deleted one is never offered. */
export async function deleteBackup(dirs: CatalogDirs, backup: StoredBackup): Promise<void> {
  await rm(recordPath(dirs, backup.id), { force: true });
  const path = backup.form === "archive" ? archivePath(dirs, backup.id) : keptPath(dirs, backup.id);
  await rm(path, { recursive: true, force: true });
}

/** Removes what an interrupted backup or restore left: archives and kept states without a record, and temporary files. */
export async function sweepUnfinished(dirs: CatalogDirs): Promise<void> {
  const names = await namesIn(dirs.backups);
  // By the record's name, not by its content: an archive whose record is damaged is a person's to decide about.
  const known = new Set(names.filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -".json".length)));
  for (const id of await namesIn(dirs.kept)) {
    if (!known.has(id)) await rm(keptPath(dirs, id), { recursive: true, force: true });
  }
  for (const name of names) {
    const id = name.replace(/\..*$/, "");
    if (name.endsWith(".tmp") || name.includes(".partial") || (name.endsWith(".tar.gz") && !known.has(id)))
      await rm(join(dirs.backups, name), { recursive: true, force: true });
  }
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
