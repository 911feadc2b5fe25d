import { access } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Browser, chromium } from "playwright-core";

const SYSTEM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Flags that keep the browser to this machine: no updates, no look-ups of its maker's hosts. */
const QUIET = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--force-prefers-reduced-motion",
];

/** Path of the packaged browser, once this process has asked for it. */
let unpacked: Promise<string> | null = null;

/** How long one process waits while another unpacks. */
const UNPACKING_MS = 60_000;

/**
 * The system's Chromium (or `CHROMIUM_PATH`), else the one in the npm package `@sparticuz/chromium` with the libraries
 * it carries. Throws an Error that says what was tried: a test without its browser has failed, not passed.
 */
export async function launchChromium(): Promise<Browser> {
  const tried: string[] = [];
  for (const path of [process.env.CHROMIUM_PATH, ...SYSTEM]) {
    if (path === undefined || !(await isThere(path))) continue;
    try {
      return await chromium.launch({ executablePath: path, args: QUIET });
    } catch (error) {
      tried.push(`${path}: ${firstLine(error)}`);
    }
  }
  for (const ownLibraries of [false, true]) {
    try {
      return await launchPackaged(ownLibraries);
    } catch (error) {
      tried.push(`@sparticuz/chromium${ownLibraries ? " with its own libraries" : ""}: ${firstLine(error)}`);
    }
  }
  throw new Error(`no Chromium could be started. Install one, or set CHROMIUM_PATH. Tried:\n  ${tried.join("\n  ")}`);
}

async function launchPackaged(ownLibraries: boolean): Promise<Browser> {
  // The package unpacks its libraries only where it believes to run on the system they were made for.
  if (ownLibraries) process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs22.x";
  const executablePath = await (unpacked ??= unpack());
  const env = ownLibraries ? { ...definedEnv(), LD_LIBRARY_PATH: join(tmpdir(), "al2023", "lib") } : definedEnv();
  return chromium.launch({ executablePath, args: QUIET, env });
}

/**
 * The package unpacks itself into the folder of temporary files, and takes what lies there for whole: one process does it at
 * a time. The lock is SQLite's on a file, which the kernel drops with the process.
 */
async function unpack(): Promise<string> {
  const { default: packaged } = await import("@sparticuz/chromium");
  const lock = new DatabaseSync(join(tmpdir(), "oa-chromium-unpacking.lock"), { timeout: UNPACKING_MS });
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return await packaged.executablePath();
  } finally {
    lock.close();
  }
}

function definedEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split("\n")[0] ?? "";
}
