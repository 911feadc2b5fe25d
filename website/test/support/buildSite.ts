import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { vi } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Builds the website (mode `production`) or its fixtures into a folder of its own. Dispose it to remove the folder. */
export async function buildSite(mode: "production" | "fixtures") {
  const folder = await mkdtemp(join(tmpdir(), "website-"));
  // React is bundled for what this says, and the test runner says "test".
  vi.stubEnv("NODE_ENV", "production");
  await build({ root, mode, logLevel: "warn", build: { outDir: folder } });
  vi.unstubAllEnvs();
  return {
    folder,
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true, force: true });
    },
  };
}
