import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LogFile } from "./logFile.ts";
import { killGroup } from "./orphans.ts";

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

export interface PartEvents {
  /** The pid changed: write it down before anything else happens. Never rejects. */
  change: () => Promise<void>;
  /** It cannot be kept running. */
  lost: (part: Part, why: string) => void;
  restarted: (part: Part) => void;
}

/** A part that ends this often within the window is not started again. */
const MAX_RESTARTS = 5;
const RESTART_WINDOW_MS = 60_000;
/** Nor is one that could not be started again so often in a row, however long each attempt took. */
const MAX_FAILED_STARTS = 3;
const LAST_LINES = 15;

/**
 * A child process with its own process group, log file, health probe and restart.
 * The group matters: a part killed hard leaves children (workerd below wrangler), and they go with it.
 */
export class Part {
  readonly spec: PartSpec;
  readonly #log: LogFile;
  readonly #events: PartEvents;
  #child: ChildProcess | null = null;
  #stopping = false;
  #restarts: number[] = [];

  constructor(spec: PartSpec, logDir: string, events: PartEvents) {
    this.spec = spec;
    this.#log = new LogFile(join(logDir, `${spec.name}.log`));
    this.#events = events;
  }

  get name(): string {
    return this.spec.name;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  get logFile(): string {
    return this.#log.path;
  }

  /** Spawns and waits for the first good probe. Throws an Error that names the log file and its last lines. */
  async start(): Promise<void> {
    if (this.#stopping) throw new Error(`${this.name} was stopped`);
    const child = spawn(this.spec.command, [...this.spec.args], {
      cwd: this.spec.cwd,
      env: { ...this.spec.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#child = child;
    for (const output of [child.stdout, child.stderr]) output.on("data", (chunk: Buffer) => this.#log.write(chunk));
    const ended = new Promise<string>((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
    });
    await this.#events.change();
    const failed = ended.then((how) => Promise.reject(new Error(`${this.name} ended: ${how}`)));
    failed.catch(() => undefined);
    try {
      await Promise.race([this.#untilProbed(), failed]);
    } catch (error) {
      await this.#killGroup();
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${this.#lastWords()}`, {
        cause: error,
      });
    }
    void ended.then((how) => this.#ended(how));
  }

  /** SIGTERM, then after the deadline SIGKILL for the whole group. Leaves nothing of it behind, and lets nothing start. */
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
    this.#log.close();
    await this.#events.change();
  }

  async #untilProbed(): Promise<void> {
    const deadline = performance.now() + this.spec.startDeadlineMs;
    for (;;) {
      try {
        await this.spec.probe();
        return;
      } catch (error) {
        if (performance.now() > deadline) {
          throw new Error(`${this.name} did not answer within ${Math.round(this.spec.startDeadlineMs / 1000)} s`, {
            cause: error,
          });
        }
      }
      await sleep(100);
    }
  }

  /** Starts it again, unless that has been tried in vain. */
  async #ended(how: string): Promise<void> {
    let why = how;
    for (let failedStarts = 0; ;) {
      if (this.#stopping) return;
      await this.#killGroup();
      const now = performance.now();
      this.#restarts = [...this.#restarts.filter((at) => now - at < RESTART_WINDOW_MS), now];
      if (this.#restarts.length > MAX_RESTARTS)
        return this.#events.lost(this, `${this.name} ended ${this.#restarts.length} times in a minute (${why})`);
      await sleep(100 * 2 ** this.#restarts.length);
      if (this.#stopping) return;
      try {
        await this.start();
        return this.#events.restarted(this);
      } catch (error) {
        why = error instanceof Error ? error.message : String(error);
        failedStarts += 1;
        if (failedStarts >= MAX_FAILED_STARTS) return this.#stopping ? undefined : this.#events.lost(this, why);
      }
    }
  }

  async #killGroup(): Promise<void> {
    const pid = this.#child?.pid;
    if (pid !== undefined) await killGroup(pid);
  }

  #lastWords(): string {
    const lines = this.#log.lastLines(LAST_LINES).map((line) => `  ${line}`);
    return [`Last lines of ${this.logFile}:`, ...lines].join("\n");
  }
}
