import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineProject } from "vitest/config";
import { MAX_WORKERS } from "../local/src/testing/workers.ts";

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
    maxWorkers: MAX_WORKERS,
    // What another process does may take a while on a busy machine.
    expect: { poll: { timeout: 30_000 } },
    testTimeout: 60_000,
  },
});
