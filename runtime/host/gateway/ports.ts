import { createServer } from "node:net";
import { ApiError } from "@oa/contract";

/**
 * Loopback ports of gateways. Below the range the kernel hands out for outgoing connections, and 120 apart, because a
 * gateway with the browser plugin also uses ports above its own.
 */
const FIRST_PORT = 20_000;
const STEP = 120;
const SLOTS = 100;

export interface PortPool {
  /** A port nobody listens on, the preferred one if it is free. It stays taken until released. */
  take(preferred: number | undefined): Promise<number>;
  release(port: number): void;
}

export function createPortPool(isFree: (port: number) => Promise<boolean> = canListen): PortPool {
  const taken = new Set<number>();
  const tryTake = async (port: number): Promise<boolean> => {
    if (taken.has(port)) return false;
    // Taken before the check, so that two starts at once never look at the same port.
    taken.add(port);
    if (await isFree(port)) return true;
    taken.delete(port);
    return false;
  };
  return {
    async take(preferred) {
      if (preferred !== undefined && (await tryTake(preferred))) return preferred;
      // A random first slot keeps two hosts on one machine out of each other's way.
      const offset = Math.floor(Math.random() * SLOTS);
      for (let i = 0; i < SLOTS; i += 1) {
        const port = FIRST_PORT + ((offset + i) % SLOTS) * STEP;
        if (await tryTake(port)) return port;
      }
      throw new ApiError("gateway_unavailable", `This host has no free port left for a gateway (${SLOTS} at most).`);
    },
    release(port) {
      taken.delete(port);
    },
  };
}

/** True when a listener can be opened on the loopback port now. */
export function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
