const diskFull = (_path: string, dataDir: string): string =>
  `The disk that holds ${dataDir} is full. Free some space, then start again: nothing is lost.`;
/** What the system says of a file that cannot be used, and what a person does about it. */
const ADVICE: Readonly<Record<string, (path: string, dataDir: string) => string>> = {
  ENOSPC: diskFull,
  EDQUOT: (_path, dataDir) =>
    `Your quota on the disk that holds ${dataDir} is used up. Free some space, then start again.`,
  EROFS: (path) => `${path} lies on a disk that cannot be written to. Choose another folder with --data-dir.`,
  EACCES: (path) =>
    `You may not use ${path}. Change its owner or its rights, or choose another folder with --data-dir.`,
  EPERM: (path) => `You may not use ${path}. Change its owner or its rights, or choose another folder with --data-dir.`,
  ENOTDIR: (path) => `${path} is not a folder. Choose another one with --data-dir.`,
  EEXIST: (path) => `${path} is not a folder. Choose another one with --data-dir.`,
  ENAMETOOLONG: (path) => `The path ${path} is too long for this system. Choose a shorter --data-dir.`,
};

/** How SQLite, and the parts in their last words, say that a disk is full. */
const DISK_FULL = /disk is full|ENOSPC|no space left on device/i;

/** The sentence for what was thrown while the stack ran on `dataDir`. */
export function troubleOf(error: unknown, dataDir: string): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : "";
  const path = "path" in error ? String(error.path) : dataDir;
  // What a system says of a folder that it would have to make below one that cannot be written to.
  if (code === "ENOENT" && "syscall" in error && error.syscall === "mkdir")
    return `The folder ${path} cannot be made there. Choose another one with --data-dir.`;
  const advice = ADVICE[code]?.(path, dataDir);
  if (advice !== undefined) return advice;
  if (!DISK_FULL.test(error.message)) return error.message;
  const full = diskFull(path, dataDir);
  return error.message.includes("\n") ? `${error.message}\n${full}` : full;
}
