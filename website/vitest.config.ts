import { availableParallelism } from "node:os";
import { defineProject } from "vitest/config";

/** Tests of the website: pure logic in Node, and every page in a real browser (`test/`), which takes longer. */
export default defineProject({
  test: {
    name: "website",
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    globalSetup: ["test/support/builds.globalSetup.ts"],
    // As in the root's vite.config.ts, which a project in a file of its own does not inherit from: vitest runs no two projects
    // beside each other that differ in it.
    maxWorkers: Math.min(5, availableParallelism() + 1),
    // Most of a page's test is waiting: a few pages of one browser at once.
    maxConcurrency: 4,
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
