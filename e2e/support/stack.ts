import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readStackFile, type StackFile } from "@oa/local";
import { givePorts } from "./ports.ts";

const root = resolve(import.meta.dirname, "../..");

/** A stack of its own for a test file: own data, own ports, started the way a person starts it. */
export interface TestStack {
  readonly dataDir: string;
  /** Addresses, keys and pids of the run that is up now. */
  info(): StackFile;
  /** What npm start has printed so far, over all its runs. */
  output(): string;
  /** Starts `npm start` again on the same data and waits until it is complete. */
  start(): Promise<void>;
  /** Ctrl-C, and waits for the end. Returns the exit code. */
  interrupt(): Promise<number | null>;
  /** SIGKILL to npm start itself and nothing else; waits until it is gone. */
  killStart(): Promise<void>;
  /** Stops, looks for secrets in what was written to logs, deletes the data. Throws when a secret was logged. */
  dispose(): Promise<void>;
}

/** Runs `local/src/start.ts` on fresh data and waits until it is complete. `settings` are what a person has in `.env`. */
export async function startTestStack(settings: Readonly<Record<string, string>> = {}): Promise<TestStack> {
  const dataDir = await mkdtemp(join(tmpdir(), "oa-e2e-"));
  await givePorts(dataDir);
  let child: ChildProcess | null = null;
  let output = "";
  let current: StackFile | null = null;
  const secrets = new Set<string>();

  const info = (): StackFile => {
    if (current === null) throw new Error("the stack is not up");
    return current;
  };

  const start = async (): Promise<void> => {
    const starting = spawn(
      process.execPath,
      [
        join(root, "local/src/start.ts"),
        "--no-open",
        ...(current === null ? [] : ["--port", portOf(current.api)]),
        ...["--data-dir", dataDir],
      ],
      { cwd: root, env: { ...process.env, ...settings }, stdio: ["ignore", "pipe", "pipe"] },
    );
    child = starting;
    starting.stdout.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
    starting.stderr.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
    for (let waited = 0; ; waited += 100) {
      if (starting.exitCode !== null) throw new Error(`npm start ended with ${starting.exitCode}:\n${output}`);
      if (waited > 180_000) throw new Error(`npm start was not ready within 180 s:\n${output}`);
      const stack = await readStackFile(dataDir);
      if (stack !== null && stack.pids.start === starting.pid) {
        current = stack;
        break;
      }
      await sleep(100);
    }
    for (const secret of [...Object.values(info().secrets), info().convex.adminKey]) secrets.add(secret);
  };

  const ended = async (): Promise<number | null> => {
    const running = child;
    if (running === null) return null;
    if (running.exitCode === null && running.signalCode === null) {
      await new Promise<void>((resolve) => running.once("exit", () => resolve()));
    }
    child = null;
    return running.exitCode;
  };

  const interrupt = async (): Promise<number | null> => {
    child?.kill("SIGINT");
    return ended();
  };

  const dispose = async (): Promise<void> => {
    try {
      const code = await interrupt();
      if (code !== null && code !== 0) throw new Error(`npm start ended with ${code}:\n${output}`);
      const leaks = await findInLogs(dataDir, output, secrets);
      if (leaks.length > 0) throw new Error(`secrets were logged:\n${leaks.join("\n")}`);
    } finally {
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    }
  };

  try {
    await start();
  } catch (error) {
    await interrupt();
    await rm(dataDir, { recursive: true, force: true });
    throw error;
  }
  return {
    dataDir,
    info,
    output: () => output,
    start,
    interrupt,
    async killStart() {
      child?.kill("SIGKILL");
      await ended();
    },
    dispose,
  };
}

function portOf(url: string): string {
  return new URL(url).port;
}

/** What every token and key of the product looks like, besides the ones this run knows by value. */
const SECRET_SHAPES = [
  /oc_svc_[A-Za-z0-9]{20,}/,
  /sk-(?:mgmt|prov)-[A-Za-z0-9_-]{16,}/,
  /-----BEGIN [A-Z ]*PRIVATE KEY/,
];

async function findInLogs(dataDir: string, output: string, secrets: ReadonlySet<string>): Promise<string[]> {
  const found: string[] = [];
  const look = (where: string, text: string): void => {
    for (const secret of secrets) {
      if (secret.length >= 16 && text.includes(secret)) found.push(`${where}: a known secret (${secret.slice(0, 6)}…)`);
    }
    for (const shape of SECRET_SHAPES) if (shape.test(text)) found.push(`${where}: ${shape.source}`);
  };
  look("console", output);
  for (const entry of await readdir(dataDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.log(\.\d+)?$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    look(path.slice(dataDir.length + 1), await readFile(path, "utf8"));
  }
  return found;
}
