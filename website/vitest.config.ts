import { defineProject } from "vitest/config";
import { MAX_WORKERS } from "../local/src/testing/workers.ts";

/** Tests of the website: pure logic in Node, and every page in a real browser (`test/`), which takes longer. */
export default defineProject({
  test: {
    name: "website",
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    globalSetup: ["test/support/builds.globalSetup.ts"],
    maxWorkers: MAX_WORKERS,
    // Most of a page's test is waiting: a few pages of one browser at once.
    maxConcurrency: 4,
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
