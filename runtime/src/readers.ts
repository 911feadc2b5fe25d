import type { Context } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import type { Follower } from "./ports.ts";

/** Comment line an idle stream sends, so that middle boxes keep it open and a reader that is gone is noticed. */
const HEARTBEAT_MS = 15_000;
/** A reader that takes nothing for this long is let go; it may come back and go on where it was. */
const STALL_MS = 60_000;
/**
 * Readers of one thing at a time; each may hold one message in memory. One more takes the place of the oldest, because the
 * oldest are likely gone: between here and a browser a leave may be noticed only when the next heartbeats cannot be delivered.
 */
const MAX_READERS = 20;

/** One stream and who reads it. */
export interface Reader {
  readonly over: boolean;
  /** Resolves when the reader has taken it; a reader that does not is let go. */
  send(message: { event: string; data: string; id?: string; retry?: number }): Promise<void>;
  /** Resolves when there is something new to tell, or the stream is over; keeps the stream alive meanwhile. */
  untilNews(): Promise<void>;
}

export interface StreamSource {
  /** Hears of news, until the answer is called. */
  subscribe: (follower: Follower) => () => void;
  /** Tells the reader what there is until it is `over`. A message is only made when the one before was taken. */
  tell: (reader: Reader) => Promise<void>;
}

/**
 * Server-sent events of one thing. Nothing is queued for a reader: it is told what is true when it has taken what it was told
 * before, so one that never reads costs one message of memory, and only for a while.
 */
export function createReaders(report: (error: unknown) => void): (c: Context, source: StreamSource) => Response {
  /** Oldest first. */
  const bells = new Set<Bell>();
  return (c, { subscribe, tell }) => {
    c.header("x-accel-buffering", "no");
    return streamSSE(c, async (stream) => {
      const bell = new Bell();
      stream.onAbort(() => bell.end());
      const unsubscribe = subscribe({ changed: () => bell.ring(), ended: () => bell.end() });
      const [oldest] = bells;
      if (oldest !== undefined && bells.size >= MAX_READERS) {
        oldest.end();
        bells.delete(oldest);
      }
      bells.add(bell);
      try {
        await tell(readerOf(stream, bell));
      } catch (error) {
        report(error);
      } finally {
        bells.delete(bell);
        unsubscribe();
      }
    });
  };
}

function readerOf(stream: SSEStreamingApi, bell: Bell): Reader {
  const write = async (taken: () => Promise<unknown>): Promise<void> => {
    if (bell.over) return;
    const stalled = setTimeout(() => stream.abort(), STALL_MS);
    try {
      await taken();
    } finally {
      clearTimeout(stalled);
    }
  };
  return {
    get over() {
      return bell.over;
    },
    send: (message) => write(() => stream.writeSSE(message)),
    async untilNews() {
      while (!bell.over && (await bell.wait(HEARTBEAT_MS)) === "quiet")
        await write(() => stream.write(": still here\n\n"));
    },
  };
}

/** Remembers that it rang until somebody waits for it. */
class Bell {
  over = false;
  #rung = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  end(): void {
    this.over = true;
    this.#wake?.();
  }

  /** `quiet` after `ms` without a ring or an end. */
  async wait(ms: number): Promise<"woken" | "quiet"> {
    if (!this.#rung && !this.over) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = null;
    }
    const woken = this.#rung || this.over;
    this.#rung = false;
    return woken ? "woken" : "quiet";
  }
}
