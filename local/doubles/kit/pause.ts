import type { ServerResponse } from "node:http";

/** Resolves once the caller has gone away or the response has ended. */
export function untilGone(out: ServerResponse): Promise<void> {
  if (out.destroyed || out.closed) return Promise.resolve();
  return new Promise((resolve) => out.once("close", () => resolve()));
}

/** Waits `ms` milliseconds; false as soon as the caller has gone away, so that nothing waits for nobody. */
export function pause(ms: number, out: ServerResponse): Promise<boolean> {
  if (out.destroyed || ms === 0) return Promise.resolve(!out.destroyed);
  return until(out, (done) => {
    const timer = setTimeout(done, ms);
    return () => clearTimeout(timer);
  });
}

/** Waits until the caller has read what fills its window; false when it has gone away. */
export function untilDrained(out: ServerResponse): Promise<boolean> {
  if (out.destroyed || !out.writableNeedDrain) return Promise.resolve(!out.destroyed);
  return until(out, (done) => {
    out.once("drain", done);
    return () => out.off("drain", done);
  });
}

/** Leaves no listener behind: one response may wait thousands of times. */
function until(out: ServerResponse, arrange: (done: () => void) => () => void): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (): void => {
      tidy();
      out.off("close", done);
      resolve(!out.destroyed);
    };
    const tidy = arrange(done);
    out.once("close", done);
  });
}
