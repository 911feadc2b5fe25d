import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { readIfThere, writePrivateFile } from "./files.ts";
import { Secrets } from "./secrets.ts";

/** `stack.json` (0600): complete when every part is healthy, removed at a clean stop. Scripts and tests find the stack by it. */
export const StackFile = z.object({
  /** Origin of the page and the API. */
  api: z.url(),
  convex: z.object({ url: z.url(), siteUrl: z.url(), adminKey: z.string() }),
  runtimeHost: z.url(),
  /** Stand-ins for outside services that are not configured. */
  doubles: z.object({
    stripe: z.url().optional(),
    github: z.url().optional(),
    google: z.url().optional(),
    mail: z.url().optional(),
    upstream: z.url().optional(),
  }),
  secrets: Secrets,
  /** Process ids by part; `start` is npm start's own. */
  pids: z.record(z.string(), z.int().positive()),
});
export type StackFile = z.infer<typeof StackFile>;

const fileOf = (dataDir: string): string => join(dataDir, "stack.json");

/** The running stack's file, or null where none is complete. */
export async function readStackFile(dataDir: string): Promise<StackFile | null> {
  const text = await readIfThere(fileOf(dataDir));
  return text === null ? null : StackFile.parse(JSON.parse(text));
}

export async function writeStackFile(dataDir: string, stack: StackFile): Promise<void> {
  await writePrivateFile(fileOf(dataDir), `${JSON.stringify(stack, null, 2)}\n`);
}

export async function removeStackFile(dataDir: string): Promise<void> {
  await rm(fileOf(dataDir), { force: true });
}
