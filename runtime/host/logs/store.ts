import { appendFile, mkdir, readFile, readdir, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { LogLine, type LogPage } from "@oa/contract";
import * as z from "zod";
import { Serial } from "../serial.ts";
import type { Follower, Logs } from "../../src/ports.ts";
import { type RawLine, parseLine } from "./parse.ts";
import { Spool } from "./spool.ts";
import { watchFile } from "./watchFile.ts";

/**
 * The log of one instance. A gateway writes into a spool file by itself, so its words survive the host; the host moves
 * them from there into numbered, redacted segments:
 *
 *   gateway.out            the spool, raw (`spool.ts`)
 *   lines-<first seq>.jsonl  redacted lines, oldest segment deleted first
 *
 * Each stored line carries the spool position after it, so a host that is killed goes on where it was. A line may be lost
 * only if it is written in the instant in which the spool is emptied.
 */

const SPOOL = "gateway.out";
const SEGMENT = /^lines-(\d{12})\.jsonl$/;
const SEGMENT_BYTES = 1024 * 1024;
const SEGMENTS_KEPT = 5;
/** Lines held in memory: what most readers ask for. */
const RECENT = 1_000;
/** Most lines of one page; with 4,000 characters a line the page stays under the 1 MiB a caller takes. */
const PAGE_LINES = 500;
const PAGE_CHARS = 512 * 1024;
/** Starts the host's own lines. */
const HOST_MARK = "[host]";
/** Longest text of a stored line: `LogLine` allows no longer one. */
const LONGEST_TEXT = 4_000;
const CANNOT_GO_ON = /failed to start|refusing to|invalid config|fatal/i;
/** Lines before its end that are a gateway's last words. */
const LAST_WORDS = 20;

type Line = z.infer<typeof LogLine>;
const StoredLine = LogLine.extend({ spool: z.int().nonnegative() });

export interface LogStoreOptions {
  dir: string;
  /** Takes secrets out; applied before a line is stored. */
  redact: (text: string) => string;
  now: () => number;
}

export class LogStore implements Logs {
  readonly #options: LogStoreOptions;
  readonly #spool: Spool;
  #recent: Line[] = [];
  #nextSeq = 0;
  #segment: { file: string; bytes: number } | null = null;
  readonly #serial = new Serial();
  readonly #followers = new Set<Follower>();
  #unwatch: (() => void) | null = null;
  #opened = false;

  constructor(options: LogStoreOptions) {
    this.#options = options;
    this.#spool = new Spool(join(options.dir, SPOOL));
  }

  /** File a gateway's output goes to. */
  get spool(): string {
    return this.#spool.path;
  }

  /** Adds a line of the host's own, in order with the gateway's. */
  note(level: Line["level"], text: string): Promise<void> {
    return this.#enqueue(async () => {
      await this.#drain();
      await this.#append([this.#ownLine(level, text)]);
    });
  }

  /** Moves what the gateway has written since the last time. */
  collect(): Promise<void> {
    return this.#enqueue(() => this.#drain());
  }

  /** Lines from `since` on, oldest first. `next` is the `since` of the following page. */
  async read(since: number): Promise<LogPage> {
    await this.collect();
    const first = this.#recent[0]?.seq ?? this.#nextSeq;
    const lines = since >= first ? this.#recent : await this.#stored(since);
    const page: Line[] = [];
    let chars = 0;
    for (const line of lines) {
      if (line.seq < since) continue;
      chars += line.text.length;
      if (page.length >= PAGE_LINES || chars > PAGE_CHARS) break;
      page.push(line);
    }
    const last = page.at(-1);
    return { lines: page, next: last === undefined ? Math.max(since, this.#nextSeq) : last.seq + 1 };
  }

  async bounds(): Promise<{ recent: number; next: number }> {
    await this.collect();
    return { recent: this.#recent[0]?.seq ?? this.#nextSeq, next: this.#nextSeq };
  }

  /** While somebody follows, what a gateway prints is taken up at once and not only at the next collection. */
  subscribe(follower: Follower): () => void {
    this.#followers.add(follower);
    this.#unwatch ??= watchFile(this.#options.dir, SPOOL, () => void this.collect().catch(() => undefined));
    return () => {
      this.#followers.delete(follower);
      if (this.#followers.size === 0) this.#stopWatching();
    };
  }

  /** The log is about to be erased: nobody follows it any longer. */
  end(): void {
    for (const follower of this.#followers) follower.ended();
    this.#followers.clear();
    this.#stopWatching();
  }

  #stopWatching(): void {
    this.#unwatch?.();
    this.#unwatch = null;
  }

  /**
   * What the gateway complained about before it ended: the error among its last words that says it cannot go on, else the
   * last one. Null when it did not complain.
   */
  async lastComplaint(): Promise<string | null> {
    await this.collect();
    const since = this.#recent.findLastIndex((line) => line.text.startsWith(HOST_MARK)) + 1;
    const words = this.#recent.slice(Math.max(since, this.#recent.length - LAST_WORDS));
    const errors = words.filter((line) => line.level === "error").map((line) => line.text);
    return errors.find((text) => CANNOT_GO_ON.test(text)) ?? errors.at(-1) ?? null;
  }

  /** One writer at a time; a failed write (a full disk) is told to its caller and does not stop the next. */
  #enqueue(work: () => Promise<void>): Promise<void> {
    return this.#serial.run(async () => {
      if (!this.#opened) await this.#recover();
      this.#opened = true;
      await work();
    });
  }

  /** Finds where a former host was. */
  async #recover(): Promise<void> {
    await mkdir(this.#options.dir, { recursive: true, mode: 0o700 });
    const segments = await this.#segments();
    const last = segments.at(-1);
    if (last === undefined) return;
    const lines = await this.#readSegment(last);
    this.#recent = lines.map(toLine).slice(-RECENT);
    const end = lines.at(-1);
    this.#nextSeq = end === undefined ? firstSeq(last) : end.seq + 1;
    this.#spool.resume(end?.spool ?? 0);
    const file = join(this.#options.dir, last);
    this.#segment = { file, bytes: await cutTornLine(file) };
  }

  #drain(): Promise<void> {
    return this.#spool.drain({
      lines: (lines) =>
        this.#append(
          lines.flatMap(({ text, spool }) => {
            const line = parseLine(text, this.#options.now());
            return line === null ? [] : [{ line, spool }];
          }),
        ),
      skipped: (bytes) => {
        const much = `${Math.ceil(bytes / 1024)} KiB were skipped`;
        return this.#append([this.#ownLine("warn", `the gateway prints faster than it can be kept: ${much}`)]);
      },
    });
  }

  #ownLine(level: Line["level"], text: string): { line: RawLine; spool: number } {
    return { line: { at: this.#options.now(), level, text: `${HOST_MARK} ${text}` }, spool: this.#spool.at };
  }

  async #append(entries: readonly { line: RawLine; spool: number }[]): Promise<void> {
    if (entries.length === 0) return;
    const lines = entries.map(({ line, spool }, i) => ({
      seq: this.#nextSeq + i,
      ...line,
      // Cut behind the redaction: half of a secret would not be known for one.
      text: this.#options.redact(line.text).slice(0, LONGEST_TEXT),
      spool,
    }));
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    const segment = await this.#segmentFor();
    await appendFile(segment.file, text, { mode: 0o600 });
    segment.bytes += Buffer.byteLength(text);
    this.#nextSeq += lines.length;
    this.#recent.push(...lines.map(toLine));
    this.#recent.splice(0, Math.max(0, this.#recent.length - RECENT));
    for (const follower of this.#followers) follower.changed();
  }

  async #segmentFor(): Promise<{ file: string; bytes: number }> {
    if (this.#segment !== null && this.#segment.bytes < SEGMENT_BYTES) return this.#segment;
    const name = `lines-${String(this.#nextSeq).padStart(12, "0")}.jsonl`;
    this.#segment = { file: join(this.#options.dir, name), bytes: 0 };
    const old = (await this.#segments()).slice(0, -(SEGMENTS_KEPT - 1));
    for (const segment of old) await rm(join(this.#options.dir, segment), { force: true });
    return this.#segment;
  }

  async #segments(): Promise<string[]> {
    return (await readdir(this.#options.dir)).filter((name) => SEGMENT.test(name)).sort();
  }

  /** Stored lines from the segment that holds `since` on; only as many as a page can need. */
  async #stored(since: number): Promise<Line[]> {
    const segments = await this.#segments();
    const from = Math.max(
      0,
      segments.findLastIndex((name) => firstSeq(name) <= since),
    );
    const lines: Line[] = [];
    for (const segment of segments.slice(from)) {
      const read = await this.#readSegment(segment);
      lines.push(...read.map(toLine).filter((line) => line.seq >= since));
      if (lines.length >= PAGE_LINES) break;
    }
    return lines;
  }

  async #readSegment(name: string): Promise<z.infer<typeof StoredLine>[]> {
    const text = await readFile(join(this.#options.dir, name), "utf8");
    return text.split("\n").flatMap((line) => {
      const stored = StoredLine.safeParse(parseJson(line));
      return stored.success ? [stored.data] : [];
    });
  }
}

function toLine({ seq, at, level, text }: Line): Line {
  return { seq, at, level, text };
}

function firstSeq(segment: string): number {
  return Number(SEGMENT.exec(segment)?.[1] ?? 0);
}

/** A crash may leave half a line, which would glue itself to the next one. Answers the bytes that remain. */
async function cutTornLine(file: string): Promise<number> {
  const content = await readFile(file);
  const whole = content.lastIndexOf(10) + 1;
  if (whole < content.length) await truncate(file, whole);
  return whole;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
