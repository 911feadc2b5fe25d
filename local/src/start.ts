/**
 * `npm start`: the whole product on this machine. See `--help`.
 * Exit codes: 0 stopped by the user, 1 a part could not start or was lost, 2 wrong usage.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { announcement, openBrowser } from "./announce.ts";
import { confirm, plainConsole } from "./console.ts";
import { lockDataDir } from "./lock.ts";
import { HELP, parseOptions, type StartOptions } from "./options.ts";
import { sweepOrphans } from "./orphans.ts";
import { runtimeHostPart } from "./parts.ts";
import { choosePorts } from "./ports.ts";
import { Part } from "./processes.ts";
import { resetData } from "./reset.ts";
import { loadSecrets } from "./secrets.ts";
import { startStack } from "./stack.ts";
import { troubleOf } from "./trouble.ts";

const root = resolve(import.meta.dirname, "../..");
const out = plainConsole((text) => process.stdout.write(text));

async function main(options: StartOptions): Promise<number> {
  const { dataDir } = options;
  const unlock = lockDataDir(dataDir);
  try {
    out.line(`managed-openclaw, data in ${dataDir}`);
    // Before anything else: what a killed start left holds the ports and the data.
    const swept = await sweepOrphans(dataDir);
    if (swept.length > 0) out.line(`  ended what an earlier start had left running: ${swept.join(", ")}`);
    if (options.reset) {
      const endGateways = () => endStrayGateways(dataDir);
      if (!(await resetData({ dataDir, yes: options.yes, confirm, endGateways }))) {
        out.line("Nothing was deleted. (--reset asks on a terminal; --yes answers it.)");
        return 2;
      }
      out.line("  what was kept there is deleted");
    }
    return await run(options);
  } finally {
    unlock();
  }
}

/** Runs the stack until it is told to stop, or a part is lost. */
async function run({ dataDir, port, open }: StartOptions): Promise<number> {
  const from = performance.now();
  const ports = await choosePorts(dataDir, port);
  const secrets = await loadSecrets(dataDir, process.env);
  const { told, signal } = toldToStop();
  try {
    const stack = await startStack({ root, dataDir, ports, secrets, settings: process.env }, out, signal);
    for (const line of announcement(stack, (performance.now() - from) / 1000)) out.line(line);
    if (open) openBrowser(stack.url);
    try {
      await Promise.race([told, stack.lost]);
    } finally {
      await stack.stop();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  out.line("Stopped; nothing is left running.");
  return 0;
}

/**
 * The first SIGINT, SIGTERM or SIGHUP. Later ones are answered, not obeyed: stopping is bounded and must not be cut short.
 */
function toldToStop(): { told: Promise<void>; signal: AbortSignal } {
  const stop = new AbortController();
  const { promise: told, resolve } = Promise.withResolvers<void>();
  const hear = () => {
    out.line(stop.signal.aborted ? "Still stopping: a gateway gets up to 20 s to finish its work." : "\nStopping …");
    stop.abort();
    resolve();
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, hear);
  return { told, signal: stop.signal };
}

/**
 * A runtime host that was killed hard left its gateways running, to be taken over by the next one. Before their data goes,
 * a host takes them over and ends them.
 */
async function endStrayGateways(dataDir: string): Promise<void> {
  const plan = {
    root,
    dataDir,
    ports: await choosePorts(dataDir, null),
    secrets: await loadSecrets(dataDir, process.env),
    settings: process.env,
  };
  const events = { change: async () => undefined, lost: () => undefined, restarted: () => undefined };
  const host = new Part(runtimeHostPart(plan), join(dataDir, "logs"), events);
  await host.start();
  await host.stop();
}

/** Its lines are for a person; a terminal that is gone must not end what runs. */
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

const options = parseOptions(process.argv.slice(2), root, process.env);
if (options instanceof Error) {
  process.stderr.write(`${options.message}\n\n${HELP}`);
  process.exitCode = 2;
} else if (options.help) {
  process.stdout.write(HELP);
} else {
  try {
    const envFile = join(root, ".env");
    if (existsSync(envFile)) process.loadEnvFile(envFile);
    process.exitCode = await main(options);
  } catch (error) {
    process.stderr.write(`\n${troubleOf(error, options.dataDir)}\n`);
    process.exitCode = 1;
  }
}
process.exit();
