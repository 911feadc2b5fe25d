import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { findPackageJSON } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Boots OpenClaw's gateway by itself, with the plugins and heap limits of a hosted one and nothing else, and returns the
 * milliseconds until its own readiness probe says yes. What provisioning is measured against, in the same run.
 */
export async function bootBareGateway(): Promise<number> {
  const home = await mkdtemp(join(tmpdir(), "oa-bare-"));
  const port = await freePort();
  const config = join(home, "openclaw.json");
  await writeFile(
    config,
    JSON.stringify({
      gateway: { mode: "local", port, bind: "loopback", auth: { mode: "token", token: "x".repeat(48) } },
      plugins: { allow: ["memory-core", "device-pair"] },
      discovery: { mdns: { mode: "off" } },
      update: { checkOnStart: false },
      models: { mode: "replace", catalogRefresh: { enabled: false }, providers: {} },
    }),
  );
  await mkdir(join(home, "tmp"));
  const from = performance.now();
  const child = spawn(
    process.execPath,
    ["--max-old-space-size=512", "--max-semi-space-size=8", openclawEntry(), "gateway", "run", "--port", String(port)],
    {
      cwd: home,
      detached: true,
      stdio: "ignore",
      env: {
        PATH: process.env.PATH,
        HOME: home,
        TMPDIR: join(home, "tmp"),
        OPENCLAW_STATE_DIR: join(home, "state"),
        OPENCLAW_CONFIG_PATH: config,
        OPENCLAW_DISABLE_BONJOUR: "1",
        OPENCLAW_NO_AUTO_UPDATE: "1",
        OPENCLAW_NO_RESPAWN: "1",
        OPENCLAW_SKIP_CHANNELS: "1",
      },
    },
  );
  try {
    for (;;) {
      if (child.exitCode !== null) throw new Error(`the bare gateway ended with ${child.exitCode}`);
      if (performance.now() - from > 120_000) throw new Error("the bare gateway was not ready within 120 s");
      if (await isReady(port)) return performance.now() - from;
      await sleep(50);
    }
  } finally {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    await sleep(200);
    await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

function openclawEntry(): string {
  const manifest = findPackageJSON("openclaw", import.meta.url);
  if (manifest === undefined) throw new Error("the package openclaw is not installed");
  return join(dirname(manifest), "openclaw.mjs");
}

async function isReady(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(1000) });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === "object" && address !== null) resolve(address.port);
        else reject(new Error("no free port"));
      });
    });
  });
}
