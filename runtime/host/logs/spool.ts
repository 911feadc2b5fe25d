import { open, stat, truncate } from "node:fs/promises";
import { isMissing } from "../files.ts";

/**
 * The file a gateway prints into: raw, appended to by the gateway at any time, read from here and emptied. It outlives a host
 * that is killed, and must not fill a disk, whatever a gateway prints.
 */

/** The spool is emptied when it is read to its end and larger than this. */
const EMPTIED_BYTES = 1024 * 1024;
/** And when it is larger than this, read to its end or not: a gateway that never stops printing never lets it be. */
const MOST_BYTES = 8 * 1024 * 1024;
/** Of more than this at once only the end is read: what a gateway says before it ends matters most. */
const MOST_UNREAD_BYTES = 2 * 1024 * 1024;
const END_BYTES = 256 * 1024;
const READ_BYTES = 256 * 1024;
/** A line without an end is cut here; the rest of it is nobody's line. */
const LONGEST_LINE = 64 * 1024;

export interface SpoolLine {
  text: string;
  /** Position in the spool behind it. */
  spool: number;
}

export interface SpoolReader {
  /** Stores the lines of one chunk; the next one is read when it has. */
  lines: (lines: SpoolLine[]) => Promise<void>;
  /** Bytes that were never read. */
  skipped: (bytes: number) => Promise<void>;
}

export class Spool {
  readonly path: string;
  #at = 0;
  /** The beginning of the next line was cut off: half of a secret would not be known for one. */
  #cut = false;

  constructor(path: string) {
    this.path = path;
  }

  /** How far it has been read. */
  get at(): number {
    return this.#at;
  }

  /** Goes on where a former host was. */
  resume(at: number): void {
    this.#at = at;
  }

  /** Reads what is there now and was not there the last time. */
  async drain(reader: SpoolReader): Promise<void> {
    const size = await sizeOf(this.path);
    if (size < this.#at) this.#at = 0;
    if (size === this.#at) return;
    if (size - this.#at > MOST_UNREAD_BYTES) await this.#skipTo(size - END_BYTES, reader);
    await this.#read(size, reader);
    await this.#empty(reader);
  }

  async #read(size: number, reader: SpoolReader): Promise<void> {
    const file = await open(this.path, "r");
    try {
      const buffer = Buffer.alloc(READ_BYTES);
      while (this.#at < size) {
        const { bytesRead } = await file.read(buffer, 0, READ_BYTES, this.#at);
        const { lines, used } = this.#split(buffer.subarray(0, bytesRead));
        if (used === 0) return;
        await reader.lines(lines);
        this.#at += used;
      }
    } finally {
      await file.close();
    }
  }

  /** The whole lines of a chunk, and how many bytes that were. */
  #split(chunk: Buffer): { lines: SpoolLine[]; used: number } {
    const lines: SpoolLine[] = [];
    let used = 0;
    while (used < chunk.length) {
      const newline = chunk.indexOf(10, used);
      const endless = newline < 0 && (this.#cut || chunk.length - used >= LONGEST_LINE);
      if (newline < 0 && !endless) break;
      const from = used;
      used = newline < 0 ? chunk.length : newline + 1;
      const end = Math.min(used, from + LONGEST_LINE);
      if (!this.#cut) lines.push({ text: chunk.subarray(from, end).toString("utf8"), spool: this.#at + used });
      this.#cut = newline < 0;
    }
    return { lines, used };
  }

  async #empty(reader: SpoolReader): Promise<void> {
    const size = await sizeOf(this.path);
    if (size !== this.#at && size > MOST_BYTES) await this.#skipTo(size, reader);
    if (this.#at < EMPTIED_BYTES || this.#at < size) return;
    await truncate(this.path, 0);
    this.#at = 0;
  }

  async #skipTo(position: number, reader: SpoolReader): Promise<void> {
    const bytes = position - this.#at;
    this.#at = position;
    this.#cut = true;
    await reader.skipped(bytes);
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}
