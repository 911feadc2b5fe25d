/** Files made from a data directory's database: whole and on disk before they have their name. */
import { closeSync, existsSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { dataDirPaths } from "./data-dir.ts";

/**
 * Has `make` write what it makes of the database to `draft`, which then becomes `to`. Works while a server runs.
 * @throws Error when there is no database, or `to` is it.
 */
export async function makeCopy<T>(
  dataDir: string,
  to: string,
  make: (database: string, draft: string) => Promise<T>,
): Promise<T> {
  const { database } = dataDirPaths(dataDir);
  if (!existsSync(database)) throw new Error(`There is no database in ${dataDir}.`);
  const target = resolve(to);
  if (existsSync(target) && realpathSync(target) === realpathSync(database))
    throw new Error(`${to} is the database itself. Choose another name.`);
  const draft = `${target}.part`;
  rmSync(draft, { force: true });
  // It holds every document: for its owner only, from its first byte on.
  writeFileSync(draft, "", { mode: 0o600 });
  try {
    const made = await make(database, draft);
    syncToDisk(draft);
    renameSync(draft, target);
    syncToDisk(dirname(target));
    return made;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Waits until what is written to a file, or the names in a folder, would survive a power cut. */
export function syncToDisk(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
