import { availableParallelism } from "node:os";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineProject } from "vitest/config";

/** Everything runs in workerd; the parts around the Worker are HTTP servers of `test/support/hub.ts`, in Node. */
export default defineProject({
  plugins: [
    cloudflareTest({
      main: "./src/index.ts",
      miniflare: {
        compatibilityDate: "2026-10-01",
        compatibilityFlags: ["nodejs_compat", "enable_request_signal"],
        durableObjects: { CREDIT_DESK: { className: "CreditDeskObject", useSQLite: true } },
      },
    }),
  ],
  test: {
    name: "api-worker",
    include: ["test/**/*.test.ts", "src/**/*.test.ts"],
    globalSetup: "./test/support/hub.ts",
    // As in the root's vite.config.ts, which a project in a file of its own does not inherit from: vitest runs no two projects
    // beside each other that differ in it.
    maxWorkers: Math.min(5, availableParallelism() + 1),
    // What another process does may take a while on a busy machine.
    expect: { poll: { timeout: 30_000 } },
    testTimeout: 60_000,
  },
});
