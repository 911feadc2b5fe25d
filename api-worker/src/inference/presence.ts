import { LEFT } from "./stream.ts";

/** A whole call, from the first byte sent to the last byte read, ends within this. */
export const CALL_DEADLINE_MS = 15 * 60 * 1000;
/** How long the rest of an answer nobody waits for is read for its usage: within the 30 s a Worker lives on. */
const DRAIN_MS = 25_000;

/** Whether the caller is still there, and how long the upstream is listened to. */
export interface Presence {
  /** Fires when the upstream is listened to no longer; its reason is `LEFT` where the caller had gone. */
  readonly stop: AbortSignal;
  hasLeft(): boolean;
  /** The caller has gone. Heard of from the request and from the answer's stream, so it may be said twice. */
  leave(): void;
  /** Called once when the caller goes, or at once where they have gone. */
  onLeave(work: () => void): void;
  /** The call is over; nothing is watched any more. */
  over(): void;
}

/** `readsOn`: asked when the caller goes, whether the rest of the answer is worth reading for its usage. */
export function presenceOf(callerLeft: AbortSignal, readsOn: () => boolean): Presence {
  const stop = new AbortController();
  const timers = [setTimeout(() => stop.abort("deadline"), CALL_DEADLINE_MS)];
  let hasLeft = false;
  let atLeave = () => {};
  const leave = () => {
    if (hasLeft) return;
    hasLeft = true;
    if (readsOn()) timers.push(setTimeout(() => stop.abort(LEFT), DRAIN_MS));
    else stop.abort(LEFT);
    atLeave();
  };
  callerLeft.addEventListener("abort", leave, { once: true });
  if (callerLeft.aborted) leave();
  return {
    stop: stop.signal,
    hasLeft: () => hasLeft,
    leave,
    onLeave(work) {
      if (hasLeft) work();
      else atLeave = work;
    },
    over() {
      callerLeft.removeEventListener("abort", leave);
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
