import { defineConfig } from "vitest/config";
import HeaviestFirst from "./local/src/testing/heaviestFirst.ts";
import { MAX_WORKERS } from "./local/src/testing/workers.ts";

/** Compares times of this machine. */
const MEASURED = ["e2e/provisioningTime.test.ts"];

/** How long a test polls for what another process does: vitest's own second is for a machine with nothing else to do. */
const PATIENT = { poll: { timeout: 30_000 } };

/**
 * The vitest projects. `npm test` runs all; `npx vitest run --project runtime` runs one.
 * Every Convex test runs twice: on `convex-test` and on this repository's own engine. It makes a deployment of its own, so
 * its files follow each other in one process, where what they import is loaded once.
 */
export default defineConfig({
  test: {
    reporters: ["default", "./local/src/testing/closingLine.ts"],
    maxWorkers: MAX_WORKERS,
    sequence: { sequencer: HeaviestFirst },
    projects: [
      { test: { name: "contract", include: ["contract/**/*.test.ts"], isolate: false } },
      {
        test: {
          name: "embedded-convex",
          include: ["embedded-convex/**/*.test.ts"],
          expect: PATIENT,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "convex",
          include: ["convex/**/*.test.ts"],
          environment: "edge-runtime",
          // Components bring their modules by import.meta.glob, which only what is transformed has.
          server: { deps: { inline: ["convex-test", /@convex-dev/] } },
          env: { CONVEX_TEST_ENGINE: "convex-test" },
          isolate: false,
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: "convex-embedded",
          include: ["convex/**/*.test.ts"],
          exclude: ["convex/lib/**"],
          environment: "node",
          server: { deps: { inline: [/@convex-dev/] } },
          env: { CONVEX_TEST_ENGINE: "embedded-convex" },
          isolate: false,
          testTimeout: 120_000,
        },
      },
      "./api-worker/vitest.config.ts",
      {
        test: {
          name: "runtime",
          include: ["runtime/**/*.test.ts"],
          expect: PATIENT,
          testTimeout: 180_000,
          hookTimeout: 240_000,
        },
      },
      "./website/vitest.config.ts",
      {
        test: {
          name: "local",
          include: ["local/**/*.test.ts"],
          expect: PATIENT,
          testTimeout: 180_000,
          hookTimeout: 240_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["e2e/*.test.ts"],
          exclude: MEASURED,
          expect: PATIENT,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: "e2e-measured",
          include: MEASURED,
          // Alone and last: it wants the machine for itself.
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
