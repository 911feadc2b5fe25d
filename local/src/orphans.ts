import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { readIfThere, writePrivateFile } from "./files.ts";

/**
 * What an `npm start` that was killed hard left running. `pids.json` names the parts' processes; a number alone says nothing
 * later, because numbers are given out again, so each comes with the boot and the moment it was started in.
 */
const PidFile = z.array(z.object({ name: z.string(), pid: z.int().positive(), started: z.string() }));

/** A part's name and, while it runs, its process. */
export interface Running {
  name: string;
  pid: number | null;
}

/** Writes down the parts' pids, so that the next start can end what a killed one left running. */
export async function rememberPids(dataDir: string, parts: readonly Running[]): Promise<void> {
  const entries = parts.flatMap(({ name, pid }) => {
    const started = pid === null ? null : startMark(pid);
    return pid === null || started === null ? [] : [{ name, pid, started }];
  });
  await writePrivateFile(join(dataDir, "pids.json"), `${JSON.stringify(entries)}\n`);
}

/**
 * Ends what an earlier start left running because it was killed hard. A process is ended only when number and start
 * both match. Returns the names of the parts that were.
 */
export async function sweepOrphans(dataDir: string): Promise<string[]> {
  const swept: string[] = [];
  const groups: number[] = [];
  for (const entry of await readPids(dataDir)) {
    const mark = startMark(entry.pid);
    // A dead leader's group may still hold its children, but not those of a boot before this one.
    const orphaned = mark === null && bootOf(entry.started) === bootId();
    if (mark !== entry.started && !orphaned) continue;
    if (mark !== null) swept.push(entry.name);
    groups.push(entry.pid);
  }
  await Promise.all(groups.map(killGroup));
  return swept;
}

/** SIGKILLs a process group and waits until nothing of it runs any more (at most 5 s). */
export async function killGroup(pid: number): Promise<void> {
  for (let waited = 0; waited < 5000; waited += 20) {
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      return;
    }
    if (!groupRuns(pid)) return;
    await sleep(20);
  }
}

/**
 * False once there are only zombies in it: they hold nothing but their numbers, and where process 1 is in no hurry to take
 * them from the list (in many a container) they stay for seconds. True where the system does not tell.
 */
function groupRuns(group: number): boolean {
  if (process.platform !== "linux") return true;
  return readdirSync("/proc").some((name) => {
    const [state, , pgrp] = /^\d+$/.test(name) ? statFields(name) : [];
    return Number(pgrp) === group && state !== "Z" && state !== "X";
  });
}

/** A list that cannot be read names nobody: nothing is ended on a guess. */
async function readPids(dataDir: string): Promise<z.infer<typeof PidFile>> {
  const text = await readIfThere(join(dataDir, "pids.json"));
  if (text === null) return [];
  try {
    return PidFile.parse(JSON.parse(text));
  } catch {
    return [];
  }
}

/** Boot and start of a living process: tells it from a later one that got its number. Null when there is none. */
function startMark(pid: number): string | null {
  try {
    if (process.platform !== "linux") {
      const printed = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8", timeout: 2000 });
      return printed.trim() === "" ? null : `${bootId()} ${printed.trim()}`;
    }
    const ticks = statFields(String(pid))[19];
    return ticks === undefined ? null : `${bootId()} ${ticks}`;
  } catch {
    return null;
  }
}

/** What /proc tells of a process behind its name, which stands in parentheses and may hold spaces; empty for none. */
function statFields(pid: string): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

/** Names the time since the machine was switched on; elsewhere than on Linux start times are dates, and name it already. */
function bootId(): string {
  return process.platform === "linux" ? readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim() : "any";
}

function bootOf(mark: string): string {
  return mark.split(" ")[0] ?? "";
}
