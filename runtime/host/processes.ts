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
  const [stat, bootId] = await Promise.all([readStat(pid), readProc("/proc/sys/kernel/random/boot_id")]);
  return stat === null ? null : `${(bootId ?? "").trim()}:${stat.startTick}`;
}

/** What /proc tells of a living process; null for one that is gone, or a zombie. */
async function readStat(pid: number): Promise<{ parent: number; startTick: string } | null> {
  const stat = await readProc(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The second field is the name in brackets and may hold spaces and brackets itself; what follows the last one is fixed.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  const startTick = fields[19];
  if (state === undefined || startTick === undefined || state === "Z" || state === "X") return null;
  return { parent: Number(fields[1]), startTick };
}

/**
 * What a living process has started, and what that has, and so on, whatever their environment and session. Empty where there is
 * no /proc. Only for as long as the parents live: whoever outlives them is somebody else's child.
 */
export async function descendantsOf(pid: number): Promise<ProcessRef[]> {
  const found = new Set([pid]);
  const parents = new Map<number, number>();
  for (const other of await allPids()) {
    const stat = await readStat(other);
    if (stat !== null) parents.set(other, stat.parent);
  }
  for (let before = 0; before < found.size;) {
    before = found.size;
    for (const [child, parent] of parents) if (found.has(parent)) found.add(child);
  }
  found.delete(pid);
  const refs = await Promise.all([...found].map(async (one) => ({ pid: one, start: await startMark(one) })));
  return refs.flatMap(({ pid: one, start }) => (start === null ? [] : [{ pid: one, start }]));
}

async function allPids(): Promise<number[]> {
  if (process.platform !== "linux") return [];
  return (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
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

/** Mark in the environment of the host's own commands for an instance (a backup): not part of its gateway. */
export const JOB_MARK = { name: "OA_HOST_JOB", value: "1" } as const;

/** A process that runs for an instance. */
export interface OwnedProcess {
  pid: number;
  home: string;
  /** A command of the host, not the gateway or anything it started. */
  job: boolean;
}

/**
 * Every living process of this user whose HOME lies under `root`: gateways, their helpers and whatever their agents started,
 * also in sessions of their own and after their parent died. Empty where there is no /proc; there a gateway is only known
 * by its pid.
 */
export async function processesUnder(root: string): Promise<OwnedProcess[]> {
  const found = await Promise.all((await allPids()).map((pid) => ownedProcess(pid, root)));
  return found.filter((owned) => owned !== null);
}

async function ownedProcess(pid: number, root: string): Promise<OwnedProcess | null> {
  if (pid === process.pid) return null;
  const environ = (await readProc(`/proc/${pid}/environ`))?.split("\0") ?? [];
  const home = environ.find((entry) => entry.startsWith("HOME="))?.slice("HOME=".length);
  if (home === undefined || (home !== root && !home.startsWith(`${root}/`))) return null;
  if ((await startMark(pid)) === null) return null;
  return { pid, home, job: environ.includes(`${JOB_MARK.name}=${JOB_MARK.value}`) };
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
