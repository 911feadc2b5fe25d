/**
 * `npm start`: the whole product on this machine. See `--help`.
 * Exit codes: 0 stopped by the user, 1 a part could not start or was lost, 2 wrong usage.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { confirm, plainConsole } from "./console.ts";
import { lockDataDir } from "./lock.ts";
import { HELP, parseOptions } from "./options.ts";
import { choosePorts } from "./ports.ts";
import { runtimeHostPart } from "./parts.ts";
import { Part, sweepOrphans } from "./processes.ts";
import { loadSecrets } from "./secrets.ts";
import { startStack, type Stack } from "./stack.ts";

const root = resolve(import.meta.dirname, "../..");
const out = plainConsole((text) => process.stdout.write(text));

async function main(): Promise<number> {
  const options = readOptions();
  if (options === null) return 2;
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const envFile = join(root, ".env");
  if (existsSync(envFile)) process.loadEnvFile(envFile);

  const unlock = lockDataDir(options.dataDir);
  try {
    out.line(`managed-openclaw, data in ${options.dataDir}`);
    // Before anything else: what a killed start left holds the ports and the data.
    const swept = await sweepOrphans(options.dataDir);
    if (swept.length > 0) out.line(`  ended what an earlier start had left running: ${swept.join(", ")}`);
    if (options.reset && !(await reset(options.dataDir, options.yes))) return 2;
    const from = performance.now();
    const ports = await choosePorts(options.dataDir, options.port);
    const secrets = await loadSecrets(options.dataDir, process.env);
    const interrupted = signalled();
    const starting = startStack({ root, dataDir: options.dataDir, ports, secrets, settings: process.env }, out);
    const first = await Promise.race([starting, interrupted.then(() => null)]);
    const stack = first ?? (await starting);
    if (first !== null) {
      announce(stack, (performance.now() - from) / 1000);
      if (options.open) openBrowser(stack.url);
    }
    return await untilStopped(stack, interrupted);
  } finally {
    unlock();
  }
}

function readOptions(): ReturnType<typeof parseOptions> | null {
  try {
    return parseOptions(process.argv.slice(2), root);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return null;
  }
}

async function reset(dataDir: string, yes: boolean): Promise<boolean> {
  const question = `Delete every account, instance, backup and key in ${dataDir}?`;
  if (!yes && !(await confirm(question))) {
    out.line("Nothing was deleted. (--reset asks on a terminal; --yes answers it.)");
    return false;
  }
  await endGateways(dataDir);
  const kept = ["convex", "wrangler", "logs", "secrets.json", "stack.json", "pids.json"];
  const remove = (part: string) =>
    rm(join(dataDir, part), { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  await remove("runtime");
  for (const part of kept) await remove(part);
  // A gateway that was ended while it booted may leave a helper that makes its folder again before it notices.
  await sleep(1000);
  await remove("runtime");
  out.line(`  ${dataDir} is empty again`);
  return true;
}

/**
 * A runtime host that was killed hard left its gateways running, to be taken over by the next one. Before their data goes,
 * a host takes them over and ends them.
 */
async function endGateways(dataDir: string): Promise<void> {
  if (!existsSync(join(dataDir, "runtime"))) return;
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

function announce(stack: Stack, seconds: number): void {
  out.line("");
  out.line(`Ready in ${seconds.toFixed(1)} s:  ${stack.url}`);
  out.line("Sign up there, then press Create. No payment provider is connected: a new account has $5.00.");
  const doubles = Object.keys(stack.doubles);
  if (doubles.length > 0) out.line(`Doubles stand in for: ${doubles.join(", ")}. Set the real ones in .env.`);
  if (stack.doubles.upstream !== undefined) {
    out.line(
      "Model calls are answered by a stand-in that repeats what it is told; INFERENCE_ENDPOINT in .env ends that.",
    );
  }
  if (stack.doubles.mail !== undefined) out.line(`Mail is not sent but shown at ${stack.doubles.mail}/outbox`);
  out.line("Ctrl-C stops everything and keeps the data.");
}

/** The first SIGINT, SIGTERM or SIGHUP. Later ones are ignored: stopping is bounded and must not be cut short. */
function signalled(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve(signal));
  });
}

async function untilStopped(stack: Stack, interrupted: Promise<NodeJS.Signals>): Promise<number> {
  try {
    await Promise.race([interrupted, stack.lost]);
    out.line("\nStopping …");
    await stack.stop();
    out.line("Stopped; nothing is left running.");
    return 0;
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    await stack.stop();
    return 1;
  }
}

function openBrowser(url: string): void {
  const hasScreen =
    process.platform !== "linux" || process.env.DISPLAY !== undefined || process.env.WAYLAND_DISPLAY !== undefined;
  if (!hasScreen || process.env.CI !== undefined || !process.stdout.isTTY) return;
  const [command, ...args] =
    process.platform === "darwin"
      ? ["open", url]
      : process.platform === "win32"
        ? ["cmd", "/c", "start", url]
        : ["xdg-open", url];
  if (command === undefined) return;
  const child = spawn(command, args, { stdio: "ignore", detached: true });
  // No opener on this machine: the address stands on the terminal.
  child.on("error", () => undefined);
  child.unref();
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
process.exit();
