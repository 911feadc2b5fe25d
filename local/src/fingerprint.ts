import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const SKIPPED = new Set(["node_modules", "dist", ".cache", ".wrangler", ".local"]);

/** SHA-256 over names and contents of the files below `paths` (folders or files): changes when a build's input does. */
export async function fingerprint(root: string, paths: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const path of paths) await addPath(hash, root, path);
  return hash.digest("hex");
}

async function addPath(hash: ReturnType<typeof createHash>, root: string, path: string): Promise<void> {
  const full = join(root, path);
  const entries = await readdir(full, { withFileTypes: true }).catch(() => null);
  if (entries === null) {
    const content = await readFile(full);
    hash.update(`${path}\0${content.length}\0`).update(content);
    return;
  }
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (SKIPPED.has(entry.name) || entry.name.endsWith(".test.ts")) continue;
    await addPath(hash, root, `${path}/${entry.name}`);
  }
}
