/// <reference types="vite/client" />
/** Scheduled functions and crons: exactly once for mutations, at most once for actions, over restarts. */
import { AsyncLocalStorage } from "node:async_hooks";
import { makeFunctionReference } from "convex/server";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Engine } from "../../src/engine/engine.ts";
import type { PushedDefinition } from "../../src/engine/push/analysis.ts";
import { commitPush, preparePush } from "../../src/engine/push/push.ts";
import { cronSpec, nextRun } from "../../src/engine/schedule/cron-spec.ts";
import { convexTest } from "../../src/test/index.ts";
import schema from "./fixture/schema.ts";
import { afterTest, bundle, eventually, mutate, openIn, push, query, tempFolder } from "./support.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

const jobShape = z.object({
  _id: z.string(),
  name: z.string(),
  args: z.array(z.unknown()),
  scheduledTime: z.number(),
  completedTime: z.number().optional(),
  state: z.object({ kind: z.string(), error: z.string().optional() }),
});

let fixture: PushedDefinition[];
beforeAll(async () => {
  fixture = await bundle();
});

async function engineIn(folder: string, now?: () => number): Promise<Engine> {
  const engine = await openIn(folder, now === undefined ? {} : { now });
  if (engine.listFunctions().length === 0) await push(engine, fixture);
  return engine;
}

async function jobs(engine: Engine): Promise<z.infer<typeof jobShape>[]> {
  return z.array(jobShape).parse(await query(engine, "jobs:all"));
}

async function counts(engine: Engine): Promise<Record<string, number>> {
  return z.record(z.string(), z.number()).parse(await query(engine, "jobs:counts"));
}

/** Waits until every job is in one of the states. */
function settled(engine: Engine, ...kinds: string[]): Promise<z.infer<typeof jobShape>[]> {
  return eventually(
    async () => {
      const found = await jobs(engine);
      return found.every(({ state }) => kinds.includes(state.kind)) ? found : null;
    },
    `all jobs ${kinds.join(" or ")}`,
  );
}

const args = { name: "x", delayMs: 0, times: 1, fails: false, throws: false };

describe("a scheduled mutation", () => {
  test("runs once, and its document tells pending, then success", async () => {
    const engine = await engineIn(tempFolder());
    const [id] = z.array(z.string()).parse(await mutate(engine, "jobs:schedule", { ...args, delayMs: 50 }));
    expect(await jobs(engine)).toMatchObject([
      { _id: id, name: "jobs.js:count", args: [{ name: "x", fails: false }], state: { kind: "pending" } },
    ]);
    const [done] = await settled(engine, "success");
    expect(done?.completedTime).toBeGreaterThanOrEqual(done?.scheduledTime ?? Infinity);
    expect(await counts(engine)).toEqual({ "x/a": 1, "x/b": 1 });
  });

  test("of a mutation that throws never comes to be", async () => {
    const engine = await engineIn(tempFolder());
    await expect(mutate(engine, "jobs:schedule", { ...args, throws: true })).rejects.toThrow("nothing is scheduled");
    expect(await jobs(engine)).toEqual([]);
  });

  test("that throws has failed, wrote nothing and is not tried again", async () => {
    const engine = await engineIn(tempFolder());
    await mutate(engine, "jobs:schedule", { ...args, fails: true });
    const [job] = await settled(engine, "failed");
    expect(job?.state.error).toContain("counted in vain");
    expect(await counts(engine)).toEqual({});
  });

  test("that writes all that one transaction may has succeeded, and is not run again and again", async () => {
    const limits = { documentsWritten: 2 };
    const t = convexTest({ schema, modules: import.meta.glob("./fixture/**/*.ts"), transactionLimits: limits });
    await t.mutation(makeFunctionReference<"mutation", typeof args>("jobs:schedule"), args);
    const all = makeFunctionReference<"query", Record<string, never>, z.infer<typeof jobShape>[]>("jobs:all");
    const done = await eventually(async () => {
      const [job] = await t.query(all, {});
      return job?.state.kind === "pending" ? null : job;
    }, "the job's two documents are written");
    expect(done?.state).toEqual({ kind: "success" });
  });

  test("that its mutation did not wait for is scheduled all the same", async () => {
    const engine = await engineIn(tempFolder());
    await mutate(engine, "jobs:scheduleCarelessly", { name: "x" });
    await settled(engine, "success");
    expect(await counts(engine)).toEqual({ "x/a": 1, "x/b": 1 });
  });

  test("cancelled in time does not run", async () => {
    const engine = await engineIn(tempFolder());
    const [id] = z.array(z.string()).parse(await mutate(engine, "jobs:schedule", { ...args, delayMs: 100 }));
    await mutate(engine, "jobs:cancel", { id: id ?? "" });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await jobs(engine)).toMatchObject([{ state: { kind: "canceled" } }]);
    expect(await counts(engine)).toEqual({});
  });

  test("among five hundred due at once runs exactly once", async () => {
    const engine = await engineIn(tempFolder());
    for (let i = 0; i < 5; i++) await mutate(engine, "jobs:schedule", { ...args, times: 100 });
    await settled(engine, "success");
    expect(await counts(engine)).toEqual({ "x/a": 500, "x/b": 500 });
  });

  test("that was due while nothing ran is run at the next start, later ones at their time", async () => {
    const folder = tempFolder();
    const engine = await engineIn(folder);
    await mutate(engine, "jobs:schedule", { ...args, delayMs: DAY_MS });
    await mutate(engine, "jobs:schedule", { ...args, name: "much later", delayMs: 10 * DAY_MS });
    await engine.close();
    const later = await engineIn(folder, () => Date.now() + 2 * DAY_MS);
    await eventually(async () => ((await counts(later))["x/a"] === 1 ? true : null), "the overdue job ran");
    expect((await jobs(later)).map(({ state }) => state.kind)).toEqual(["success", "pending"]);
  });

  test("is forgotten a week after it finished", async () => {
    const folder = tempFolder();
    const engine = await engineIn(folder);
    await mutate(engine, "jobs:schedule", args);
    await settled(engine, "success");
    await engine.close();
    const soon = await engineIn(folder, () => Date.now() + 6 * DAY_MS);
    expect(await jobs(soon)).toHaveLength(1);
    await soon.close();
    const later = await engineIn(folder, () => Date.now() + 8 * DAY_MS);
    await eventually(async () => ((await jobs(later)).length === 0 ? true : null), "the finished job is gone");
  });
});

