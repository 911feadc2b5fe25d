/** What the parts of one open engine share. */
import type { EngineOptions, LogEvent } from "../types.ts";
import type { Change } from "../transaction/overlay.ts";
import type { Writer } from "../transaction/writer.ts";
import type { Storage } from "../storage/storage.ts";
import type { CursorCodec } from "../query/cursor.ts";
import type { Budget } from "../values/limits.ts";
import type { Code } from "./code.ts";

export interface Core {
  readonly options: Readonly<EngineOptions>;
  readonly storage: Storage;
  readonly writer: Writer;
  readonly cursors: CursorCodec;
  /** Limits of one transaction. */
  readonly budget: Readonly<Budget>;
  code: Code;
  environment: ReadonlyMap<string, string>;
  /** Milliseconds since 1970. */
  now(): number;
  log(event: LogEvent): void;
  /** The schema change that is being checked; told of every commit's changes before they are written. */
  schemaWatch: { changed(changes: readonly Change[]): void } | null;
  /** Told after a commit that changed the jobs. */
  jobsChanged(): void;
  /** For failures of the engine that nobody waits for. */
  reportFault(error: unknown): void;
}
