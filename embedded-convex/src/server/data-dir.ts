/**
 * The data directory: everything one deployment keeps. Made with mode 0700, as it holds every document and the
 * admin key.
 *
 *   data.sqlite3   the database (and its -wal, -shm)
 *   modules/       bundles, unpacked from the database at every start
 *   admin-key      the admin key, one line, 0600
 *   data.sqlite3.lock  held exclusively by the running process
 *   server.json    who runs and where it listens; removed at a clean stop, informative only
 */
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { lockDatabase, type DatabaseLock } from "../engine/storage/storage.ts";
import { EngineError } from "../engine/types.ts";

/** Absolute paths inside one data directory. */
export type DataDirPaths = ReturnType<typeof dataDirPaths>;

/** The code of the error for a directory that another process (or server of this one) runs on. */
export const IN_USE = "DataDirInUse";

const serverFile = z.object({ pid: z.number().int(), url: z.string(), siteUrl: z.string() });

/** Makes the data directory where missing, for its owner only. */
export function makeDataDir(dir: string): DataDirPaths {
  const paths = dataDirPaths(dir);
  mkdirSync(paths.root, { recursive: true, mode: 0o700 });
  return paths;
}

/** Where the parts of the data directory `dir` are. Touches nothing. */
export function dataDirPaths(dir: string) {
  const root = resolve(dir);
  return {
    root,
    database: join(root, "data.sqlite3"),
    modules: join(root, "modules"),
    adminKey: join(root, "admin-key"),
    server: join(root, "server.json"),
  };
}

/**
 * Makes the directory where missing; this process holds it alone until `release`.
 * @throws EngineError `IN_USE`, with a sentence for people, when someone else holds it.
 */
export function holdDataDir(dir: string) {
  const paths = makeDataDir(dir);
  const lock = lockOf(paths);
  return {
    paths,
    /** Tells a second process where this one listens. */
    announce(urls: { url: string; siteUrl: string }): void {
      writeFileSync(paths.server, JSON.stringify({ pid: process.pid, ...urls }), { mode: 0o600 });
    },
    release(): void {
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
  const stored = given === undefined && existsSync(paths.adminKey) ? readFileSync(paths.adminKey, "utf8").trim() : "";
  if (stored !== "") return stored;
  const key = given ?? `embedded_convex_${randomBytes(32).toString("base64url")}`;
  const draft = `${paths.adminKey}.new`;
  writeFileSync(draft, `${key}\n`, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, paths.adminKey);
  return key;
}

function lockOf(paths: DataDirPaths): DatabaseLock {
  try {
    return lockDatabase(paths.database);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const advice = "Stop it first, or choose another --data-dir.";
    throw new EngineError(IN_USE, `${paths.root} is in use by ${holderOf(paths)}. ${advice}`, 409);
  }
}

function holderOf(paths: DataDirPaths): string {
  try {
    const other = serverFile.parse(JSON.parse(readFileSync(paths.server, "utf8")));
    return `process ${other.pid}, which listens on ${other.url}`;
  } catch {
    return "another process";
  }
}