describe("a scheduled action", () => {
  test("is in progress on disk while it runs, then a success", async () => {
    const engine = await engineIn(tempFolder());
    await mutate(engine, "jobs:scheduleAction", { name: "a", delayMs: 0, waitMs: 100, fails: false });
    await eventually(async () => ((await jobs(engine))[0]?.state.kind === "inProgress" ? true : null), "in progress");
    await settled(engine, "success");
    expect(await counts(engine)).toMatchObject({ "a begun/a": 1, "a ended/a": 1 });
  });

  test("waits its turn when eight are running, and nothing is lost", async () => {
    const engine = await engineIn(tempFolder());
    const slow = { delayMs: 0, waitMs: 150, fails: false };
    for (let i = 0; i < 12; i++) await mutate(engine, "jobs:scheduleAction", { name: `a${i}`, ...slow });
    await eventually(async () => {
      const running = (await jobs(engine)).filter(({ state }) => state.kind === "inProgress").length;
      expect(running).toBeLessThanOrEqual(8);
      return running === 8 ? true : null;
    }, "eight run at a time");
    await settled(engine, "success");
    expect(Object.values(await counts(engine)).every((times) => times === 1)).toBe(true);
  });

  test("that throws has failed, and what it committed before stays", async () => {
    const engine = await engineIn(tempFolder());
    await mutate(engine, "jobs:scheduleAction", { name: "a", delayMs: 0, waitMs: 0, fails: true });
    const [job] = await settled(engine, "failed");
    expect(job?.state.error).toContain("failed at the end");
    expect(await counts(engine)).toEqual({ "a begun/a": 1, "a begun/b": 1 });
  });

  test("whose end the disk refused to note has failed once there is room again, and runs nothing twice", async () => {
    const engine = await engineIn(tempFolder());
    const db = engine.storage.writer;
    db.exec("CREATE TEMP TRIGGER no_room BEFORE DELETE ON jobs BEGIN SELECT RAISE(ABORT, 'no room'); END");
    let refused = 0;
    engine.events.on("log", ({ error }) => (refused += Number(error?.includes("no room") ?? false)));
    await mutate(engine, "jobs:scheduleAction", { name: "a", delayMs: 0, waitMs: 0, fails: false });
    await eventually(() => (refused > 0 ? true : null), "the disk refused");
    db.exec("DROP TRIGGER no_room");
    const [job] = await settled(engine, "failed");
    expect(job?.state.error).toBe("Transient error while executing action");
    expect(await counts(engine)).toMatchObject({ "a begun/a": 1, "a ended/a": 1 });
  });

  test("cancelled while it runs is shown as cancelled", async () => {
    const engine = await engineIn(tempFolder());
    const id = await mutate(engine, "jobs:scheduleAction", { name: "a", delayMs: 0, waitMs: 150, fails: false });
    await eventually(async () => ((await jobs(engine))[0]?.state.kind === "inProgress" ? true : null), "in progress");
    await mutate(engine, "jobs:cancel", { id });
    await engine.scheduler.settle();
    expect(await jobs(engine)).toMatchObject([{ state: { kind: "canceled" } }]);
  });
});

