import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import * as z from "zod";
import type { InstancePaths } from "../paths.ts";
import { JOB_MARK } from "../processes.ts";

/** The installed OpenClaw package. */
export interface OpenClawInstall {
  /** Script behind the `openclaw` command. */
  entry: string;
  version: string;
}

/** Finds the OpenClaw this workspace depends on. */
export function findOpenClaw(): OpenClawInstall {
  const manifestPath = findPackageJSON("openclaw", import.meta.url);
  if (manifestPath === undefined) throw new Error("The package openclaw is not installed; run npm install.");
  const manifest = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(manifestPath, "utf8")));
  return { entry: join(dirname(manifestPath), "openclaw.mjs"), version: manifest.version };
}

/** V8 limits of a gateway; with these one instance stays under 1 GB, by default it would take 1.1 GB and more. */
export interface HeapLimits {
  oldSpaceMb: number;
  semiSpaceMb: number;
}

export interface Command {
  file: string;
  args: string[];
  env: Record<string, string>;
  cwd: string;
}

/** Variables of the host that a gateway may see. Everything else (keys of the host above all) stays out. */
const INHERITED = [
  "PATH",
  "LANG",
  "LC_ALL",
  "LC_CTYPE",
  "TZ",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "NODE_EXTRA_CA_CERTS",
] as const;

/** The whole environment of everything that runs for one instance. */
export function instanceEnv(paths: InstancePaths, host: NodeJS.ProcessEnv): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of INHERITED) {
    const value = host[name];
    if (value !== undefined) env[name] = value;
  }
  return {
    ...env,
    HOME: paths.home,
    TMPDIR: paths.tmp,
    OPENCLAW_STATE_DIR: paths.state,
    OPENCLAW_CONFIG_PATH: paths.config,
    OPENCLAW_DISABLE_BONJOUR: "1",
    OPENCLAW_NO_AUTO_UPDATE: "1",
    OPENCLAW_EXEC_SHELL_SNAPSHOT: "0",
    // A restart the gateway asks for ends with exit 0, and this host starts the next one: one place decides what runs.
    OPENCLAW_SUPERVISOR_MODE: "external",
    OPENCLAW_SERVICE_REPAIR_POLICY: "external",
    // One malloc arena for every core wastes some 100 MB of a gateway.
    MALLOC_ARENA_MAX: "2",
    NO_COLOR: "1",
  };
}

export interface GatewayCommandInput {
  install: OpenClawInstall;
  paths: InstancePaths;
  heap: HeapLimits;
  port: number;
  bind: "loopback" | "lan";
  host: NodeJS.ProcessEnv;
}

/** `openclaw gateway run`. Port and bind stand in argv too, where a changed configuration cannot reach them. */
export function gatewayCommand(input: GatewayCommandInput): Command {
  return {
    file: process.execPath,
    args: [
      `--max-old-space-size=${input.heap.oldSpaceMb}`,
      `--max-semi-space-size=${input.heap.semiSpaceMb}`,
      input.install.entry,
      ...["gateway", "run", "--port", String(input.port), "--bind", input.bind],
    ],
    env: instanceEnv(input.paths, input.host),
    cwd: input.paths.home,
  };
}

/** Any other `openclaw …` for an instance. It costs CPU seconds: for backups, never on a request's way. */
export function cliCommand(
  install: OpenClawInstall,
  paths: InstancePaths,
  args: readonly string[],
  host: NodeJS.ProcessEnv,
): Command {
  // Without a second process of its own, which would only look for a terminal.
  const env = { ...instanceEnv(paths, host), [JOB_MARK.name]: JOB_MARK.value, OPENCLAW_NO_RESPAWN: "1" };
  return { file: process.execPath, args: [install.entry, ...args], env, cwd: paths.home };
}
