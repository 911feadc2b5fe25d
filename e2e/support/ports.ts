import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Ports } from "@oa/local";

/** Below the ports of gateways, and below those the kernel hands out for outgoing connections. */
const FIRST_PORT = 10_000;
const BLOCK = 20;
const BLOCKS = 500;

/**
 * Gives a stack that is yet to start ports of its own, as if it had chosen them last time. Stacks of several test files
 * start beside each other, and a port that is merely free when one of them looks may be another's a moment later: each
 * worker of a test run has a block, also while its stack is down to be started again.
 */
export async function givePorts(dataDir: string): Promise<void> {
  // The run is the worker's parent: another run on this machine most likely has other blocks, else free ports are found.
  const block = (process.ppid * 8 + Number(process.env.VITEST_POOL_ID ?? 0)) % BLOCKS;
  const first = FIRST_PORT + block * BLOCK;
  const ports: Ports = {
    api: first,
    convex: first + 1,
    convexSite: first + 2,
    runtimeHost: first + 3,
    github: first + 4,
    google: first + 5,
    mail: first + 6,
    upstream: first + 7,
  };
  await writeFile(join(dataDir, "ports.json"), JSON.stringify(ports));
}
