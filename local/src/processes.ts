import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createWriteStream, readFileSync, type WriteStream } from "node:fs";
import { mkdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { readIfThere, writePrivateFile } from "./files.ts";

/** One long-running part of the stack. */
export interface PartSpec {
  name: string;
  command: string;
  args: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** Resolves once the part answers; rejects or throws while it does not. */
  probe: () => Promise<void>;
  /** Longest time from spawn to the first good probe. */
  startDeadlineMs: number;
  /** How long it may take to end after SIGTERM before its whole process group is killed. */
  stopDeadlineMs: number;
}

const LOG_ROTATE_BYTES = 16 * 1024 * 1024;
/** A part that ends this often within the window is not started again. */
const MAX_RESTARTS = 5;
const RESTART_WINDOW_MS = 60_000;

/**
 * A child process with its own process group, log file, health probe and restart.
 * The group matters: a part killed hard leaves children (workerd below wrangler), and they go with it.
 */
export class Part {
  readonly spec: PartSpec;
  readonly #logFile: string;
  readonly #onChange: () => Promise<void>;
  readonly #onLost: (part: Part, why: string) => void;
  readonly #onRestart: (part: Part) => void;
  #child: ChildProcess | null = null;
  #stopping = false;
  #restarts: number[] = [];

  constructor(
    spec: PartSpec,
    logDir: string,
    events: {
      /** The pid changed: write it down before anything else happens. */
      change: () => Promise<void>;
      /** It cannot be kept running. */
      lost: (part: Part, why: string) => void;
      restarted: (part: Part) => void;
    },
  ) {
    this.spec = spec;
    this.#logFile = join(logDir, `${spec.name}.log`);
    this.#onChange = events.change;
    this.#onLost = events.lost;
    this.#onRestart = events.restarted;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  get logFile(): string {
    return this.#logFile;
  }

  /** Spawns and waits for the first good probe. Throws an Error that names the log file and its last lines. */
  async start(): Promise<void> {
    const log = await openLog(this.#logFile);
    const child = spawn(this.spec.command, [...this.spec.args], {
      cwd: this.spec.cwd,
      env: { ...this.spec.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#child = child;
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    const ended = new Promise<string>((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
    });
    await this.#onChange();
    const failed = ended.then((how) => Promise.reject(new Error(`${this.spec.name} ended: ${how}`)));
    failed.catch(() => undefined);
    try {
      await Promise.race([this.#untilProbed(), failed]);
    } catch (error) {
      await this.#killGroup();
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${await this.#lastLines()}`, {
        cause: error,
      });
    }
    void ended.then((how) => this.#ended(how, log));
  }

  /** SIGTERM, then after the deadline SIGKILL for the whole group. Leaves nothing of it behind. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child?.pid === undefined) return;
    if (child.exitCode === null && child.signalCode === null) {
      const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      child.kill("SIGTERM");
      await Promise.race([exited, sleep(this.spec.stopDeadlineMs, undefined, { ref: false })]);
    }
    await this.#killGroup();
    this.#child = null;
    await this.#onChange();
  }

  async #untilProbed(): Promise<void> {
    const deadline = performance.now() + this.spec.startDeadlineMs;
    for (;;) {
      try {
        await this.spec.probe();
        return;
      } catch (error) {
        if (performance.now() > deadline) {
          throw new Error(`${this.spec.name} did not answer within ${Math.round(this.spec.startDeadlineMs / 1000)} s`, {
            cause: error,
          });
        }
      }
      await sleep(100);
    }
  }

  async #ended(how: string, log: WriteStream): Promise<void> {
    log.end();
    if (this.#stopping) return;
    await this.#killGroup();
    const now = performance.now();
    this.#restarts = [...this.#restarts.filter((at) => now - at < RESTART_WINDOW_MS), now];
    if (this.#restarts.length > MAX_RESTARTS) {
      this.#onLost(this, `${this.spec.name} ended ${this.#restarts.length} times in a minute (${how})`);
      return;
    }
    await sleep(100 * 2 ** this.#restarts.length);
    if (this.#stopping) return;
    try {
      await this.start();
      this.#onRestart(this);
    } catch (error) {
      this.#onLost(this, error instanceof Error ? error.message : String(error));
    }
  }

  async #killGroup(): Promise<void> {
    const pid = this.#child?.pid;
    if (pid !== undefined) await killGroup(pid);
  }

  async #lastLines(): Promise<string> {
    const text = (await readIfThere(this.#logFile)) ?? "";
    const lines = text.trimEnd().split("\n").slice(-15);
    return [`Last lines of ${this.#logFile}:`, ...lines.map((line) => `  ${line}`)].join("\n");
  }
}

async function openLog(file: string): Promise<WriteStream> {
  await mkdir(join(file, ".."), { recursive: true, mode: 0o700 });
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size > LOG_ROTATE_BYTES) await rename(file, `${file}.1`);
  return createWriteStream(file, { flags: "a", mode: 0o600 });
}

/** SIGKILLs a process group and waits until the kernel has let go of it (at most 5 s). */
async function killGroup(pid: number): Promise<void> {
  for (let waited = 0; waited < 5000; waited += 50) {
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      return;
    }
    await sleep(50);
  }
}

const PidFile = z.array(z.object({ name: z.string(), pid: z.int().positive(), started: z.string() }));

/** When a process was started, in the system's own words: tells it from a later one that got its number. */
function startTicks(pid: number): string | null {
  try {
    if (process.platform !== "linux") {
      return (
        execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8", timeout: 2000 }).trim() || null
      );
    }
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the command in parentheses and may hold spaces; the start time is field 22.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

/** Writes down the parts' pids, so that the next start can end what a killed one left running. */
export async function rememberPids(dataDir: string, parts: readonly Part[]): Promise<void> {
  const entries = parts.flatMap((part) => {
    const started = part.pid === null ? null : startTicks(part.pid);
    return part.pid === null || started === null ? [] : [{ name: part.spec.name, pid: part.pid, started }];
  });
  await writePrivateFile(join(dataDir, "pids.json"), `${JSON.stringify(entries)}\n`);
}

/**
 * Ends what an earlier start left running because it was killed hard. A process is ended only when number and start
 * time both match. Returns the names of the parts that were.
 */
export async function sweepOrphans(dataDir: string): Promise<string[]> {
  const text = await readIfThere(join(dataDir, "pids.json"));
  if (text === null) return [];
  const parsed = PidFile.safeParse(JSON.parse(text));
  const swept: string[] = [];
  const groups: number[] = [];
  for (const entry of parsed.success ? parsed.data : []) {
    const ticks = startTicks(entry.pid);
    // A dead leader's group may still hold its children; a living process of another start time is not ours.
    if (ticks !== null && ticks !== entry.started) continue;
    if (ticks !== null) swept.push(entry.name);
    groups.push(entry.pid);
  }
  await Promise.all(groups.map(killGroup));
  return swept;
}
