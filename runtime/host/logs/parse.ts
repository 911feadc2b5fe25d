import { stripVTControlCharacters } from "node:util";
import * as z from "zod";
import type { LogLine } from "@oa/contract";

/** One line of a log before it has a number. */
export type RawLine = Omit<z.infer<typeof LogLine>, "seq">;

/** More of a line than is ever stored, so that a secret at its end is whole when it is looked for. */
const LONGEST_TEXT = 5_000;

/** A line as the gateway prints it with `consoleStyle: "json"`. */
const ConsoleLine = z.object({
  time: z.string(),
  level: z.string(),
  subsystem: z.string().optional(),
  message: z.string(),
});

const LEVELS: Readonly<Record<string, RawLine["level"]>> = {
  trace: "debug",
  debug: "debug",
  info: "info",
  warn: "warn",
  warning: "warn",
  error: "error",
  fatal: "error",
};

/** Plain text is what is printed around the logger: a crash, an out-of-memory report, a refusal to start. */
const BAD_NEWS = /\b(error|fatal|refus|invalid|cannot|failed|exception|out of memory)/i;

/** Reads one printed line; null for an empty one. Pure; the text is not redacted yet. */
export function parseLine(line: string, now: number): RawLine | null {
  const text = stripControls(line).trimEnd();
  if (text === "") return null;
  const parsed = text.startsWith("{") ? ConsoleLine.safeParse(jsonOrNull(text)) : null;
  if (parsed?.success !== true) {
    return { at: now, level: BAD_NEWS.test(text) ? "error" : "info", text: text.slice(0, LONGEST_TEXT) };
  }
  const { time, level, subsystem, message } = parsed.data;
  const at = Date.parse(time);
  return {
    at: Number.isNaN(at) ? now : at,
    level: LEVELS[level] ?? "info",
    text: `${subsystem === undefined ? "" : `[${subsystem}] `}${message}`.slice(0, LONGEST_TEXT),
  };
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Without colours and other control characters, which would act on a reader's terminal. */
function stripControls(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[^\P{Cc}\t]/gu, "");
}
