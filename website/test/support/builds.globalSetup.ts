import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";

const root = fileURLToPath(new URL("../..", import.meta.url));
const vite = join(dirname(createRequire(import.meta.url).resolve("vite/package.json")), "bin/vite.js");
const BUILD_DEADLINE_MS = 150_000;

declare module "vitest" {
  interface ProvidedContext {
    /** Address of the server below. */
    websiteBuilds: string;
  }
}

/**
 * Builds the website and its fixtures once a run, each when a test file first asks for it: `GET /<mode>` answers the
 * folder. A run of the unit tests alone builds nothing.
 */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const parent = await mkdtemp(join(tmpdir(), "website-"));
  const builds = new Map<string, Promise<string>>();
  const server = createServer((request, response) => {
    const mode = request.url?.slice(1) ?? "";
    const build = builds.get(mode) ?? buildSite(mode, join(parent, mode));
    builds.set(mode, build);
    build.then(
      (folder) => response.end(folder),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server of builds has no port");
  provide("websiteBuilds", `http://127.0.0.1:${String(address.port)}`);
  return async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
    await Promise.allSettled(builds.values());
    await rm(parent, { recursive: true, force: true });
  };
}

/** In a process of its own: React is bundled for what `NODE_ENV` says, and the test runner says "test". */
async function buildSite(mode: string, folder: string): Promise<string> {
  const args = [vite, "build", root, "--mode", mode, "--outDir", folder, "--logLevel", "warn"];
  await promisify(execFile)(process.execPath, args, {
    cwd: root,
    env: { ...process.env, NODE_ENV: "production" },
    timeout: BUILD_DEADLINE_MS,
  });
  return folder;
}
