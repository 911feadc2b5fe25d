import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import * as z from "zod";

const Manifest = z.object({ bin: z.union([z.string(), z.record(z.string(), z.string())]) });

/** Path of a package's command, to be run with this very Node: `npx` would leave children behind when killed. */
export function commandOf(packageName: string, command = packageName): string {
  const manifestPath = findPackageJSON(packageName, import.meta.url);
  if (manifestPath === undefined) throw new Error(`the package ${packageName} is not installed: run npm ci`);
  const { bin } = Manifest.parse(JSON.parse(readFileSync(manifestPath, "utf8")));
  const relative = typeof bin === "string" ? bin : bin[command];
  if (relative === undefined) throw new Error(`${packageName} has no command ${command}`);
  return join(dirname(manifestPath), relative);
}

/**
 * Runs a command to its end. Throws an Error with its last output when it fails or takes longer than `deadlineMs`, and ends
 * it when the signal is aborted.
 */
export async function runToEnd(
  what: string,
  args: readonly string[],
  options: { cwd: string; env: Readonly<Record<string, string>>; deadlineMs: number; signal: AbortSignal },
): Promise<void> {
  const child = spawn(process.execPath, [...args], {
    cwd: options.cwd,
    env: { ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: options.deadlineMs,
    killSignal: "SIGKILL",
    signal: options.signal,
  });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString("utf8")).slice(-8000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) {
    const how = code === null ? `did not end within ${Math.round(options.deadlineMs / 1000)} s` : `failed (${code})`;
    throw new Error(`${what} ${how}:\n${output.trimEnd()}`);
  }
}

/** The environment every part gets: what programs need to run at all, nothing of the caller's secrets. */
export function baseEnvironment(): Record<string, string> {
  const names = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "TERM", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
