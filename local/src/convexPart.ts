import { join } from "node:path";
import { readIfThere, writePrivateFile } from "./files.ts";
import { fingerprint } from "./fingerprint.ts";
import { baseEnvironment, commandOf, runToEnd } from "./run.ts";

/** What decides the pushed functions: their sources, the contract they import, and the tool that bundles them. */
const PUSH_INPUTS = ["convex", "contract/src", "package-lock.json"];

/** Where a Convex deployment is and who may administer it. */
export interface Deployment {
  url: string;
  siteUrl: string;
  adminKey: string;
}

/**
 * Brings the deployment to this checkout's functions: environment first (`auth.config.ts` reads it), then the official
 * CLI's own push. Skipped when neither has changed since the last push to the same data. Returns whether it pushed.
 */
export async function deployFunctions(options: {
  root: string;
  dataDir: string;
  deployment: Deployment;
  environment: Readonly<Record<string, string>>;
  signal: AbortSignal;
}): Promise<boolean> {
  const { root, deployment, environment } = options;
  const marker = join(options.dataDir, "convex", "pushed");
  const names = Object.keys(environment).toSorted();
  const state = await fingerprint(root, PUSH_INPUTS);
  const wanted = `${state} ${JSON.stringify(names.map((name) => [name, environment[name]]))}`;
  const digest = await sha256(wanted);
  if ((await readIfThere(marker)) === digest) return false;
  await setEnvironment(deployment, environment);
  await runToEnd(
    "convex deploy",
    [commandOf("convex"), "deploy", "--yes", "--typecheck", "disable", "--codegen", "disable"],
    {
      cwd: root,
      env: {
        ...baseEnvironment(),
        CONVEX_SELF_HOSTED_URL: deployment.url,
        CONVEX_SELF_HOSTED_ADMIN_KEY: deployment.adminKey,
        CI: "1",
      },
      deadlineMs: 120_000,
      signal: options.signal,
    },
  );
  await writePrivateFile(marker, digest);
  return true;
}

/** The admin API behind `convex env set`, for all variables in one request. */
async function setEnvironment(deployment: Deployment, environment: Readonly<Record<string, string>>): Promise<void> {
  const response = await fetch(`${deployment.url}/api/update_environment_variables`, {
    method: "POST",
    headers: { authorization: `Convex ${deployment.adminKey}`, "content-type": "application/json" },
    body: JSON.stringify({ changes: Object.entries(environment).map(([name, value]) => ({ name, value })) }),
    signal: AbortSignal.timeout(15_000),
  });
  if (!response.ok)
    throw new Error(`setting the functions' environment failed: ${response.status} ${await response.text()}`);
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Buffer.from(digest).toString("hex");
}
