import { access } from "node:fs/promises";
import { join } from "node:path";
import { readIfThere, writePrivateFile } from "./files.ts";
import { fingerprint } from "./fingerprint.ts";
import { baseEnvironment, commandOf, runToEnd } from "./run.ts";

const BUILD_INPUTS = ["website", "contract/src", "convex/_generated", "package-lock.json"];

/** Builds the website into `website/dist` unless what is there came from the same sources. Returns whether it built. */
export async function buildWebsite(root: string): Promise<boolean> {
  const marker = join(root, ".cache", "website-build");
  const digest = await fingerprint(root, BUILD_INPUTS);
  const built = await access(join(root, "website", "dist", "index.html")).then(
    () => true,
    () => false,
  );
  if (built && (await readIfThere(marker)) === digest) return false;
  await runToEnd("vite build", [commandOf("vite"), "build", "--logLevel", "warn"], {
    cwd: join(root, "website"),
    env: { ...baseEnvironment(), NODE_ENV: "production" },
    deadlineMs: 180_000,
  });
  await writePrivateFile(marker, digest);
  return true;
}
