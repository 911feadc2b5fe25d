import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ApiError, errorBody, okBody } from "@oa/contract";
import { startUpstreamDouble } from "@oa/local/doubles";
import type { Double } from "@oa/local/doubles";
import type { TestProject } from "vitest/node";
import type { Asked, ConvexState } from "./convexDouble.ts";
import { convexAnswer, emptyConvex } from "./convexDouble.ts";
import type { FaultRule } from "./faults.ts";
import { answer, play, takeRule } from "./faults.ts";
import type { FleetState } from "./fleetDouble.ts";
import { emptyFleet, fleetAnswer } from "./fleetDouble.ts";
import { playLogStream } from "./logStreamDouble.ts";

/**
 * The parts around the Worker as real HTTP servers, in Node: each test opens a world of its own (a Convex, a runtime
 * host, a canary that nobody may ever call, and where it asks for one a model upstream), sets faults in it, and reads back
 * what reached it.
 */

/** All of a world that can be read and set from a test. */
export interface WorldState {
  convex: ConvexState;
  fleet: FleetState;
  faults: { convex: FaultRule[]; fleet: FaultRule[] };
  /** Paths requested from the canary. */
  canary: string[];
}

export interface WorldAddresses {
  id: string;
  convex: string;
  fleet: string;
  canary: string;
  /** Null where none was asked for. */
  upstream: string | null;
}

declare module "vitest" {
  interface ProvidedContext {
    hub: string;
  }
}

interface World {
  state: WorldState;
  servers: Server[];
  upstream: Double | null;
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const worlds = new Map<string, World>();
  const hub = createServer((request, response) => {
    void (async () => {
      const asked = await read(request);
      const id = asked.url.pathname.slice(1);
      if (asked.method === "POST") return answer(response, 200, await openWorld(worlds, id === "with-upstream"));
      const world = worlds.get(id);
      if (world === undefined) return answer(response, 404, null);
      // PUT takes `{ path: ["fleet", "health"], value }`: one place of the state, the rest lives on.
      if (asked.method === "PUT") setAt(world.state, asked.body);
      if (asked.method === "DELETE") await closeWorld(world);
      return answer(response, 200, world.state);
    })();
  });
  project.provide("hub", await listen(hub));
  return async () => {
    await Promise.all([...worlds.values()].map(closeWorld));
    await close(hub);
  };
}

async function openWorld(worlds: Map<string, World>, withUpstream: boolean): Promise<WorldAddresses> {
  const state: WorldState = {
    convex: emptyConvex(),
    fleet: emptyFleet(),
    faults: { convex: [], fleet: [] },
    canary: [],
  };
  const convex = part(state, "convex", (asked) => convexAnswer(state.convex, asked));
  const fleet = part(state, "fleet", (asked, origin) => fleetAnswer(state.fleet, asked, origin));
  const canary = createServer((request, response) => {
    state.canary.push(request.url ?? "");
    answer(response, 200, okBody({}));
  });
  const servers = [convex, fleet, canary];
  const id = `w${worlds.size + 1}`;
  const upstream = withUpstream ? await startUpstreamDouble({ port: 0 }) : null;
  worlds.set(id, { state, servers, upstream });
  return {
    id,
    convex: await listen(convex),
    fleet: await listen(fleet),
    canary: await listen(canary),
    upstream: upstream?.url ?? null,
  };
}

function part(state: WorldState, name: "convex" | "fleet", respond: (asked: Asked, origin: string) => unknown): Server {
  return createServer((request, response) => {
    void (async () => {
      const asked = await read(request);
      const rule = takeRule(state.faults[name], asked.method, asked.url.pathname);
      if (rule !== undefined && rule.fault.kind !== "lost_reply") return play(rule.fault, request, response);
      if (asked.url.pathname.endsWith("/v1/logs/stream") && rule === undefined)
        return playLogStream(state.fleet.logStream, asked, response);
      const [status, body] = outcome(name, asked, () => respond(asked, `http://${request.headers.host ?? ""}`));
      if (rule !== undefined) return request.socket.destroy();
      return answer(response, status, body);
    })();
  });
}

function outcome(name: string, asked: Asked, work: () => unknown): [status: number, body: unknown] {
  try {
    return [200, okBody(work())];
  } catch (error) {
    if (error instanceof ApiError) return [error.status, errorBody(error)];
    console.error(`the ${name} double was asked wrongly:`, asked.method, asked.url.pathname, error);
    return [500, errorBody(new ApiError("internal", String(error)))];
  }
}

async function read(request: IncomingMessage): Promise<Asked> {
  request.setEncoding("utf8");
  let text = "";
  for await (const chunk of request) text += String(chunk);
  const body: unknown = text === "" ? undefined : JSON.parse(text);
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, value?.toString()]));
  return { method: request.method ?? "GET", url: new URL(request.url ?? "/", "http://double"), headers, body };
}

function setAt(state: WorldState, change: unknown): void {
  if (!isChange(change)) throw new Error("a change has a path and a value");
  let place: unknown = state;
  for (const name of change.path.slice(0, -1)) place = isRecord(place) ? place[name] : undefined;
  if (!isRecord(place)) throw new Error(`no ${change.path.join(".")} in a world`);
  place[change.path.at(-1) ?? ""] = change.value;
}

function isChange(value: unknown): value is { path: string[]; value: unknown } {
  return isRecord(value) && Array.isArray(value["path"]) && "value" in value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address: AddressInfo | string | null = server.address();
      resolve(`http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`);
    });
  });
}

function closeWorld(world: World): Promise<unknown> {
  return Promise.all([...world.servers.map(close), world.upstream?.close()]);
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
