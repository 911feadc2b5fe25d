/** Real deployments for tests: the bin as a child process, a project in a folder of its own, the official CLI. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { waitFor } from "./wait.ts";

const PACKAGE = fileURLToPath(new URL("../../", import.meta.url));
const NODE_MODULES = join(PACKAGE, "../node_modules");
const BIN = join(PACKAGE, "bin/embedded-convex.js");
const CONVEX_CLI = join(NODE_MODULES, "convex/bin/main.js");
const START_MS = 60_000;
const CLI_MS = 100_000;

/** What a finished process said. */
export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A server that runs as a process of its own. */
export interface Deployment {
  url: string;
  siteUrl: string;
  adminKey: string;
  dataDir: string;
  pid: number;
  /** Sends `signal` and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Finished>;
}

/** A folder that is gone after `remove`. */
export async function tempDir(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "embedded-convex-"));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Starts the bin on `dataDir`. Ports are free ones unless given. @throws with what it printed when it does not come up. */
export async function startDeployment(
  dataDir: string,
  options: { port?: number; sitePort?: number; args?: string[] } = {},
): Promise<Deployment> {
  const ports = ["--port", String(options.port ?? 0), "--site-port", String(options.sitePort ?? 0)];
  const child = run([BIN, "start", "--data-dir", dataDir, ...ports, ...(options.args ?? [])]);
  const line = await firstLine(child);
  const [, url, siteUrl] = /listens on (\S+), HTTP actions on (\S+),/.exec(line) ?? [];
  if (url === undefined || siteUrl === undefined || child.process.pid === undefined)
    throw new Error(`unexpected: ${line}`);
  const { stdout } = await runBin(["admin-key", "--data-dir", dataDir]);
  return {
    url,
    siteUrl,
    adminKey: stdout.trim(),
    dataDir,
    pid: child.process.pid,
    async stop(signal = "SIGTERM") {
      child.process.kill(signal);
      return child.finished;
    },
  };
}

/** Runs a command of the bin to its end. */
export function runBin(args: string[]): Promise<Finished> {
  return run([BIN, ...args]).finished;
}

/** A copy of a fixture project that finds this repository's packages. */
export async function copyFixture(name: string, to: string): Promise<string> {
  const project = join(to, name);
  await cp(join(PACKAGE, "test/fixtures", name), project, { recursive: true });
  await symlink(NODE_MODULES, join(project, "node_modules"), "dir");
  return project;
}

/** Where the CLI pushes to. */
type Target = Pick<Deployment, "url" | "adminKey">;

/** Runs the official CLI in `project` against `target`. */
export function convexCli(project: string, target: Target, args: string[]): Promise<Finished> {
  return startCli(project, target, args).finished;
}

/** A command of the CLI that does not end by itself. */
export interface Following {
  /** Resolves with all that was printed once it contains `text`. */
  until(text: string): Promise<string>;
  stop(): Promise<unknown>;
}

export function followCli(project: string, target: Target, args: string[]): Following {
  const child = startCli(project, target, args);
  return {
    until: (text) =>
      waitFor(
        () => child.output.stdout + child.output.stderr,
        (output) => output.includes(text),
        CLI_MS,
      ),
    stop() {
      child.process.kill("SIGKILL");
      return child.finished;
    },
  };
}

function startCli(project: string, target: Target, args: string[]): Running {
  const child = run([CONVEX_CLI, ...args], {
    cwd: project,
    env: {
      ...process.env,
      CONVEX_SELF_HOSTED_URL: target.url,
      CONVEX_SELF_HOSTED_ADMIN_KEY: target.adminKey,
      CONVEX_DEPLOYMENT: undefined,
      NO_COLOR: "1",
      FORCE_COLOR: undefined,
      CI: "1",
    },
  });
  child.process.stdin?.end();
  return child;
}

/** Pushes `project`; throws with the CLI's words when that fails. */
export async function deploy(project: string, deployment: Target, extra: string[] = []): Promise<Finished> {
  const finished = await convexCli(project, deployment, [
    "deploy",
    "--typecheck",
    "disable",
    "--codegen",
    "disable",
    ...extra,
  ]);
  if (finished.code !== 0) throw new Error(`convex deploy failed:\n${finished.stdout}\n${finished.stderr}`);
  return finished;
}

interface Running {
  process: ChildProcess;
  output: { stdout: string; stderr: string };
  finished: Promise<Finished>;
}

function run(args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Running {
  const child = spawn(process.execPath, args, { ...options, stdio: ["pipe", "pipe", "pipe"], timeout: CLI_MS * 5 });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  const finished = once(child, "close").then(() => ({ code: child.exitCode, ...output }));
  return { process: child, output, finished };
}

async function firstLine(child: Running): Promise<string> {
  try {
    const { output } = await waitFor(
      () => ({ output: child.output.stdout, code: child.process.exitCode }),
      ({ output, code }) => output.includes("\n") || code !== null,
      START_MS,
    );
    const [line = ""] = output.split("\n", 1);
    if (line !== "") return line;
  } catch {
    child.process.kill("SIGKILL");
  }
  throw new Error(`the server did not start: ${child.output.stderr}${child.output.stdout}`);
}
