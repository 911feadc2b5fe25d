import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import type { HostContext, HostUrls } from "./context.ts";
import { createReporter } from "./events.ts";
import { Fleet } from "./fleet.ts";
import { trustedProxies } from "./forward/clientAddress.ts";
import { createBootGate } from "./gateway/bootGate.ts";
import { findOpenClaw } from "./gateway/command.ts";
import { finishInstall } from "./gateway/install.ts";
import { createPortPool } from "./gateway/ports.ts";
import { SUPERVISOR_LIMITS } from "./gateway/supervisor.ts";
import { type Log, messageOf } from "./log.ts";
import type { HostOptions } from "./options.ts";
import { createHostServer } from "./server.ts";
import { openStore } from "./store.ts";

export interface RunningHost {
  urls: HostUrls;
  /** Ends every gateway and the listener; what is wanted stays for the next start. */
  stop(): Promise<void>;
}

/** States a restore replaced that are kept. Two: the last one, and the one before a second thought. */
const KEPT_STATES = 2;
const SEMI_SPACE_MB = 8;

/** Starts a host. Resolves when it listens; the gateways that are wanted come up behind it. */
export async function startHost(options: HostOptions, env: NodeJS.ProcessEnv, log: Log): Promise<RunningHost> {
  // Everything the host and its gateways write is for this user alone.
  process.umask(0o077);
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const store = openStore(options.dataDir);
  try {
    const urls: HostUrls = {
      internal: options.url ?? "",
      public: options.publicUrl ?? "",
      gatewayDomain: options.gatewayDomain,
    };
    const install = findOpenClaw();
    await finishInstall(install);
    const reporter = createReporter(options.eventsUrl, options.fleetKey, log);
    const context: HostContext = {
      dataDir: options.dataDir,
      install,
      runtimeVersion: ownVersion(),
      instanceType: options.instanceType,
      heap: { oldSpaceMb: options.heapMb, semiSpaceMb: SEMI_SPACE_MB },
      limits: SUPERVISOR_LIMITS,
      retention: { archives: options.keepBackups, kept: KEPT_STATES },
      stopGraceMs: options.stopGraceMs,
      urls,
      gate: createBootGate(options.maxBoots),
      ports: createPortPool(),
      store,
      reporter,
      log,
      env,
      now: Date.now,
      elapsed: () => performance.now(),
    };
    const fleet = new Fleet(context);
    const report = (error: unknown) => log.error("a request failed", { why: messageOf(error) });
    const { server, closeForwarded } = createHostServer({
      fleet,
      fleetKey: options.fleetKey,
      urls,
      trusted: trustedProxies(options.trustedProxies),
      version: context.runtimeVersion,
      report,
    });
    await fleet.recover();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(options.port, options.host, () => resolve());
    });
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : options.port;
    urls.internal = options.url ?? `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`;
    urls.public = options.publicUrl ?? urls.internal;
    fleet.resume();

    return {
      urls,
      async stop() {
        reporter.stop();
        closeForwarded();
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        await fleet.shutdown(options.stopGraceMs);
        server.closeAllConnections();
        await closed;
        store.close();
      },
    };
  } catch (error) {
    store.close();
    throw error;
  }
}

function ownVersion(): string {
  const manifest = readFileSync(fileURLToPath(new URL("../package.json", import.meta.url)), "utf8");
  return z.object({ version: z.string() }).parse(JSON.parse(manifest)).version;
}
