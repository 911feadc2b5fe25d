import type { ServerResponse } from "node:http";

/** Resolves once the caller has gone away or the response has ended. */
export function untilGone(out: ServerResponse): Promise<void> {
  if (out.destroyed || out.closed) return Promise.resolve();
  return new Promise((resolve) => out.once("close", () => resolve()));
}

/** Waits; false as soon as the caller has gone away, so that nothing waits for nobody. */
export async function pause(ms: number, out: ServerResponse): Promise<boolean> {
  if (out.destroyed) return false;
  if (ms === 0) return true;
  let timer: NodeJS.Timeout | undefined;
  const waited = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([waited, untilGone(out)]);
  clearTimeout(timer);
  return !out.destroyed;
}
