import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** A log grows to this size, then becomes `<file>.1`, in place of the one before: two of them are all a part can fill. */
const ROTATE_BYTES = 16 * 1024 * 1024;
/** Last words that are at hand even when they could not be written. */
const TAIL_CHARS = 4_000;

/**
 * What a part prints. Never throws: a full disk costs lines of a log, not the stack. Writes at once, so that the order of
 * two streams is kept and nothing is lost when this process is killed.
 */
export class LogFile {
  readonly path: string;
  readonly #rotateBytes: number;
  #handle: number | null = null;
  #bytes = 0;
  #tail = "";

  constructor(path: string, rotateBytes = ROTATE_BYTES) {
    this.path = path;
    this.#rotateBytes = rotateBytes;
  }

  write(chunk: Buffer): void {
    this.#tail = (this.#tail + chunk.toString("utf8")).slice(-TAIL_CHARS);
    try {
      if (this.#handle !== null && this.#bytes >= this.#rotateBytes) this.#rotate();
      this.#handle ??= this.#open();
      this.#bytes += writeSync(this.#handle, chunk);
    } catch {
      // There is no other place to say it; the next chunk may fit again.
    }
  }

  /** The newest lines, at most `count`. */
  lastLines(count: number): string[] {
    return this.#tail.trimEnd().split("\n").slice(-count);
  }

  close(): void {
    if (this.#handle !== null) closeSync(this.#handle);
    this.#handle = null;
  }

  #open(): number {
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    const handle = openSync(this.path, "a", 0o600);
    this.#bytes = fstatSync(handle).size;
    return handle;
  }

  #rotate(): void {
    this.close();
    renameSync(this.path, `${this.path}.1`);
  }
}
