import { execFile } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { promisify } from "node:util";

/**
 * What the kernel knows of processes. A pid alone says nothing after a restart of the host, because pids are reused; a pid
 * with its start mark names one process for ever. Linux answers from /proc; elsewhere `ps` does, a little slower.
 */

const run = promisify(execFile);
const PS_TIMEOUT_MS = 5_000;

/** A process and the mark of its start (boot id and start tick, or the start time where there is no /proc). */
export interface ProcessRef {
  pid: number;
  start: string;
}

/** The start mark of a living process; null when it is gone. A zombie is gone: it holds nothing but its number. */
export async function startMark(pid: number): Promise<string | null> {
  if (process.platform !== "linux") return startMarkFromPs(pid);
  const [stat, bootId] = await Promise.all([
    readProc(`/proc/${pid}/stat`),
    readProc("/proc/sys/kernel/random/boot_id"),
  ]);
  if (stat === null) return null;
  // The second field is the name in brackets and may hold spaces and brackets itself; what follows the last one is fixed.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  const startTick = fields[19];
  if (state === undefined || startTick === undefined || state === "Z" || state === "X") return null;
  return `${(bootId ?? "").trim()}:${startTick}`;
}

async function startMarkFromPs(pid: number): Promise<string | null> {
  try {
    const { stdout } = await run("ps", ["-o", "state=,lstart=", "-p", String(pid)], { timeout: PS_TIMEOUT_MS });
    const line = stdout.trim();
    return line === "" || line.startsWith("Z") ? null : line.slice(line.indexOf(" ")).trim();
  } catch {
    return null;
  }
}

/** True while exactly that process lives. */
export async function isAlive(ref: ProcessRef): Promise<boolean> {
  return (await startMark(ref.pid)) === ref.start;
}

/**
 * Every living process of this user whose HOME is `home`: a gateway, its helpers and whatever its agents started, also in
 * sessions of their own and after their parent died. Where there is no /proc only the given group can be found.
 */
export async function processesWithHome(home: string): Promise<number[]> {
  return (await processesByHome()).get(home) ?? [];
}

/** Living processes of this user by their HOME; empty where there is no /proc. */
export async function processesByHome(): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  if (process.platform !== "linux") return found;
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  await Promise.all(
    pids.map(async (pid) => {
      if (pid === process.pid) return;
      const environ = await readProc(`/proc/${pid}/environ`);
      const home = environ?.split("\0").find((entry) => entry.startsWith("HOME="));
      if (home === undefined || (await startMark(pid)) === null) return;
      const key = home.slice("HOME=".length);
      found.set(key, [...(found.get(key) ?? []), pid]);
    }),
  );
  return found;
}

async function readProc(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch {
    // Gone meanwhile, or somebody else's.
    return null;
  }
}

/** Sends a signal; a process or group that is already gone is fine. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
