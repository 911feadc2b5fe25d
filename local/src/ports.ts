import { createServer } from "node:net";
import { join } from "node:path";
import * as z from "zod";
import { readIfThere, writePrivateFile } from "./files.ts";

/** The parts that listen, in the order their ports are chosen. */
export const Ports = z.object({
  api: z.int(),
  convex: z.int(),
  convexSite: z.int(),
  runtimeHost: z.int(),
  github: z.int(),
  google: z.int(),
  mail: z.int(),
  upstream: z.int(),
});
export type Ports = z.infer<typeof Ports>;

const FIRST_CHOICE: Ports = {
  api: 8787,
  convex: 3210,
  convexSite: 3211,
  runtimeHost: 3220,
  github: 3230,
  google: 3231,
  mail: 3232,
  upstream: 3233,
};

/**
 * The ports of this installation: last time's where they are free, so that addresses people kept stay true.
 * A port asked for by number is taken or refused, never replaced.
 */
export async function choosePorts(dataDir: string, asked: number | null): Promise<Ports> {
  const file = join(dataDir, "ports.json");
  const text = await readIfThere(file);
  const wanted: Ports = { ...FIRST_CHOICE, ...(text === null ? {} : lastPorts(text)) };
  const taken = new Set<number>();
  const next = async (from: number): Promise<number> => {
    const port = await firstFree(from, taken);
    taken.add(port);
    return port;
  };
  if (asked !== null && asked !== 0) await refuseUnusable(asked);
  const api = asked === 0 ? await anyFree() : (asked ?? (await next(wanted.api)));
  taken.add(api);
  const ports = {
    api,
    convex: await next(wanted.convex),
    convexSite: await next(wanted.convexSite),
    runtimeHost: await next(wanted.runtimeHost),
    github: await next(wanted.github),
    google: await next(wanted.google),
    mail: await next(wanted.mail),
    upstream: await next(wanted.upstream),
  };
  await writePrivateFile(file, `${JSON.stringify(ports, null, 2)}\n`);
  return ports;
}

/** What was chosen last time. Partial: an installation may be older than a part; and a damaged file is no reason to stop. */
function lastPorts(text: string): Partial<Ports> {
  try {
    return Object.fromEntries(
      Object.entries(Ports.partial().parse(JSON.parse(text))).filter(([, port]) => port !== undefined),
    );
  } catch {
    return {};
  }
}

async function refuseUnusable(port: number): Promise<void> {
  const found = await listenOnce(port);
  if (found.port !== null) return;
  throw new Error(
    found.why === "EACCES"
      ? `port ${port} is reserved by this system: choose one above 1023 with --port`
      : `port ${port} is in use: stop what listens there, or choose another with --port`,
  );
}

async function firstFree(from: number, taken: ReadonlySet<number>): Promise<number> {
  for (let port = from; port < Math.min(from + 200, 65_536); port += 1) {
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  return anyFree();
}

/** True when nothing listens on the port on loopback. */
export async function isFree(port: number): Promise<boolean> {
  return (await listenOnce(port)).port !== null;
}

async function anyFree(): Promise<number> {
  const { port } = await listenOnce(0);
  if (port === null) throw new Error("this machine gives out no free port on 127.0.0.1");
  return port;
}

/** The port a listener got for a moment, or the system's code for why there was none. */
function listenOnce(port: number): Promise<{ port: number | null; why: string }> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve({ port: null, why: "code" in error ? String(error.code) : "" }));
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      const got = typeof address === "object" && address !== null ? address.port : null;
      server.close(() => resolve({ port: got, why: "" }));
    });
  });
}
