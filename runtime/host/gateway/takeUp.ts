/**
 * Sees to it that a running gateway takes up the configuration the host has written. A gateway watches the file by itself,
 * and applies a change within a second; but it refuses one that would replace a plugin in the middle of an agent's turn, and
 * does not try again. So it is asked what it runs with; the file is touched until that is the file, and a gateway that will not
 * is started anew: a key its owner has removed must not go on being used.
 */

/** Between looks, in milliseconds. The file is touched after each look but the first ones. */
const LOOK_AFTER_MS = [750, 750, 1_500, 3_000] as const;
const LAST_LOOK_AFTER_MS = 5_000;
const LOOKS_BEFORE_TOUCH = 3;

export interface TakeUpDeps {
  /** True when the gateway runs with the file as it is now. Rejects while it cannot be asked. */
  applied: () => Promise<boolean>;
  /** Makes the gateway look at the file again. */
  touch: () => Promise<void>;
  done: () => void;
  /** It did not take the file up in `patienceMs`. */
  giveUp: () => void;
  patienceMs: number;
  /** Rejects when the signal is aborted. */
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds of a clock that only goes on. */
  elapsed: () => number;
}

export class TakeUp {
  readonly #deps: TakeUpDeps;
  #stop: AbortController | null = null;

  constructor(deps: TakeUpDeps) {
    this.#deps = deps;
  }

  /** True until the gateway has taken the last file up, or was given up. */
  get following(): boolean {
    return this.#stop !== null;
  }

  /** The file is new: follows it from now on, anew if another one was being followed. */
  follow(): void {
    this.end();
    const stop = new AbortController();
    this.#stop = stop;
    // Rejects only when it was ended.
    this.#run(stop.signal).catch(() => undefined);
  }

  /** There is no gateway to follow, or it has just read the file. */
  end(): void {
    this.#stop?.abort();
    this.#stop = null;
  }

  #finish(say: () => void): void {
    this.#stop = null;
    say();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { applied, touch, patienceMs, wait, elapsed } = this.#deps;
    const until = elapsed() + patienceMs;
    for (let look = 0; ; look += 1) {
      await wait(LOOK_AFTER_MS[look] ?? LAST_LOOK_AFTER_MS, signal);
      const done = await applied().catch(() => false);
      signal.throwIfAborted();
      if (done) return this.#finish(this.#deps.done);
      if (elapsed() >= until) return this.#finish(this.#deps.giveUp);
      if (look + 1 >= LOOKS_BEFORE_TOUCH) await touch().catch(() => undefined);
    }
  }
}
