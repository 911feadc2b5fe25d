/**
 * The data directory: everything one deployment keeps. Made with mode 0700, as it holds every document and the
 * admin key.
 *
 *   data.sqlite3   the database (and its -wal, -shm)
 *   modules/       bundles of the last pushes, unpacked from the database when missing
 *   admin-key      the admin key, one line, 0600
 *   lock.sqlite3   held exclusively by the running process
 *   server.json    who runs and where it listens; removed at a clean stop, informative only
 */
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";

/** Absolute paths inside one data directory. */
export interface DataDirPaths {
  root: string;
  database: string;
  modules: string;
  adminKey: string;
  lock: string;
  server: string;
}

/** A data directory this process holds alone until `release`. */
export interface HeldDataDir {
  paths: DataDirPaths;
  /** Tells a second process where the first one listens. */
  announce(urls: { url: string; siteUrl: string }): void;
  release(): void;
}

/** Another process (or server of this one) runs on the directory. The message is a sentence for people. */
export class DataDirInUseError extends Error {
  override name = "DataDirInUseError";
}

const serverFile = z.object({ pid: z.number().int(), url: z.string(), siteUrl: z.string() });

/** Makes the data directory where missing, for its owner only. */
export function makeDataDir(dir: string): DataDirPaths {
  const paths = dataDirPaths(dir);
  mkdirSync(paths.root, { recursive: true, mode: 0o700 });
  return paths;
}

/** Where the parts of the data directory `dir` are. Touches nothing. */
export function dataDirPaths(dir: string): DataDirPaths {
  const root = resolve(dir);
  return {
    root,
    database: join(root, "data.sqlite3"),
    modules: join(root, "modules"),
    adminKey: join(root, "admin-key"),
    lock: join(root, "lock.sqlite3"),
    server: join(root, "server.json"),
  };
}

/**
 * Makes the directory where missing and takes its lock.
 *
 * The lock is an exclusive SQLite transaction that is never ended: the operating system drops it with the process,
 * however that dies, so no stale lock file ever needs a person.
 *
 * @throws DataDirInUseError when someone else holds it.
 */
export function holdDataDir(dir: string): HeldDataDir {
  const paths = makeDataDir(dir);
  const lock = new DatabaseSync(paths.lock, { timeout: 0 });
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if (isBusy(error)) throw new DataDirInUseError(inUseSentence(paths));
    throw error;
  }
  return {
    paths,
    announce(urls) {
      writeFileSync(paths.server, JSON.stringify({ pid: process.pid, ...urls }), { mode: 0o600 });
    },
    release() {
      rmSync(paths.server, { force: true });
      lock.close();
    },
  };
}

/**
 * The deployment's admin key: the stored one, else a new one of 256 random bits, stored before it is returned.
 * With `given`, that one is stored instead.
 */
export function readOrCreateAdminKey(paths: DataDirPaths, given?: string): string {
  if (given === undefined) {
    try {
      const stored = readFileSync(paths.adminKey, "utf8").trim();
      if (stored !== "") return stored;
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  const key = given ?? `embedded_convex_${randomBytes(32).toString("base64url")}`;
  const draft = `${paths.adminKey}.new`;
  writeFileSync(draft, `${key}\n`, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, paths.adminKey);
  return key;
}

function inUseSentence(paths: DataDirPaths): string {
  try {
    const other = serverFile.parse(JSON.parse(readFileSync(paths.server, "utf8")));
    return `${paths.root} is in use by process ${other.pid}, which listens on ${other.url}. Stop it first, or choose another --data-dir.`;
  } catch {
    return `${paths.root} is in use by another process. Stop it first, or choose another --data-dir.`;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && /locked|busy/i.test(error.message);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
