import { setTimeout as sleep } from "node:timers/promises";
import { ApiError } from "@oa/contract";
import { type RpcConnection, type RpcEvent, connectRpc } from "./rpc.ts";

/** Delays between attempts to get the connection back, in milliseconds; the last one stays. */
const RECONNECT_MS = [100, 250, 500, 1_000, 2_000, 5_000] as const;
/** A call that meets a connection being made waits this long for it. */
const CALL_PATIENCE_MS = 5_000;
const CALL_TIMEOUT_MS = 8_000;

export interface LinkTarget {
  port: number;
  token: string;
}

/**
 * The one held connection to a gateway: opened when the gateway is ready, reopened when it breaks, closed when the gateway
 * is. Holding it is what makes a device list take milliseconds, and what brings the gateway's events.
 */
export class GatewayLink {
  readonly #onEvent: (event: RpcEvent) => void;
  readonly #onUp: () => void;
  #stop: AbortController | null = null;
  #connection: Promise<RpcConnection> | null = null;

  /** `onUp` is called after every (re)connect: events may have been missed before it. */
  constructor(onEvent: (event: RpcEvent) => void, onUp: () => void) {
    this.#onEvent = onEvent;
    this.#onUp = onUp;
  }

  open(target: LinkTarget): void {
    this.close();
    const stop = new AbortController();
    this.#stop = stop;
    void this.#hold(target, stop.signal);
  }

  close(): void {
    this.#stop?.abort();
    this.#stop = null;
    this.#connection = null;
  }

  /** One call over the held connection. Rejects with `GatewayRefusal` or `ApiError`. */
  async call(method: string, params: object = {}, timeoutMs = CALL_TIMEOUT_MS): Promise<unknown> {
    const connection = this.#connection;
    if (connection === null) throw unavailable();
    const patience = new AbortController();
    try {
      const open = await Promise.race([
        connection,
        sleep(CALL_PATIENCE_MS, null, { signal: patience.signal }).catch(() => null),
      ]);
      if (open === null) throw unavailable();
      return await open.call(method, params, timeoutMs);
    } finally {
      patience.abort();
    }
  }

  async #hold(target: LinkTarget, signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const opening = Promise.withResolvers<RpcConnection>();
      // Nobody may be waiting for it; a failed attempt is followed by the next one.
      opening.promise.catch(() => undefined);
      this.#connection = opening.promise;
      try {
        const connection = await connectRpc({ ...target, onEvent: this.#onEvent });
        const hangUp = () => connection.close();
        signal.addEventListener("abort", hangUp, { once: true });
        if (signal.aborted) hangUp();
        opening.resolve(connection);
        attempt = 0;
        if (!signal.aborted) this.#onUp();
        await connection.closed;
        signal.removeEventListener("abort", hangUp);
      } catch {
        opening.reject(unavailable());
      }
      const delay = RECONNECT_MS[Math.min(attempt, RECONNECT_MS.length - 1)];
      if (!signal.aborted) await sleep(delay, undefined, { signal }).catch(() => undefined);
    }
  }
}

function unavailable(): ApiError {
  return new ApiError(
    "gateway_unavailable",
    "The gateway is not running, or still starting. Try again in a few seconds.",
  );
}
