import type { Reporter, TestModule } from "vitest/node";

/**
 * Prints "N passed, N failed" (", N skipped") as the run's very last line, which is what CI reads.
 * A file that fails to load counts as one failure: it hides tests that never ran.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandled.length;
    let skipped = 0;
    for (const module of modules) {
      let inModule = 0;
      for (const test of module.children.allTests()) {
        inModule += 1;
        const state = test.result().state;
        if (state === "passed") passed += 1;
        else if (state === "skipped") skipped += 1;
        else failed += 1;
      }
      if (inModule === 0 || (module.state() === "failed" && module.errors().length > 0)) failed += 1;
    }
    const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
    // On exit, so that it stands below every other reporter's summary.
    process.once("exit", () => process.stdout.write(`${line}\n`));
  }
}
