/** The command line of embedded-convex: what it takes, and the text of `--help`. */
import { parseArgs } from "node:util";
import { messageOf } from "../engine/types.ts";
import type { ServerOptions } from "../server/server.ts";

/** Exit codes, also in `--help`. */
export const EXIT = { ok: 0, failed: 1, usage: 2, inUse: 3 } as const;

export const HELP = `embedded-convex: a Convex backend in one process, on SQLite.

Usage
  embedded-convex start     [--data-dir DIR] [--port N] [--site-port N] [--host ADDRESS]
                            [--admin-key-file FILE] [--cloud-origin URL] [--site-origin URL] [--redact-errors]
  embedded-convex admin-key [--data-dir DIR]             prints CONVEX_SELF_HOSTED_ADMIN_KEY
  embedded-convex backup    [--data-dir DIR] --to FILE   a verified copy, also while the server runs
  embedded-convex restore   [--data-dir DIR] --from FILE the server must be stopped; what was there is kept aside
  embedded-convex export    [--data-dir DIR] --to FILE   a .zip that \`npx convex import\` takes

Options
  --data-dir DIR         where everything is kept; one process at a time   (default .convex-data)
  --port N               API, WebSocket and CLI; 0 for any free port       (default 3210)
  --site-port N          HTTP actions; 0 for any free port                 (default 3211)
  --host ADDRESS         0.0.0.0 to be reached from other machines         (default 127.0.0.1)
  --admin-key-file FILE  use the key in FILE instead of one of its own
  --cloud-origin URL     how clients reach --port, behind a proxy
  --site-origin URL      how clients reach --site-port, behind a proxy
  --redact-errors        clients see that a function failed, not why; the logs do
  --help, --version

The official CLI talks to it with
  CONVEX_SELF_HOSTED_URL=http://127.0.0.1:3210 CONVEX_SELF_HOSTED_ADMIN_KEY=$(embedded-convex admin-key) npx convex deploy

Exit codes: 0 done, or stopped by SIGTERM or SIGINT; 1 failed; 2 wrong arguments; 3 the data directory is in use.
`;

export interface StartCommand {
  name: "start";
  options: ServerOptions;
  adminKeyFile: string | undefined;
}

export type Command =
  | StartCommand
  | { name: "help" | "version" }
  | { name: "admin-key"; dataDir: string }
  | { name: "backup" | "export"; dataDir: string; to: string }
  | { name: "restore"; dataDir: string; from: string };

/** Arguments that mean nothing; the message says what to change. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** @throws UsageError */
export function parseCommand(argv: string[]): Command {
  const { values, positionals } = parsed(argv);
  if (values.help === true) return { name: "help" };
  if (values.version === true) return { name: "version" };
  const [name, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError(`Unexpected argument \`${rest.join(" ")}\`.`);
  const dataDir = values["data-dir"] ?? ".convex-data";
  switch (name) {
    case undefined:
      return { name: "help" };
    case "start":
      return { name, options: serverOptions(dataDir, values), adminKeyFile: values["admin-key-file"] };
    case "admin-key":
      return { name, dataDir };
    case "backup":
    case "export":
      return { name, dataDir, to: required("--to", values.to) };
    case "restore":
      return { name, dataDir, from: required("--from", values.from) };
    default:
      throw new UsageError(`There is no command \`${name}\`.`);
  }
}

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const OPTIONS = {
  "data-dir": text,
  port: text,
  "site-port": text,
  host: text,
  "admin-key-file": text,
  "cloud-origin": text,
  "site-origin": text,
  "redact-errors": flag,
  to: text,
  from: text,
  help: { ...flag, short: "h" },
  version: flag,
} as const;
type Values = ReturnType<typeof parsed>["values"];

function parsed(argv: string[]) {
  try {
    return parseArgs({ args: argv, allowPositionals: true, options: OPTIONS });
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

function serverOptions(dataDir: string, values: Values): ServerOptions {
  const cloudOrigin = origin("--cloud-origin", values["cloud-origin"]);
  const siteOrigin = origin("--site-origin", values["site-origin"]);
  return {
    dataDir,
    port: portNumber("--port", values.port ?? "3210"),
    sitePort: portNumber("--site-port", values["site-port"] ?? "3211"),
    host: values.host ?? "127.0.0.1",
    redactErrors: values["redact-errors"] === true,
    ...(cloudOrigin === undefined ? {} : { cloudOrigin }),
    ...(siteOrigin === undefined ? {} : { siteOrigin }),
  };
}

function portNumber(option: string, value: string): number {
  const port = Number(value);
  if (!/^\d+$/.test(value) || port > 65_535) throw new UsageError(`${option} must be a port number, not \`${value}\`.`);
  return port;
}

function origin(option: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (!/^https?:\/\//.test(value) || !URL.canParse(value)) throw new UsageError(`${option} must be an http(s) URL.`);
  return new URL(value).origin;
}

function required(option: string, value: string | undefined): string {
  if (value === undefined || value === "") throw new UsageError(`${option} is needed.`);
  return value;
}
