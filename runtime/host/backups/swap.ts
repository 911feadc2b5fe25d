import { lstat, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { isMissing, syncDir } from "../files.ts";
import type { InstancePaths } from "../paths.ts";
import type { RestoreJournal } from "../store.ts";
import type { RestoredAsset } from "./archive.ts";
import { keptPath } from "./catalog.ts";

/**
 * Exchanging folders so that a crash at any point can be undone: the plan is written down durably before the first rename,
 * and what is replaced is only ever moved, never changed. Undoing needs to know nothing but which places are filled.
 *
 * States a half-done swap may be in, and what `undo` does:
 *   live, nothing kept          nothing had been moved, or nothing was there before: nothing to do
 *   no live, kept               between the two renames: kept goes back
 *   live, kept                  both renames done: live goes back to staging, kept goes back
 *   no live, nothing kept       there was nothing before: nothing to do
 */
export type Swap = RestoreJournal["swaps"][number];

export function planSwaps(paths: InstancePaths, keptId: string, assets: readonly RestoredAsset[]): Swap[] {
  const inRoot = (path: string) => relative(paths.root, path);
  return assets.map(({ live, restored }) => ({
    live: inRoot(live),
    restored: inRoot(restored),
    kept: inRoot(join(keptPath(paths, keptId), inRoot(live))),
  }));
}

export async function doSwaps(root: string, swaps: readonly Swap[]): Promise<void> {
  for (const { live, kept, restored } of swaps.map((swap) => absolute(root, swap))) {
    await mkdir(dirname(kept), { recursive: true, mode: 0o700 });
    await mkdir(dirname(live), { recursive: true, mode: 0o700 });
    if (await exists(live)) await move(live, kept);
    await move(restored, live);
  }
}

/** Puts back what was there; may be repeated, also after a crash in the middle of it. */
export async function undoSwaps(root: string, swaps: readonly Swap[]): Promise<void> {
  for (const { live, kept, restored } of swaps.map((swap) => absolute(root, swap)).toReversed()) {
    if (!(await exists(kept))) continue;
    if (await exists(live)) {
      await rm(restored, { recursive: true, force: true });
      await mkdir(dirname(restored), { recursive: true, mode: 0o700 });
      await move(live, restored);
    }
    await move(kept, live);
  }
}

/** Places where the instance's folder is now: it may have been moved since the plan was written down. */
function absolute(root: string, { live, kept, restored }: Swap): Swap {
  return { live: resolve(root, live), kept: resolve(root, kept), restored: resolve(root, restored) };
}

async function move(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDir(dirname(to));
  await syncDir(dirname(from));
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
