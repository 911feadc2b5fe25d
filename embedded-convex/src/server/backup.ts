/** Copies of a data directory's database: verified before they count, and never in place of something that is lost. */
import { createHash } from "node:crypto";
import { copyFileSync, createReadStream, existsSync, linkSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { backup, DatabaseSync } from "node:sqlite";
import { makeCopy, syncToDisk } from "./copies.ts";
import { holdDataDir } from "./data-dir.ts";

export interface BackupResult {
  bytes: number;
  /** Hex digest of the file. */
  sha256: string;
}

/**
 * Writes a copy of the database to `to`, whether or not a server runs on it. The copy holds every commit that was
 * answered before the call; it appears under its name only when it is whole, checked and on disk.
 */
export function backupDataDir(dataDir: string, to: string): Promise<BackupResult> {
  return makeCopy(dataDir, to, async (database, draft) => {
    using source = new DatabaseSync(database, { readOnly: true, timeout: 10_000 });
    await backup(source, draft);
    verifyDatabase(draft);
    const hash = createHash("sha256");
    await pipeline(createReadStream(draft), hash);
    return { bytes: statSync(draft).size, sha256: hash.digest("hex") };
  });
}

/**
 * Puts the copy `from` in place of the database. The copy is verified first; the database that was there is kept
 * beside it under a new name.
 * @throws EngineError while a server runs on the directory.
 */
export function restoreDataDir(dataDir: string, from: string): { keptAside: string | null } {
  verifyDatabase(from);
  const held = holdDataDir(dataDir);
  try {
    const { database } = held.paths;
    const draft = `${database}.restoring`;
    copyFileSync(from, draft);
    verifyDatabase(draft);
    syncToDisk(draft);
    let keptAside: string | null = null;
    if (existsSync(database)) {
      keptAside = `${database}.before-restore-${new Date().toISOString().replaceAll(/[:.]/g, "-")}`;
      foldWal(database);
      linkSync(database, keptAside);
    }
    for (const suffix of ["-wal", "-shm"]) rmSync(`${database}${suffix}`, { force: true });
    // One for another in a single step: a power cut leaves the one or the other, never none.
    renameSync(draft, database);
    syncToDisk(dirname(database));
    return { keptAside };
  } finally {
    held.release();
  }
}

/** Moves what the write-ahead log still holds into the database file, so that the file alone is everything. */
function foldWal(database: string): void {
  using db = new DatabaseSync(database);
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
}

function verifyDatabase(file: string): void {
  if (!existsSync(file)) throw new Error(`${file} does not exist.`);
  using db = new DatabaseSync(file, { readOnly: true });
  let verdict: unknown;
  try {
    verdict = db.prepare("PRAGMA integrity_check").get()?.["integrity_check"];
  } catch (error) {
    throw new Error(`${file} is not a database this server can read.`, { cause: error });
  }
  if (verdict !== "ok") throw new Error(`${file} is damaged: ${String(verdict)}`);
}
