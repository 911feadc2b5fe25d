import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type PortPool, createPortPool } from "./ports.ts";

/** Hosts of one machine, each with a pool of its own. */
describe("the ports of gateways", () => {
  const given: { pool: PortPool; port: number }[] = [];
  const take = async (pool: PortPool, preferred?: number): Promise<number> => {
    const port = await pool.take(preferred);
    given.push({ pool, port });
    return port;
  };
  afterEach(() => {
    for (const { pool, port } of given.splice(0)) pool.release(port);
  });

  it("a port that one host has chosen is no other host's, before anything listens on it", async () => {
    const [one, two] = [createPortPool(), createPortPool()];
    const port = await take(one);
    expect(await take(two, port)).not.toBe(port);
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => take(i % 2 === 0 ? one : two)));
    expect(new Set([...all, port]).size).toBe(21);
  });

  it("a gateway that is started again has the port it had, and another host's may have it when it is gone", async () => {
    const [one, two] = [createPortPool(), createPortPool()];
    const port = await one.take(undefined);
    one.release(port);
    expect(await one.take(port)).toBe(port);
    one.release(port);
    expect(await take(two, port)).toBe(port);
  });

  it("a port on which somebody listens is passed over", async () => {
    const pool = createPortPool();
    const port = await pool.take(undefined);
    pool.release(port);
    const squatter = createServer().listen(port, "127.0.0.1");
    await once(squatter, "listening");
    try {
      expect(await take(pool, port)).not.toBe(port);
    } finally {
      squatter.close();
    }
  });
});
