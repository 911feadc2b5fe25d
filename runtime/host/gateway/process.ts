import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type OwnedProcess,
  type ProcessRef,
  descendantsOf,
  isAlive,
  processesUnder,
  signal,
  startMark,
} from "../processes.ts";
import type { Command } from "./command.ts";

/** How a process ended; both null when nobody could see it, because it was adopted. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A gateway process, started by this host or by the one before it. */
export interface GatewayProcess extends ProcessRef {
  port: number;
  launchedAt: number;
  adopted: boolean;
  /** Resolves once it is gone; never rejects. */
  exited: Promise<Exit>;
}

/** An adopted process is not our child, so its end is found by looking. */
const ADOPTED_POLL_MS = 500;
/** How long a killed tree may take to vanish from the process table. */
const KILL_DEADLINE_MS = 10_000;
const KILL_POLL_MS = 25;
/** Between looks at what a gateway that is being ended has started. */
const FAMILY_POLL_MS = 500;

export interface LaunchInput {
  command: Command;
  port: number;
  /** File that gets everything the gateway prints. A file and not a pipe: it outlives this host. */
  spool: string;
  now: () => number;
}

/** Starts a gateway in a process group of its own. Rejects when it could not even be started. */
export async function launch(input: LaunchInput): Promise<GatewayProcess> {
  const { command } = input;
  const output = openSync(input.spool, "a", 0o600);
  try {
    const child = spawn(command.file, command.args, {
      cwd: command.cwd,
      env: command.env,
      detached: true,
      stdio: ["ignore", output, output],
    });
    const exited = new Promise<Exit>((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
      child.once("error", () => resolve({ code: 127, signal: null }));
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("spawn", () =>
        child.pid === undefined ? reject(new Error("the process has no id")) : resolve(child.pid),
      );
    });
    // One that is gone already has no mark; its exit is reported like any other.
    const start = (await startMark(pid)) ?? "";
    return { pid, start, port: input.port, launchedAt: input.now(), adopted: false, exited };
  } finally {
    closeSync(output);
  }
}

/** Takes over a gateway that a former host started; null when exactly that process is gone. */
export async function adopt(ref: ProcessRef & { port: number; launchedAt: number }): Promise<GatewayProcess | null> {
  if (ref.start === "" || !(await isAlive(ref))) return null;
  return {
    pid: ref.pid,
    start: ref.start,
    port: ref.port,
    launchedAt: ref.launchedAt,
    adopted: true,
    exited: watch(ref),
  };
}

async function watch(ref: ProcessRef): Promise<Exit> {
  while (await isAlive(ref)) await sleep(ADOPTED_POLL_MS, undefined, { ref: false });
  return { code: null, signal: null };
}

/**
 * Ends a gateway: SIGTERM lets it finish the work it is at, and after `graceMs` the whole tree is killed. Resolves when
 * nothing that had this home is left, so that the next gateway never meets the old one on its state folder.
 */
export async function endProcess(process: GatewayProcess, home: string, graceMs: number): Promise<Exit> {
  const family = new Map<number, ProcessRef>();
  const look = async () => {
    for (const ref of await descendantsOf(process.pid)) family.set(ref.pid, ref);
  };
  if (await isAlive(process)) {
    // While it lives: what it leaves behind is nobody's child, and may have neither its HOME nor its session.
    await look();
    if (graceMs > 0) {
      signal(process.pid, "SIGTERM");
      await endsWithin(process, graceMs, look);
    }
  }
  await killTree(home, process, [...family.values()]);
  return process.exited;
}

async function endsWithin(process: GatewayProcess, graceMs: number, look: () => Promise<void>): Promise<void> {
  const until = performance.now() + graceMs;
  for (let left = graceMs; left > 0; left = until - performance.now()) {
    const pause = sleep(Math.min(left, FAMILY_POLL_MS), "still here" as const, { ref: false });
    if ((await Promise.race([process.exited, pause])) !== "still here") return;
    await look();
  }
}

/**
 * Kills a gateway's whole tree: itself, its helpers (one has a session of its own, so its group alone is not enough), what is
 * known to be its `family`, and whatever else has its HOME; a backup of the host goes on. Rejects when something does not die.
 */
export function killTree(home: string, leader?: ProcessRef, family: readonly ProcessRef[] = []): Promise<void> {
  return killOwned(home, (owned) => !owned.job, leader, family);
}

/** Kills the host's own commands for an instance, and what they started. */
export function killJobs(home: string): Promise<void> {
  return killOwned(home, (owned) => owned.job);
}

async function killOwned(
  home: string,
  wanted: (owned: OwnedProcess) => boolean,
  leader?: ProcessRef,
  family: readonly ProcessRef[] = [],
): Promise<void> {
  const deadline = performance.now() + KILL_DEADLINE_MS;
  for (;;) {
    const leaderLives = leader !== undefined && (await isAlive(leader));
    const pids = new Set((await processesUnder(home)).filter(wanted).map((owned) => owned.pid));
    for (const ref of family) if (await isAlive(ref)) pids.add(ref.pid);
    if (!leaderLives && pids.size === 0) return;
    if (performance.now() > deadline) throw new Error(`processes ${[...pids].join(", ")} of ${home} do not end`);
    // The group by its leader, only while the leader is known to be that process: a reused number is never killed.
    if (leaderLives) signal(-leader.pid, "SIGKILL");
    for (const pid of pids) signal(pid, "SIGKILL");
    await sleep(KILL_POLL_MS);
  }
}
