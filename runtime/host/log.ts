import { redact } from "../src/redact.ts";

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** The host's own log: one JSON object a line on stderr, redacted like everything else. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export function createLog(write: (line: string) => void, fields: LogFields = {}): Log {
  const line =
    (level: string) =>
    (message: string, more: LogFields = {}) =>
      write(redact(JSON.stringify({ time: new Date().toISOString(), level, message, ...fields, ...more }), []));
  return { info: line("info"), warn: line("warn"), error: line("error") };
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
