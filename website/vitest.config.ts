import { defineProject } from "vitest/config";

/** Tests of the website: pure logic in Node, and every page in a real browser (`test/`), which takes longer. */
export default defineProject({
  test: {
    name: "website",
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
