/** The bin `embedded-convex`: runs one command and sets the exit code. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { EngineError, messageOf, type LogEvent } from "../engine/types.ts";
import { backupDataDir, restoreDataDir } from "../server/backup.ts";
import { IN_USE, makeDataDir, readOrCreateAdminKey } from "../server/data-dir.ts";
import { exportDataDir } from "../server/export.ts";
import { startServer } from "../server/server.ts";
import { EXIT, HELP, parseCommand, UsageError, type Command, type StartCommand } from "./usage.ts";

/** Runs the command in `argv` (without node and script). Sets `process.exitCode`; `start` returns when it has stopped. */
export async function main(argv: string[]): Promise<void> {
  try {
    await run(parseCommand(argv));
    process.exitCode = EXIT.ok;
  } catch (error) {
    process.exitCode = explain(error);
  }
}

async function run(command: Command): Promise<void> {
  switch (command.name) {
    case "help":
      process.stdout.write(HELP);
      return;
    case "version":
      console.log(ownVersion());
      return;
    case "admin-key":
      console.log(readOrCreateAdminKey(makeDataDir(command.dataDir)));
      return;
    case "backup": {
      const { bytes, sha256 } = await backupDataDir(command.dataDir, command.to);
      console.log(`Backed up ${command.dataDir} to ${command.to}: ${bytes} bytes, sha256 ${sha256}.`);
      return;
    }
    case "restore": {
      const { keptAside } = restoreDataDir(command.dataDir, command.from);
      const aside = keptAside === null ? "" : ` What was there is kept as ${keptAside}.`;
      console.log(`Restored ${command.dataDir} from ${command.from}.${aside}`);
      return;
    }
    case "export": {
      const { tables, documents } = await exportDataDir(command.dataDir, command.to);
      console.log(`Exported ${documents} documents of ${tables} tables to ${command.to}.`);
      return;
    }
    case "start":
      return start(command);
  }
}

/** Runs the server until a signal. A second signal does not wait for what is in flight. */
async function start({ options, adminKeyFile }: StartCommand): Promise<void> {
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

  const adminKey = adminKeyFile === undefined ? {} : { adminKey: adminKeyFrom(adminKeyFile) };
  const server = await startServer({ ...options, ...adminKey });
  server.engine.onLog(printFailure);
  console.log(
    `embedded-convex listens on ${server.url}, HTTP actions on ${server.siteUrl}, data in ${options.dataDir}`,
  );
  await stop.promise;
  await server.close();
}

/** What failed, on standard error: the operator's log. What functions print is for `convex logs`. */
function printFailure({ atMs, requestId, path, error }: LogEvent): void {
  if (error === null) return;
  const name = path.component === "" ? path.udf : `${path.component}/${path.udf}`;
  console.error(`${new Date(atMs).toISOString()} ${name} ${requestId} ${error}`);
}

function adminKeyFrom(file: string): string {
  const key = readFileSync(file, "utf8").trim();
  if (!/^[^\s:]{16,}$/.test(key)) {
    throw new UsageError(`${file} must hold a key of at least 16 characters, without spaces or colons.`);
  }
  return key;
}

function ownVersion(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return z.object({ version: z.string() }).parse(JSON.parse(manifest)).version;
}

/** Prints what went wrong as a sentence; the exit code for it. */
function explain(error: unknown): number {
  if (error instanceof UsageError) {
    console.error(`${error.message} See embedded-convex --help.`);
    return EXIT.usage;
  }
  if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") {
    console.error(`${error.message.replace("listen EADDRINUSE: ", "")}. Choose another --port or --site-port.`);
    return EXIT.failed;
  }
  console.error(messageOf(error));
  return error instanceof EngineError && error.code === IN_USE ? EXIT.inUse : EXIT.failed;
}
