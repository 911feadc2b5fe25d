/** The bin `embedded-convex`: runs one command and sets the exit code. */
import { readFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import manifest from "../../package.json" with { type: "json" };
import { EngineError, messageOf, type LogEvent } from "../engine/types.ts";
import { backupDataDir, restoreDataDir } from "../server/backup.ts";
import { IN_USE, makeDataDir, readOrCreateAdminKey } from "../server/data-dir.ts";
import { exportDataDir } from "../server/export.ts";
import { startServer, type ServerOptions } from "../server/server.ts";

const EXIT = { ok: 0, failed: 1, usage: 2, inUse: 3 } as const;

const MORE_HELP = `
The official CLI talks to it with
  CONVEX_SELF_HOSTED_URL=http://127.0.0.1:3210 CONVEX_SELF_HOSTED_ADMIN_KEY=$(embedded-convex admin-key) npx convex deploy

Exit codes: 0 done, or stopped by SIGTERM or SIGINT; 1 failed; 2 wrong arguments; 3 the data directory is in use.`;

/** Runs the command in `argv` (without node and script). Sets `process.exitCode`; `start` returns when it has stopped. */
export async function main(argv: string[]): Promise<void> {
  try {
    await createProgram().parseAsync(argv, { from: "user" });
    process.exitCode = EXIT.ok;
  } catch (error) {
    process.exitCode = explain(error);
  }
}

function createProgram(): Command {
  const program = new Command("embedded-convex")
    .description("A Convex backend in one process, on SQLite.")
    .version(manifest.version, "--version")
    .addHelpText("after", MORE_HELP)
    .showHelpAfterError("See embedded-convex --help.")
    .exitOverride();
  const dataDir = () =>
    new Option("--data-dir <dir>", "where everything is kept; one process at a time").default(".convex-data");

  program
    .command("start")
    .description("runs the server until SIGTERM or SIGINT")
    .addOption(dataDir())
    .option("--port <number>", "API, WebSocket and CLI; 0 for any free port", portNumber, 3210)
    .option("--site-port <number>", "HTTP actions; 0 for any free port", portNumber, 3211)
    .option("--host <address>", "0.0.0.0 to be reached from other machines", "127.0.0.1")
    .option("--admin-key-file <file>", "use the key in this file instead of one of its own", adminKeyFrom)
    .option("--cloud-origin <url>", "how clients reach --port, behind a proxy", origin)
    .option("--site-origin <url>", "how clients reach --site-port, behind a proxy", origin)
    .option("--redact-errors", "clients see that a function failed, not why; the logs do", false)
    .action(({ adminKeyFile: adminKey, ...options }) => start({ ...options, adminKey }));

  program
    .command("admin-key")
    .description("prints CONVEX_SELF_HOSTED_ADMIN_KEY")
    .addOption(dataDir())
    .action((options) => console.log(readOrCreateAdminKey(makeDataDir(options.dataDir))));

  program
    .command("backup")
    .description("makes a verified copy, also while the server runs")
    .addOption(dataDir())
    .requiredOption("--to <file>", "where to")
    .action(async ({ dataDir, to }) => {
      const { bytes, sha256 } = await backupDataDir(dataDir, to);
      console.log(`Backed up ${dataDir} to ${to}: ${bytes} bytes, sha256 ${sha256}.`);
    });

  program
    .command("restore")
    .description("puts a backup in place; the server must be stopped, what was there is kept aside")
    .addOption(dataDir())
    .requiredOption("--from <file>", "the backup")
    .action(({ dataDir, from }) => {
      const { keptAside } = restoreDataDir(dataDir, from);
      const aside = keptAside === null ? "" : ` What was there is kept as ${keptAside}.`;
      console.log(`Restored ${dataDir} from ${from}.${aside}`);
    });

  program
    .command("export")
    .description("writes a .zip that `npx convex import` takes")
    .addOption(dataDir())
    .requiredOption("--to <file>", "where to")
    .action(async ({ dataDir, to }) => {
      const { tables, documents } = await exportDataDir(dataDir, to);
      console.log(`Exported ${documents} documents of ${tables} tables to ${to}.`);
    });

  return program;
}

/** Runs the server until a signal. A second signal does not wait for what is in flight. */
async function start(options: ServerOptions): Promise<void> {
  const stop = Promise.withResolvers<void>();
  const onSignal = () => {
    process.once("SIGTERM", () => process.exit(EXIT.failed));
    process.once("SIGINT", () => process.exit(EXIT.failed));
    stop.resolve();
  };
  process.once("SIGTERM", onSignal);
  process.once("SIGINT", onSignal);
  // A promise that the app's own code forgot must not take the deployment down with it.
  process.on("unhandledRejection", (reason) => console.error("A function left a promise that failed:", reason));

  const server = await startServer(options);
  server.engine.events.on("log", printFailure);
  const { url, siteUrl } = server;
  console.log(`embedded-convex listens on ${url}, HTTP actions on ${siteUrl}, data in ${options.dataDir}`);
  await stop.promise;
  await server.close();
}

/** What failed, on standard error: the operator's log. What functions print is for `convex logs`. */
function printFailure({ atMs, requestId, path, error }: LogEvent): void {
  if (error === null) return;
  const name = path.component === "" ? path.udf : `${path.component}/${path.udf}`;
  console.error(`${new Date(atMs).toISOString()} ${name} ${requestId} ${error}`);
}

function portNumber(value: string): number {
  const port = Number(value);
  if (!/^\d+$/.test(value) || port > 65_535) throw new InvalidArgumentError("It must be a port number.");
  return port;
}

function origin(value: string): string {
  if (!/^https?:\/\//.test(value) || !URL.canParse(value)) throw new InvalidArgumentError("It must be an http(s) URL.");
  return new URL(value).origin;
}

function adminKeyFrom(file: string): string {
  const key = readFileSync(file, "utf8").trim();
  if (/^[^\s:]{16,}$/.test(key)) return key;
  throw new InvalidArgumentError("It must hold a key of at least 16 characters, without spaces or colons.");
}

/** Prints what went wrong as a sentence, where it is not printed yet; the exit code for it. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") {
    console.error(`${error.message.replace("listen EADDRINUSE: ", "")}. Choose another --port or --site-port.`);
    return EXIT.failed;
  }
  console.error(messageOf(error));
  return error instanceof EngineError && error.code === IN_USE ? EXIT.inUse : EXIT.failed;
}
