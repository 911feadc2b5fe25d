import {
  API_PATHS,
  ConnectInfo,
  DeviceLists,
  INTERNAL_KEY_HEADER,
  observed,
  SERVICE_TOKEN_HEADER,
  USER_ID_HEADER,
} from "@oa/contract";
import { CLI_PROFILE, connectDevice, newDeviceIdentity } from "@oa/runtime/testing";
import * as z from "zod";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, type Caller, createInstance, serviceCaller, signUp, untilStatus } from "./support/api.ts";
import { approve, newDevice, pendingRequest } from "./support/device.ts";
import { startTestStack, type TestStack } from "./support/stack.ts";

const Operation = z.object({
  responses: z.record(z.string(), z.object({ content: z.record(z.string(), z.unknown()).optional() })),
});
const OpenApi = z.object({ paths: z.record(z.string(), z.record(z.string(), Operation)) });

/** Every act of the API that answers for a user, with ids that belong to `ids`. */
interface Route {
  method: string;
  path: string;
  /** Its answer goes on until one side ends it. */
  endless: boolean;
}

describe("two users, two gateways", () => {
  let stack: TestStack;
  let ada: { browser: Caller; userId: string; cookie: string };
  let bob: { browser: Caller; userId: string; cookie: string };
  let routes: Route[];
  /** Ids of Ada's that Bob tries. */
  let foreign: { requestId: string; deviceId: string };
  const marks: string[] = [];

  beforeAll(async () => {
    stack = await startTestStack();
    ada = await signUp(stack, "ada@example.com");
    bob = await signUp(stack, "bob@example.com");
    const adas = await createInstance(ada.browser);
    const bobs = await createInstance(bob.browser);
    if (adas.instance_id === bobs.instance_id) throw new Error("two users were given one instance");
    await untilStatus(ada.browser, "ready", 240_000);
    await untilStatus(bob.browser, "ready", 240_000);

    const paired = await newDevice(ada.browser);
    await paired.connect();
    await approve(ada.browser, (await pendingRequest(ada.browser, paired.deviceId)).requestId);
    const waiting = await newDevice(ada.browser);
    await waiting.connect();
    const pending = await pendingRequest(ada.browser, waiting.deviceId);
    const { token } = await ada.browser.data(ConnectInfo, "POST", API_PATHS.runtimeConnect);
    foreign = { requestId: pending.requestId, deviceId: paired.deviceId };
    marks.push(
      ada.userId,
      "ada@example.com",
      adas.instance_id,
      token,
      waiting.deviceId,
      paired.deviceId,
      pending.requestId,
    );

    const document = OpenApi.parse(await (await fetch(`${stack.info().api}${API_PATHS.openapi}`)).json());
    routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { responses }]) => ({
        method: method.toUpperCase(),
        path,
        endless: Object.values(responses).some(({ content }) => content?.["text/event-stream"] !== undefined),
      })),
    );
  });
  afterAll(() => stack.dispose());

  /** Routes that answer for the caller, in the order that leaves both instances alive. */
  const actorRoutes = (): Route[] =>
    routes.filter(
      (route) =>
        route.path.startsWith("/api/openclaw/") && !(route.method === "DELETE" && route.path === API_PATHS.instance),
    );

  const withIds = (path: string, ids: { requestId: string; deviceId: string }): string =>
    path.replace("{requestId}", ids.requestId).replace("{deviceId}", ids.deviceId);

  const showsNothingOfAda = (answer: { headers: Headers; body: unknown }): void => {
    const shown = JSON.stringify(answer.body) + JSON.stringify([...answer.headers]);
    for (const mark of marks) expect(shown).not.toContain(mark);
  };

  it("the document lists every act a user has", () => {
    const listed = new Set(routes.map((route) => route.path));
    const promised = Object.values(API_PATHS).filter((path) => path.startsWith("/api/openclaw"));
    expect(promised.filter((path) => !listed.has(path))).toEqual([]);
  });

  it("Bob's session sees nothing of Ada's on any route, with her ids", async () => {
    const alike: { route: Route; tried: Answer; unknown: Answer }[] = [];
    for (const route of actorRoutes().filter(({ endless }) => !endless)) {
      const unknown = await bob.browser.call(
        route.method,
        withIds(route.path, { requestId: "00000000-0000-4000-8000-000000000000", deviceId: "f".repeat(64) }),
        route.method === "POST" ? restoreBody(route, "no-such-backup") : undefined,
      );
      const tried = await bob.browser.call(
        route.method,
        withIds(route.path, foreign),
        route.method === "POST" ? restoreBody(route, "no-such-backup") : undefined,
      );
      // With an id in its path: 404, and word for word what an id that nobody has gets.
      if (route.path.includes("{")) alike.push({ route, tried, unknown });
      showsNothingOfAda(tried);
    }
    expect(alike.map(({ route, tried }) => `${route.method} ${route.path} ${tried.status}`)).toEqual(
      alike.map(({ route }) => `${route.method} ${route.path} 404`),
    );
    expect(alike.map(({ tried }) => withoutRequestId(tried.body))).toEqual(
      alike.map(({ unknown }) => withoutRequestId(unknown.body)),
    );
    const { data: still } = await ada.browser.data(observed(DeviceLists), "GET", API_PATHS.runtimeDevices);
    expect(still.pending.map((request) => request.requestId)).toContain(foreign.requestId);
    expect(still.paired.map((device) => device.deviceId)).toContain(foreign.deviceId);
  });

  it("what goes on without an end tells Bob of his own and of nothing of Ada's", async () => {
    const streams = actorRoutes().filter(({ endless }) => endless);
    expect(streams.map(({ path }) => path)).toContain(API_PATHS.runtimeLogsStream);
    for (const { path } of streams) {
      const answer = await listen(`${stack.info().api}${path}`, bob.cookie);
      expect([path, answer.status]).toEqual([path, 200]);
      expect(answer.body).toContain("event: ");
      showsNothingOfAda(answer);
    }
  });

  it("whoever opened and left a stream many times is still let in", async () => {
    const statuses = new Set<number>();
    for (let visit = 0; visit < 50; visit += 1) {
      const stop = new AbortController();
      const url = `${stack.info().api}${API_PATHS.runtimeLogsStream}`;
      const response = await fetch(url, { headers: { cookie: bob.cookie }, signal: stop.signal });
      statuses.add(response.status);
      await response.body?.getReader().read();
      stop.abort();
    }
    expect([...statuses]).toEqual([200]);
  });

  it("a spoofed user id is refused on every route, with Bob's session, with a wrong key, and without either", async () => {
    const spoofs: Record<string, string>[] = [
      { cookie: bob.cookie, [USER_ID_HEADER]: ada.userId },
      { [USER_ID_HEADER]: ada.userId },
      { [USER_ID_HEADER]: ada.userId, [INTERNAL_KEY_HEADER]: "0".repeat(64) },
      { cookie: bob.cookie, [USER_ID_HEADER]: ada.userId, [INTERNAL_KEY_HEADER]: "0".repeat(64) },
    ];
    for (const route of routes.filter((each) => each.path.startsWith("/api/") || each.path.startsWith("/web/"))) {
      for (const headers of spoofs) {
        const response = await fetch(`${stack.info().api}${withIds(route.path, foreign)}`, {
          method: route.method,
          headers: { ...headers, origin: stack.info().api, "sec-fetch-site": "same-origin" },
        });
        expect([401, 403], `${route.method} ${route.path} ${JSON.stringify(Object.keys(headers))}`).toContain(
          response.status,
        );
        showsNothingOfAda({ headers: response.headers, body: await response.text() });
      }
    }
  });

  it("a user id in query or body changes nothing", async () => {
    const answer = await bob.browser.call("GET", `${API_PATHS.instance}?user_id=${ada.userId}&userId=${ada.userId}`);
    showsNothingOfAda(answer);
    const created = await bob.browser.call("POST", API_PATHS.instance, {
      desired: "running",
      user_id: ada.userId,
      userId: ada.userId,
    });
    showsNothingOfAda(created);
    expect([answer.status, created.status]).toEqual([200, 202]);
  });

  it("nobody at all is let in anywhere", async () => {
    for (const route of actorRoutes()) {
      const response = await fetch(`${stack.info().api}${withIds(route.path, foreign)}`, { method: route.method });
      expect(response.status, `${route.method} ${route.path}`).toBe(401);
      showsNothingOfAda({ headers: response.headers, body: await response.text() });
    }
  });

  it("Bob's gateway token opens Bob's gateway and not Ada's", async () => {
    const bobs = await bob.browser.data(ConnectInfo, "POST", API_PATHS.runtimeConnect);
    const adas = await ada.browser.data(ConnectInfo, "POST", API_PATHS.runtimeConnect);
    expect(bobs.token).not.toBe(adas.token);
    expect(bobs.url).not.toBe(adas.url);
    const outcome = await connectDevice({
      url: adas.url,
      token: bobs.token,
      identity: newDeviceIdentity(),
      profile: CLI_PROFILE,
    });
    expect(outcome).toEqual({ state: "refused", code: "AUTH_TOKEN_MISMATCH", requestId: undefined });
  });

  it("a runtime answers only its own service token", async () => {
    const host = stack.info().runtimeHost;
    for (const who of [ada, bob]) {
      const instance = (await serviceCaller(stack, who.userId).call("GET", API_PATHS.instance)).body;
      const id = z.object({ data: z.object({ instance: z.object({ instance_id: z.string() }) }) }).parse(instance).data
        .instance.instance_id;
      for (const headers of [
        {},
        { [SERVICE_TOKEN_HEADER]: "0".repeat(64) },
        { [SERVICE_TOKEN_HEADER]: stack.info().secrets.OA_FLEET_KEY },
      ]) {
        const response = await fetch(`${host}/i/${id}/v1/status`, { headers });
        expect(response.status).toBe(401);
      }
    }
  });
});

/** What a stream says in its first two seconds. */
async function listen(url: string, cookie: string): Promise<{ status: number; headers: Headers; body: string }> {
  const response = await fetch(url, { headers: { cookie }, signal: AbortSignal.timeout(2_000) });
  const decoder = new TextDecoder();
  const stream: ReadableStream<Uint8Array> | null = response.body;
  let body = "";
  try {
    for await (const chunk of stream ?? []) body += decoder.decode(chunk, { stream: true });
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "TimeoutError")) throw error;
  }
  return { status: response.status, headers: response.headers, body };
}

/** A body that fits the route's schema and names nothing that exists. */
function restoreBody(route: Route, id: string): unknown {
  return route.path === API_PATHS.runtimeRestore ? { id } : {};
}

function withoutRequestId(body: unknown): unknown {
  const text = JSON.stringify(body);
  const parsed: unknown = JSON.parse(text.replaceAll(/"request_id":"[^"]*"/g, '"request_id":""'));
  return parsed;
}
