import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Console } from "./console.ts";
import { deployFunctions, type Deployment } from "./convexPart.ts";
import { doubleAddresses, type DoubleName, doublePart, doublesFor } from "./doubles.ts";
import { readIfThere } from "./files.ts";
import {
  addresses,
  apiPart,
  convexPart,
  functionsEnvironment,
  runtimeHostPart,
  siteOf,
  type StackPlan,
} from "./parts.ts";
import { rememberPids } from "./orphans.ts";
import { Part } from "./processes.ts";
import { removeStackFile, writeStackFile } from "./stackFile.ts";
import { troubleOf } from "./trouble.ts";
import { prepareWebsite } from "./websitePart.ts";

/** A running stack. */
export interface Stack {
  /** Where the page is. */
  url: string;
  /** Addresses of the doubles that run, by what they stand for. */
  doubles: { [Name in DoubleName]?: string };
  /** Rejects when a part is lost for good. */
  lost: Promise<never>;
  /** Ends every part, whatever happens to one of them. The same stop however often it is called. */
  stop(): Promise<void>;
}

/**
 * Starts every part, healthy before the next needs it: database and website build beside each other, then the functions,
 * the runtime host and the API. A failed start, and one whose signal is aborted, stops what it had started and rejects.
 */
export async function startStack(plan: StackPlan, console: Console, signal: AbortSignal): Promise<Stack> {
  const { dataDir, root } = plan;
  const at = addresses(plan.ports);
  const logs = join(dataDir, "logs");
  await mkdir(logs, { recursive: true, mode: 0o700 });
  await removeStackFile(dataDir);

  const parts: Part[] = [];
  let complete: (() => Promise<void>) | null = null;
  const { promise: lost, reject: reportLost } = Promise.withResolvers<never>();
  lost.catch(() => undefined);
  let writing = Promise.resolve();
  let unwritten: string | null = null;
  const writeDown = async (earlier: Promise<void>): Promise<void> => {
    await earlier;
    try {
      await rememberPids(dataDir, parts);
      if (complete !== null) await complete();
      unwritten = null;
    } catch (error) {
      // What runs goes on, and can still be stopped.
      const why = troubleOf(error, dataDir);
      if (why !== unwritten) console.line(`  which processes run could not be written down: ${why}`);
      unwritten = why;
    }
  };
  const events = {
    // One after the other: parts start beside each other, and the newest list must be the one that stays.
    change: () => {
      writing = writeDown(writing);
      return writing;
    },
    lost: (_part: Part, why: string) => reportLost(new Error(why)),
    restarted: (part: Part) =>
      console.line(`  ${part.spec.name} had ended and was started again; log: ${part.logFile}`),
  };
  const convex = new Part(convexPart(plan), logs, events);
  const host = new Part(runtimeHostPart(plan), logs, events);
  const api = new Part(apiPart(plan), logs, events);
  const doubleNames = doublesFor(plan.settings);
  const doubles = doubleNames.map(
    (name) => new Part(doublePart(name, { root, ports: plan.ports, site: siteOf(plan) }), logs, events),
  );
  parts.push(convex, host, api, ...doubles);

  const stopAll = async (): Promise<void> => {
    complete = null;
    await removeStackFile(dataDir);
    // The API first, so that nothing new arrives; the database last, so that what was under way is written down.
    await api.stop();
    await host.stop();
    await convex.stop();
    await Promise.all(doubles.map((double) => double.stop()));
  };
  let stopped: Promise<void> | null = null;
  const stop = (): Promise<void> => (stopped ??= stopAll());
  const step = (name: string, work: () => Promise<string>): Promise<void> => {
    signal.throwIfAborted();
    return console.step(name, work);
  };

  signal.addEventListener("abort", () => void stop(), { once: true });
  try {
    signal.throwIfAborted();
    const website = step("website", async () =>
      (await prepareWebsite(root, dataDir, signal)) ? "built" : "unchanged since the last build",
    );
    const backend = (async () => {
      await step("convex", async () => {
        await convex.start();
        return at.convex;
      });
      const deployment = await readDeployment(plan);
      await step("functions", async () => {
        const environment = functionsEnvironment(plan);
        const pushed = await deployFunctions({ root, dataDir, deployment, environment, signal });
        return pushed ? "pushed" : "unchanged since the last push";
      });
      return deployment;
    })();
    const hosting = step("runtime host", async () => {
      await host.start();
      return at.runtimeHost;
    });
    const standIns = step("doubles", async () => {
      await Promise.all(doubles.map((double) => double.start()));
      return doubleNames.length === 0 ? "none: all are configured" : doubleNames.join(", ");
    });
    const [deployment] = await allOrFirstError([backend, website, hosting, standIns]);
    await step("api", async () => {
      await api.start();
      return at.api;
    });
    complete = () =>
      writeStackFile(dataDir, {
        api: at.api,
        convex: deployment,
        runtimeHost: at.runtimeHost,
        doubles: doubleAddresses(doubleNames, plan.ports),
        secrets: plan.secrets,
        pids: {
          start: process.pid,
          ...Object.fromEntries(parts.flatMap((part) => (part.pid === null ? [] : [[part.spec.name, part.pid]]))),
        },
      });
    await complete();
    return { url: at.api, doubles: doubleAddresses(doubleNames, plan.ports), lost, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits for all to end either way before throwing the first error: nothing may still be starting while we stop. */
async function allOrFirstError<T extends readonly Promise<unknown>[]>(work: readonly [...T]) {
  await Promise.allSettled(work);
  return Promise.all(work);
}

async function readDeployment(plan: StackPlan): Promise<Deployment> {
  const at = addresses(plan.ports);
  const file = join(plan.dataDir, "convex", "admin-key");
  const adminKey = (await readIfThere(file))?.trim();
  if (adminKey === undefined || adminKey === "") throw new Error(`embedded-convex left no admin key in ${file}`);
  return { url: at.convex, siteUrl: at.convexSite, adminKey };
}
