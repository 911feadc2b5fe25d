import { readdir, readFile } from "node:fs/promises";

/** A process of this machine, as Linux shows it. */
export interface ProcessInfo {
  pid: number;
  command: string;
  /** Process group: the parts of a stack each lead one. */
  group: number;
  environment: string;
}

/** Every process whose environment names `text`; how a test finds what belongs to its own data folder. */
export async function processesNaming(text: string): Promise<ProcessInfo[]> {
  const found: ProcessInfo[] = [];
  for (const entry of await readdir("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      const [command, environment, stat] = await Promise.all([
        readFile(`/proc/${pid}/cmdline`, "utf8"),
        readFile(`/proc/${pid}/environ`, "utf8"),
        readFile(`/proc/${pid}/stat`, "utf8"),
      ]);
      if (!environment.includes(text) && !command.includes(text)) continue;
      const group = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]);
      found.push({ pid, command: command.replaceAll("\0", " ").trim(), group, environment });
    } catch {
      // It ended between the listing and the reading.
    }
  }
  return found;
}

/** Gateways running on state below `dataDir`: the leaders, not their helpers. */
export async function gatewaysOf(dataDir: string, instanceId: string): Promise<ProcessInfo[]> {
  const processes = await processesNaming(`OPENCLAW_STATE_DIR=${dataDir}`);
  return processes.filter(
    (each) =>
      each.pid === each.group &&
      each.environment.includes(instanceId) &&
      /openclaw-gateway|gateway run/.test(each.command),
  );
}
