/**
 * Lets only so many gateways boot at once. A boot costs 12 to 20 CPU seconds: all of them together on a small machine would
 * all be late, one after another they come up at full speed.
 */
export interface BootGate {
  /** Resolves with the release function once there is room; rejects when the signal is aborted. */
  enter(signal: AbortSignal): Promise<() => void>;
}

export function createBootGate(width: number): BootGate {
  let inside = 0;
  const waiting: (() => void)[] = [];
  const leaveOnce = () => {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      inside -= 1;
      waiting.shift()?.();
    };
  };
  return {
    async enter(signal) {
      while (inside >= width) {
        await new Promise<void>((resolve) => {
          const go = () => {
            signal.removeEventListener("abort", quit);
            resolve();
          };
          const quit = () => {
            const at = waiting.indexOf(go);
            if (at >= 0) waiting.splice(at, 1);
            resolve();
          };
          waiting.push(go);
          signal.addEventListener("abort", quit, { once: true });
        });
        if (signal.aborted) {
          // Woken and leaving at once: the room goes to the next one.
          if (inside < width) waiting.shift()?.();
          signal.throwIfAborted();
        }
      }
      signal.throwIfAborted();
      inside += 1;
      return leaveOnce();
    },
  };
}
