import { type Server, createServer } from "node:net";
import { ApiError } from "@oa/contract";

/**
 * Loopback ports of gateways. Below the range the kernel hands out for outgoing connections, and 120 apart, because a
 * gateway with the browser plugin also uses ports above its own.
 */
const FIRST_PORT = 20_000;
const STEP = 120;
const SLOTS = 100;

export interface PortPool {
  /** A port nobody listens on, the preferred one if it is free. No pool on this machine gives it again until it is released. */
  take(preferred: number | undefined): Promise<number>;
  /** Keeps a port for a gateway that runs already, also while it does not listen yet. */
  hold(port: number): Promise<void>;
  release(port: number): void;
}

/**
 * A gateway listens seconds after its port was chosen. Until then the port is kept by a listener on the last one of its
 * slot, which no gateway uses: the kernel gives that to one host of this machine, and takes it back when the host ends.
 */
export function createPortPool(): PortPool {
  const guards = new Map<number, Server>();
  const tryTake = async (port: number): Promise<boolean> => {
    const guard = await listen(port + STEP - 1);
    if (guard === null) return false;
    const probe = await listen(port);
    if (probe === null) {
      guard.close();
      return false;
    }
    await new Promise((closed) => probe.close(closed));
    guards.set(port, guard);
    return true;
  };
  return {
    async take(preferred) {
      if (preferred !== undefined && (await tryTake(preferred))) return preferred;
      // A random first slot: two hosts on one machine seldom ask for the same.
      const offset = Math.floor(Math.random() * SLOTS);
      for (let i = 0; i < SLOTS; i += 1) {
        const port = FIRST_PORT + ((offset + i) % SLOTS) * STEP;
        if (await tryTake(port)) return port;
      }
      throw new ApiError("gateway_unavailable", `This host has no free port left for a gateway (${SLOTS} at most).`);
    },
    async hold(port) {
      const guard = guards.has(port) ? null : await listen(port + STEP - 1);
      if (guard !== null) guards.set(port, guard);
    },
    release(port) {
      guards.get(port)?.close();
      guards.delete(port);
    },
  };
}

/** A listener on the loopback port that answers nobody and keeps no process alive; null where there is one already. */
function listen(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", () => resolve(null));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => resolve(server.unref()));
  });
}
