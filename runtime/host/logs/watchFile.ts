import { type FSWatcher, watch } from "node:fs";

/** Writes within this time are one. */
const GATHER_MS = 100;

/**
 * Calls back soon after a file of a folder was written, until the answer is called. Where the system has no watcher to
 * give, it never does: whoever needs certainty looks for himself from time to time as well.
 */
export function watchFile(folder: string, file: string, changed: () => void): () => void {
  let gathering: NodeJS.Timeout | undefined;
  const onEvent = (_kind: string, name: string | null): void => {
    if (name !== file || gathering !== undefined) return;
    gathering = setTimeout(() => {
      gathering = undefined;
      changed();
    }, GATHER_MS);
  };
  let watcher: FSWatcher;
  try {
    watcher = watch(folder, { persistent: false }, onEvent);
  } catch {
    return () => undefined;
  }
  watcher.on("error", () => watcher.close());
  return () => {
    clearTimeout(gathering);
    watcher.close();
  };
}
