import { setTimeout as sleep } from "node:timers/promises";
import { FLEET_KEY_HEADER, type RuntimeEvent } from "@oa/contract";
import { type Log, messageOf } from "./log.ts";

/**
 * Tells the control plane what has changed, so that it need not ask. Each report is a whole snapshot: only the newest of an
 * instance matters, one is on its way at a time, and one that does not arrive is followed by a newer one.
 */
export interface Reporter {
  /** Something of this instance is different now. */
  changed(id: string, snapshot: () => RuntimeEvent): void;
  /** Forgets an instance. */
  forget(id: string): void;
  stop(): void;
}

const TIMEOUT_MS = 10_000;
/** Changes within this time become one report. */
const GATHER_MS = 50;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;

export function createReporter(url: string | undefined, fleetKey: string, log: Log): Reporter {
  const dirty = new Map<string, () => RuntimeEvent>();
  const sending = new Set<string>();
  const stop = new AbortController();

  const send = async (event: RuntimeEvent, to: string): Promise<boolean> => {
    try {
      const response = await fetch(to, {
        method: "POST",
        redirect: "manual",
        headers: { "content-type": "application/json", [FLEET_KEY_HEADER]: fleetKey },
        body: JSON.stringify(event),
        signal: AbortSignal.any([stop.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await response.body?.cancel();
      // What is refused today is refused tomorrow: only an unwell receiver is asked again.
      if (response.status >= 400 && response.status < 500 && response.status !== 429)
        log.warn("a runtime event was refused", { instance: event.instance_id, status: response.status });
      return response.status < 500 && response.status !== 429;
    } catch (error) {
      if (!stop.signal.aborted)
        log.warn("a runtime event was not delivered", { instance: event.instance_id, why: messageOf(error) });
      return false;
    }
  };

  const deliver = async (id: string, to: string): Promise<void> => {
    let retryMs = FIRST_RETRY_MS;
    while (!stop.signal.aborted) {
      await pause(GATHER_MS, stop.signal);
      const snapshot = dirty.get(id);
      dirty.delete(id);
      if (snapshot === undefined || stop.signal.aborted) break;
      if (await send(snapshot(), to)) {
        retryMs = FIRST_RETRY_MS;
      } else {
        if (!dirty.has(id)) dirty.set(id, snapshot);
        await pause(retryMs, stop.signal);
        retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2);
      }
    }
    sending.delete(id);
  };

  return {
    changed(id, snapshot) {
      if (url === undefined) return;
      dirty.set(id, snapshot);
      if (sending.has(id)) return;
      sending.add(id);
      void deliver(id, url);
    },
    forget: (id) => void dirty.delete(id),
    stop: () => stop.abort(),
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
