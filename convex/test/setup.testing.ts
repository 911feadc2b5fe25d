import { register as registerMigrations } from "@convex-dev/migrations/test";
import { register as registerRateLimiter } from "@convex-dev/rate-limiter/test";
import type { TestConvex } from "convex-test";
import { onTestFinished, vi } from "vitest";
import schema from "../schema.ts";

/** A deployment of its own for one test: our functions and an empty database. */
export type TestDeployment = TestConvex<typeof schema>;

// Files with two dots (tests, this one) are not modules of the deployment; the official bundler leaves them out too.
const modules = import.meta.glob(["../**/*.*s", "!../**/*.*.*s"]);

type Engine = (options: {
  schema: typeof schema;
  modules: typeof modules;
  transactionLimits: boolean;
}) => TestDeployment;

// Every test runs on both engines; the vitest project says which one this is.
const convexTest: Engine =
  process.env.CONVEX_TEST_ENGINE === "embedded-convex"
    ? (await import("embedded-convex/test")).convexTest
    : (await import("convex-test")).convexTest;

export const CONTROL_KEY = "control-key-of-the-tests";
export const ENCRYPTION_KEY = "a1".repeat(32);

/** A deployment with its keys, and without an API to call: drives find that out and wait. */
export function setupTest(): TestDeployment {
  vi.stubEnv("OA_CONTROL_KEY", CONTROL_KEY);
  vi.stubEnv("OPENCLAW_ENCRYPTION_KEY", ENCRYPTION_KEY);
  const t = convexTest({ schema, modules, transactionLimits: true });
  registerRateLimiter(t);
  registerMigrations(t);
  onTestFinished(async () => {
    // Jobs that are scheduled outlive the test: without a timetable they find nothing to do in the next one.
    await t.run(async (ctx) => {
      for (const row of await ctx.db.query("instance_drives").collect())
        await ctx.db.delete("instance_drives", row._id);
    });
    await t.finishInProgressScheduledFunctions();
    vi.unstubAllEnvs();
  });
  return t;
}
