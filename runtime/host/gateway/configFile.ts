import { copyFile, readFile, rename } from "node:fs/promises";
import JSON5 from "json5";
import { isMissing, writeFileDurably } from "../files.ts";
import type { InstancePaths } from "../paths.ts";
import { type ConfigInput, nextConfig } from "./config.ts";
import { type JsonObject, isObject } from "./json.ts";
import type { GatewaySecrets } from "./secrets.ts";

/**
 * The configuration file on disk. Only this module writes it, never the whole of it: a file that cannot be read is set
 * aside, not overwritten, and the configuration of the last good start takes its place.
 */

export type ConfigWrite =
  | { kind: "unchanged" | "written" }
  /** The owner's file could not be read and was set aside; the last good one took its place. */
  | { kind: "replaced"; why: string };

/** Puts the owned keys into the configuration file. */
export async function writeConfig(paths: InstancePaths, input: ConfigInput): Promise<ConfigWrite> {
  const text = await readOrNull(paths.config);
  const current = text === null ? null : parseConfig(text);
  if (current instanceof Error) {
    await setAside(paths);
    const lastGood = await readOrNull(paths.lastGoodConfig);
    const fallback = lastGood === null ? null : parseConfig(lastGood);
    await write(paths.config, nextConfig(fallback instanceof Error ? null : fallback, input));
    return { kind: "replaced", why: current.message };
  }
  const next = nextConfig(current, input);
  // An unchanged file is not rewritten: it keeps its comments, and a running gateway has nothing to reload.
  if (current !== null && JSON.stringify(current) === JSON.stringify(next)) return { kind: "unchanged" };
  await write(paths.config, next);
  return { kind: "written" };
}

/** Remembers the configuration a gateway has just become ready with. */
export async function keepGoodConfig(paths: InstancePaths): Promise<void> {
  await copyFile(paths.config, paths.lastGoodConfig);
}

/**
 * After a gateway refused its configuration: goes back to the last good one and sets the refused one aside. False where
 * there is none, or where the refused one is the last good one.
 */
export async function rollBackConfig(paths: InstancePaths): Promise<boolean> {
  const [refused, lastGood] = await Promise.all([readOrNull(paths.config), readOrNull(paths.lastGoodConfig)]);
  if (lastGood === null || refused === lastGood) return false;
  if (refused !== null) await setAside(paths);
  await writeFileDurably(paths.config, lastGood);
  return true;
}

/** Writes the secrets file the configuration refers to. */
export async function writeSecrets(paths: InstancePaths, secrets: GatewaySecrets): Promise<"unchanged" | "written"> {
  const text = `${JSON.stringify(secrets)}\n`;
  if ((await readOrNull(paths.secrets)) === text) return "unchanged";
  await writeFileDurably(paths.secrets, text);
  return "written";
}

async function write(path: string, config: JsonObject): Promise<void> {
  await writeFileDurably(path, `${JSON.stringify(config, null, 2)}\n`);
}

/** One refused file is kept; the next one replaces it. */
async function setAside(paths: InstancePaths): Promise<void> {
  await rename(paths.config, `${paths.config}.refused`);
}

function parseConfig(text: string): JsonObject | Error {
  try {
    const value: unknown = JSON5.parse(text);
    return isObject(value) ? value : new Error("it is not a JSON object");
  } catch (error) {
    return error instanceof Error ? error : new Error("it is not JSON5");
  }
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
