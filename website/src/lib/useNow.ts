import { useSyncExternalStore } from "react";

/** One second for countdowns and running steps, half a minute for what moves slowly. */
export type Tick = 1_000 | 30_000;

type Subscribe = (onChange: () => void) => () => void;

const CLOCKS: Readonly<Record<Tick, Subscribe>> = { 1_000: clock(1_000), 30_000: clock(30_000) };

/** The current time, renewed every `tick` milliseconds; all components on the same tick step together. */
export function useNow(tick: Tick): number {
  return useAtNow(tick, (now) => now);
}

/** What something is by now ("5 min ago"): looked at with every tick, drawn anew only when it has become another. */
export function useAtNow<T extends string | number | boolean>(tick: Tick, read: (now: number) => T): T {
  return useSyncExternalStore(CLOCKS[tick], () => read(Math.floor(Date.now() / tick) * tick));
}

/** One timer for all who listen, none while nobody does. */
function clock(tick: Tick): Subscribe {
  const listeners = new Set<() => void>();
  let timer: ReturnType<typeof setInterval> | undefined;
  return (onChange) => {
    listeners.add(onChange);
    timer ??= setInterval(() => {
      for (const listener of listeners) listener();
    }, tick);
    return () => {
      listeners.delete(onChange);
      if (listeners.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  };
}
