import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { runCli } from "../backups/cli.ts";
import type { InstancePaths } from "../paths.ts";
import { JOB_MARK } from "../processes.ts";
import type { AccessRecord } from "../store.ts";
import { type Command, instanceEnv } from "./command.ts";
import type { DeviceMirror } from "./deviceMirror.ts";

/**
 * An instance that has passed into other hands: the gateway's token is another one from the moment its host hears of it, and
 * nobody is let through to the gateway until it is ready and, behind the closed door, has forgotten every device.
 */

const SETUP_CODES_SCRIPT = fileURLToPath(new URL("./clearSetupCodes.ts", import.meta.url));
const SETUP_CODES_DEADLINE_MS = 60_000;

export function newGatewayToken(): string {
  return randomBytes(32).toString("base64url");
}

/** The record under a wish of this version; itself where the wish tells nothing new. */
export function accessUnder(before: AccessRecord, version = 0): AccessRecord {
  return version > before.version ? { ...before, version, due: true } : before;
}

/** The record when a state made at `madeAt` is put in place. */
export function accessWithStateOf(before: AccessRecord, madeAt: number): AccessRecord {
  return before.clearedAt !== null && madeAt <= before.clearedAt ? { ...before, due: true } : before;
}

/** Ends the codes that pair a device without its owner being asked; they outlive a restart, and no call of the gateway's ends them. */
export function setupCodesCommand(paths: InstancePaths, host: NodeJS.ProcessEnv): Command {
  const env = { ...instanceEnv(paths, host), [JOB_MARK.name]: JOB_MARK.value };
  return { file: process.execPath, args: [SETUP_CODES_SCRIPT], env, cwd: paths.home };
}

/** Has a ready gateway forget every device, every request and every setup code. Rejects where one is left; may be repeated. */
export async function shutOut(mirror: DeviceMirror, setupCodes: Command): Promise<void> {
  // Before the devices: a code that is used meanwhile makes one.
  const { code, stderr } = await runCli(setupCodes, SETUP_CODES_DEADLINE_MS, new AbortController().signal);
  if (code !== 0) throw new Error(`setup codes could not be ended: ${stderr.slice(0, 200)}`);
  await mirror.removeAll();
}
