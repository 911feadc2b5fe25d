import { randomUUID } from "node:crypto";
import { cp, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fingerprint } from "./fingerprint.ts";
import { baseEnvironment, commandOf, runToEnd } from "./run.ts";

const BUILD_INPUTS = ["website", "contract/src", "convex/_generated", "package-lock.json"];
/** Builds that are kept: a branch or two back is not built again. */
const BUILDS_KEPT = 3;

/**
 * Builds the website from these sources, unless that has been done, and gives this stack a copy of its own to serve: workerd
 * ends when the folder it serves goes away, as it does for a moment whenever somebody builds the website. Returns whether it
 * built.
 *
 * A build is named by its sources and is there whole or not at all, so that two stacks may start at once.
 */
export async function prepareWebsite(root: string, dataDir: string, signal: AbortSignal): Promise<boolean> {
  const builds = join(root, ".cache", "website");
  const build = join(builds, await fingerprint(root, BUILD_INPUTS));
  const built = !(await isThere(build));
  if (built) await buildInto(root, build, signal);
  const served = servedWebsite(dataDir);
  await rm(served, { recursive: true, force: true });
  await cp(build, served, { recursive: true });
  await prune(builds, build);
  return built;
}

/** The folder of this stack's page. */
export function servedWebsite(dataDir: string): string {
  return join(dataDir, "website");
}

async function buildInto(root: string, build: string, signal: AbortSignal): Promise<void> {
  const unfinished = `${build}.${randomUUID()}.tmp`;
  await mkdir(unfinished, { recursive: true });
  try {
    await runToEnd("vite build", [commandOf("vite"), "build", "--outDir", unfinished, "--logLevel", "warn"], {
      cwd: join(root, "website"),
      env: { ...baseEnvironment(), NODE_ENV: "production" },
      deadlineMs: 180_000,
      signal,
    });
    await rename(unfinished, build).catch(async (error: unknown) => {
      // Another start has built the same meanwhile.
      if (!(await isThere(build))) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** Removes old builds. One that is not finished may be somebody's who is at it. */
async function prune(builds: string, current: string): Promise<void> {
  const found = await Promise.all(
    (await readdir(builds)).map(async (name) => {
      const path = join(builds, name);
      return {
        path,
        at: await stat(path).then(
          (info) => info.mtimeMs,
          () => 0,
        ),
      };
    }),
  );
  const old = found.filter(({ path }) => path !== current && !path.endsWith(".tmp")).toSorted((a, b) => b.at - a.at);
  for (const { path } of old.slice(BUILDS_KEPT - 1)) await rm(path, { recursive: true, force: true });
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
