import { createHash, type Hash } from "node:crypto";
import { lstat, open, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";

const READ_BYTES = 256 * 1024;

export interface Digest {
  sha256: string;
  /** Bytes of content. */
  size: number;
}

/** SHA-256 of a file. */
export async function digestFile(path: string): Promise<Digest> {
  const hash = createHash("sha256");
  const size = await addFile(hash, path);
  return { sha256: hash.digest("hex"), size };
}

/**
 * SHA-256 of a folder: of every entry's kind, path, length and content, in the order of their names. Changes with any
 * changed, moved, added or missing file; not with times and owners. Only for a folder nobody writes to.
 */
export async function digestTree(root: string): Promise<Digest> {
  const hash = createHash("sha256");
  let size = 0;
  const visit = async (relative: string): Promise<void> => {
    for (const name of (await readdir(join(root, relative))).sort()) {
      const path = join(relative, name);
      const info = await lstat(join(root, path));
      if (info.isDirectory()) {
        hash.update(`d ${JSON.stringify(path)}\n`);
        await visit(path);
      } else if (info.isSymbolicLink()) {
        hash.update(`l ${JSON.stringify([path, await readlink(join(root, path))])}\n`);
      } else if (info.isFile()) {
        hash.update(`f ${JSON.stringify(path)} ${info.size}\n`);
        size += await addFile(hash, join(root, path));
      }
    }
  };
  await visit("");
  return { sha256: hash.digest("hex"), size };
}

async function addFile(hash: Hash, path: string): Promise<number> {
  const file = await open(path, "r");
  try {
    const buffer = Buffer.alloc(READ_BYTES);
    for (let size = 0; ;) {
      const { bytesRead } = await file.read(buffer, 0, READ_BYTES, size);
      if (bytesRead === 0) return size;
      hash.update(buffer.subarray(0, bytesRead));
      size += bytesRead;
    }
  } finally {
    await file.close();
  }
}
