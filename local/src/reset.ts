import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Everything a stack keeps and a new beginning is without. Ports stay, so that addresses people kept stay true. */
const DELETED = ["convex", "wrangler", "website", "logs", "secrets.json", "stack.json", "pids.json"] as const;

export interface ResetOptions {
  /** Held by the caller: no stack runs on it. */
  dataDir: string;
  /** The question was answered beforehand. */
  yes: boolean;
  confirm: (question: string) => Promise<boolean>;
  /** Ends the gateways that a killed runtime host left running; called only where there are data of one. */
  endGateways: () => Promise<void>;
}

/**
 * Deletes what a stack keeps in a folder, after a question, and nothing else that lies there. Answers whether it did.
 */
export async function resetData({ dataDir, yes, confirm, endGateways }: ResetOptions): Promise<boolean> {
  if (!yes && !(await confirm(`Delete every account, instance, backup and key in ${dataDir}?`))) return false;
  const remove = (name: string) =>
    rm(join(dataDir, name), { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  if (existsSync(join(dataDir, "runtime"))) {
    await endGateways();
    await remove("runtime");
    // A gateway that was ended while it booted may leave a helper that makes its folder again before it notices.
    await sleep(1000);
    await remove("runtime");
  }
  for (const name of DELETED) await remove(name);
  return true;
}
