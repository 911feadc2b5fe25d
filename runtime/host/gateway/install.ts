import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "../log.ts";
import type { OpenClawInstall } from "./command.ts";

const run = promisify(execFile);

/** What npm would run, in this order; the last one removes the mark. Each takes a tenth of a second. */
const SCRIPTS = ["preinstall-package-manager-warning.mjs", "postinstall-bundled-plugins.mjs"];
const PENDING_MARK = ".openclaw-lifecycle-pending";
const SCRIPT_TIMEOUT_MS = 60_000;

/**
 * Runs the package's own install scripts where npm did not (`allowScripts` of the root's package.json): they download
 * nothing. Left to the first gateway, they run under a lock that is never taken from the dead, so that one killed in that
 * moment would leave a package with which no gateway ever starts again. Here they need no lock: run twice, or killed and
 * run again by the next host, they come to the same.
 * @throws Error with a sentence for the operator when the package stays unfinished.
 */
export async function finishInstall({ entry }: Pick<OpenClawInstall, "entry">): Promise<void> {
  const root = dirname(entry);
  const isPending = () => existsSync(join(root, PENDING_MARK));
  if (!isPending()) return;
  let why = "its mark stayed";
  try {
    for (const script of SCRIPTS) {
      await run(process.execPath, [join(root, "scripts", script)], { cwd: root, timeout: SCRIPT_TIMEOUT_MS });
    }
  } catch (error) {
    why = messageOf(error);
  }
  // Another host may have been quicker: what counts is that it is done.
  if (isPending()) throw new Error(`The package openclaw in ${root} is half installed (${why}). Run npm ci again.`);
}
