import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * Holds a data folder for this process alone. Throws an Error that names the process which holds it.
 * The lock is SQLite's own on a file of one page: two who come at once cannot both get it, and the kernel drops it with the
 * process, so that a killed start leaves none behind. `start.lock` only says who has it.
 */
export function lockDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  // SQLite would only say that it cannot open a file.
  accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  const db = new DatabaseSync(join(dataDir, "lock.sqlite"), { timeout: 0 });
  const holder = join(dataDir, "start.lock");
  try {
    // Kept until the connection is closed; nothing is ever committed behind it.
    db.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    if (!(error instanceof Error && /locked|busy/i.test(error.message))) throw error;
    throw new Error(
      `another npm start${processIn(holder)} runs on ${dataDir}: stop it with Ctrl-C first, or give this one its own --data-dir`,
      { cause: error },
    );
  }
  try {
    writeFileSync(holder, String(process.pid), { mode: 0o600 });
  } catch (error) {
    db.close();
    throw error;
  }
  return () => {
    rmSync(holder, { force: true });
    db.close();
  };
}

function processIn(file: string): string {
  try {
    return ` (process ${readFileSync(file, "utf8")})`;
  } catch {
    return "";
  }
}
