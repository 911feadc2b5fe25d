import { createLog, messageOf } from "./log.ts";
import { type HostOptions, HELP, OptionsError, parseOptions } from "./options.ts";
import { type RunningHost, startHost } from "./host.ts";
import { DataDirInUseError } from "./store.ts";

/** Exit codes of sysexits.h. */
const EX_USAGE = 64;
const EX_TEMPFAIL = 75;

const log = createLog((line) => process.stderr.write(`${line}\n`), { area: "runtime-host" });

function readOptions(): HostOptions {
  try {
    const options = parseOptions(process.argv.slice(2), process.env);
    if (options !== "help") return options;
    process.stdout.write(HELP);
    process.exit(0);
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    process.stderr.write(`${error.message}\nSee --help.\n`);
    process.exit(EX_USAGE);
  }
}

async function start(): Promise<RunningHost> {
  try {
    return await startHost(readOptions(), process.env, log);
  } catch (error) {
    log.error("the host could not start", { why: messageOf(error) });
    process.exit(error instanceof DataDirInUseError ? EX_TEMPFAIL : 1);
  }
}

const host = await start();
// The one line on stdout: whoever started this host learns from it where it listens.
process.stdout.write(
  `${JSON.stringify({ event: "listening", pid: process.pid, url: host.urls.internal, public_url: host.urls.public })}\n`,
);

let stopping = false;
const stop = (): void => {
  if (stopping) return;
  stopping = true;
  host.stop().then(
    () => process.exit(0),
    (error: unknown) => {
      log.error("the host did not stop cleanly", { why: messageOf(error) });
      process.exit(1);
    },
  );
};
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
