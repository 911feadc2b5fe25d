import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostContext } from "../../host/context.ts";
import { createBootGate } from "../../host/gateway/bootGate.ts";
import { findOpenClaw } from "../../host/gateway/command.ts";
import { createPortPool } from "../../host/gateway/ports.ts";
import { SUPERVISOR_LIMITS } from "../../host/gateway/supervisor.ts";
import { createLog } from "../../host/log.ts";
import { openStore } from "../../host/store.ts";

/** What the instances of a host share, in this process, with a folder of its own and a clock that is moved by hand. */
export interface TestContext extends HostContext {
  clock: { now: number };
  dispose: () => Promise<void>;
}

export async function testContext(): Promise<TestContext> {
  const dataDir = await mkdtemp(join(tmpdir(), "oa-context-"));
  const store = openStore(dataDir);
  const clock = { now: 1_000 };
  return {
    dataDir,
    install: findOpenClaw(),
    runtimeVersion: "0",
    instanceType: "a test",
    heap: { oldSpaceMb: 512, semiSpaceMb: 8 },
    limits: SUPERVISOR_LIMITS,
    retention: { archives: 7, kept: 2 },
    stopGraceMs: 1_000,
    urls: { internal: "http://127.0.0.1:1", public: "http://127.0.0.1:1", gatewayDomain: undefined },
    gate: createBootGate(1),
    ports: createPortPool(),
    store,
    reporter: { changed: () => undefined, forget: () => undefined, stop: () => undefined },
    log: createLog(() => undefined),
    env: { PATH: process.env["PATH"] },
    now: () => clock.now,
    elapsed: () => performance.now(),
    clock,
    async dispose() {
      store.close();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}