describe("crons", () => {
  const cronsFile = (name: string, every: string) => `
import { cronJobs, makeFunctionReference } from "convex/server";
const crons = cronJobs();
crons.interval("tick", ${every}, makeFunctionReference<"mutation">("jobs:count"), { name: ${JSON.stringify(name)} });
export default crons;`;

  test("run at once and then at every interval; a push that leaves one unchanged does not restart it", async () => {
    let now = Date.now();
    const engine = await openIn(tempFolder(), { now: () => now });
    const hourly = await bundle({ "crons.ts": cronsFile("hourly", "{ hours: 1 }") });
    await push(engine, hourly);
    const ran = (times: number) =>
      eventually(async () => ((await counts(engine))["hourly/a"] === times ? true : null), `${times} runs`);
    await ran(1);
    await push(engine, hourly);
    now += 59 * 60_000;
    engine.scheduler.wake();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await counts(engine)).toMatchObject({ "hourly/a": 1 });
    now += 60_000;
    engine.scheduler.wake();
    await ran(2);
  });

  test("missed while nothing ran are made up for once, not as often as missed", async () => {
    const folder = tempFolder();
    const engine = await openIn(folder);
    await push(engine, await bundle({ "crons.ts": cronsFile("hourly", "{ hours: 1 }") }));
    await eventually(async () => ((await counts(engine))["hourly/a"] === 1 ? true : null), "the first run");
    await engine.close();
    const later = await openIn(folder, { now: () => Date.now() + 10 * DAY_MS });
    await eventually(async () => ((await counts(later))["hourly/a"] === 2 ? true : null), "one run to catch up");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await counts(later)).toMatchObject({ "hourly/a": 2 });
  });

  test("that a push changes while they fail run by the new schedule, not by the one that failed", async () => {
    let now = Date.now();
    const engine = await openIn(tempFolder(), { now: () => now });
    const outside = AsyncLocalStorage.snapshot();
    Reflect.set(globalThis, "whileItFails", () => undefined);
    afterTest(() => void Reflect.deleteProperty(globalThis, "whileItFails"));
    const failing = `
import { mutation } from "./_generated/server.ts";
export const fail = mutation({ args: {}, handler: () => { globalThis.whileItFails(); throw new Error("as always"); } });`;
    const crons = cronsFile("", "{ hours: 1 }").replace("jobs:count", "failing:fail").replace('{ name: "" }', "{}");
    await push(engine, await bundle({ "crons.ts": crons, "failing.ts": failing }));
    await engine.scheduler.settle();
    const next = await preparePush(engine, await bundle({ "crons.ts": cronsFile("after", "{ hours: 2 }") }));
    await next.change.check();
    const committed = new Promise((resolve) => {
      Reflect.set(globalThis, "whileItFails", () => resolve(outside(() => commitPush(engine, next))));
    });
    now += 3_600_000;
    engine.scheduler.wake();
    await committed;
    const ran = await eventually(async () => (await counts(engine))["after/a"] ?? null, "the new cron's first run");
    expect(ran).toBe(1);
  });

  test("that are gone from crons.ts do not run any more", async () => {
    const engine = await openIn(tempFolder());
    await push(engine, await bundle({ "crons.ts": cronsFile("often", "{ seconds: 1 }") }));
    await push(engine, fixture);
    await engine.scheduler.settle();
    const before = await counts(engine);
    engine.scheduler.wake();
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(await counts(engine)).toEqual(before);
  });

  const at = (text: string) => Date.parse(text);
  test.each([
    ["daily at 17:30", { type: "daily", hourUTC: 17, minuteUTC: 30 }, "2026-03-01T18:00:00Z", "2026-03-02T17:30:00Z"],
    ["hourly at :05", { type: "hourly", minuteUTC: 5 }, "2026-03-01T18:05:00Z", "2026-03-01T19:05:00Z"],
    [
      "weekly on Monday",
      { type: "weekly", dayOfWeek: "monday", hourUTC: 0, minuteUTC: 0 },
      "2026-03-01T18:00:00Z",
      "2026-03-02T00:00:00Z",
    ],
    [
      "monthly on the 31st skips short months",
      { type: "monthly", day: 31, hourUTC: 1, minuteUTC: 0 },
      "2026-03-31T02:00:00Z",
      "2026-05-31T01:00:00Z",
    ],
    ["a cron pattern", { type: "cron", cron: "15 7 * * 1-5" }, "2026-02-27T08:00:00Z", "2026-03-02T07:15:00Z"],
    [
      "every 40 minutes, counted from the last run",
      { type: "interval", minutes: 40 },
      "2026-03-01T00:00:00Z",
      "2026-03-01T00:40:00Z",
    ],
  ])("%s", (_name, schedule, from, next) => {
    expect(new Date(nextRun("x", cronSpec.shape.schedule.parse(schedule), at(from), at(from))).toISOString()).toBe(
      new Date(at(next)).toISOString(),
    );
  });

  test("an interval that missed runs goes on at the next one that is still to come", () => {
    expect(nextRun("x", { type: "interval", hours: 1 }, 0, 3.5 * 3_600_000)).toBe(4 * 3_600_000);
  });
});
