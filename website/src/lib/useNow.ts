import { useCallback, useSyncExternalStore } from "react";

/** One second for countdowns and running steps, half a minute for "5 min ago". */
export type Tick = 1_000 | 30_000;

/** The current time, renewed every `tick` milliseconds; all components on the same tick step together. */
export function useNow(tick: Tick): number {
  const subscribe = useCallback(
    (onChange: () => void) => {
      const timer = setInterval(onChange, tick);
      return () => clearInterval(timer);
    },
    [tick],
  );
  return useSyncExternalStore(subscribe, () => Math.floor(Date.now() / tick) * tick);
}
