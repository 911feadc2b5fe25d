/**
 * Lets only so many gateways boot at once. A boot costs 12 to 20 CPU seconds: all of them together on a small machine would
 * all be late, one after another they come up at full speed.
 */
export interface BootGate {
  /** Resolves with the release function once there is room, in the order of asking; rejects when the signal is aborted. */
  enter(signal: AbortSignal): Promise<() => void>;
}

export function createBootGate(width: number): BootGate {
  let free = width;
  const waiting: (() => void)[] = [];

  const leaveOnce = () => {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = waiting.shift();
      // The place is handed on, not given back, so that nobody who comes now gets ahead of the line.
      if (next === undefined) free += 1;
      else next();
    };
  };

  const turn = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const quit = () => {
        waiting.splice(waiting.indexOf(go), 1);
        reject(new Error("no longer wanted"));
      };
      const go = () => {
        signal.removeEventListener("abort", quit);
        resolve();
      };
      waiting.push(go);
      signal.addEventListener("abort", quit, { once: true });
    });

  return {
    async enter(signal) {
      signal.throwIfAborted();
      if (free > 0) free -= 1;
      else await turn(signal);
      return leaveOnce();
    },
  };
}
