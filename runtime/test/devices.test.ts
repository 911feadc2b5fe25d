import { readFile } from "node:fs/promises";
import { connect as tcpConnect } from "node:net";
import { DeviceDecision, DeviceRemoval, RuntimeEvent } from "@oa/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import * as z from "zod";
import { CLI_PROFILE, browserProfile, connectDevice, newDeviceIdentity } from "./support/device.ts";
import { serverSentEvents } from "./support/serverSentEvents.ts";
import { TestHost, TestInstance, until } from "./support/testHost.ts";

/** Two people's instances on one host, with real gateways; devices come through the forwarded path. */
describe("devices of a hosted gateway", () => {
  let host: TestHost;
  let ada: TestInstance;
  let ben: TestInstance;
  let phases: string[];
  let address: { url: string; token: string };

  beforeAll(async () => {
    host = await TestHost.start();
    ada = new TestInstance(host, "adaadaada1");
    ben = new TestInstance(host, "benbenben1");
    await host.put(ada.id, ada.spec());
    await host.put(ben.id, ben.spec());
    phases = await host.ready(ada.id);
    await host.ready(ben.id);
    address = await ada.connectInfo();
  });
  afterAll(() => host.dispose());

  it("comes up step by step, and says it is healthy once the gateway is ready", async () => {
    expect(phases.at(-1)).toBe("ready");
    expect(phases).toContain("boot");
    const status = await ada.status();
    expect(status.gateway).toMatchObject({ status: "running", restarts: 0 });
    expect(status.health).toEqual({ ok: true, failing: [] });
    expect(status.jobs?.running).toBeNull();
  });

  it("lets a new device wait for its owner, tells who asks for what and from where, and lets it in once approved", async () => {
    const identity = newDeviceIdentity();
    const laptop = { ...address, identity, profile: CLI_PROFILE };
    const first = await connectDevice(laptop);
    expect(first).toMatchObject({ state: "refused", code: "PAIRING_REQUIRED" });

    const { pending } = await ada.devices();
    const request = pending.find((one) => one.deviceId === identity.deviceId);
    expect(request).toMatchObject({
      client: { id: "cli", mode: "cli", platform: "darwin", displayName: "Ada's laptop" },
      role: "operator",
      scopes: ["operator.read", "operator.write"],
      remoteIp: "127.0.0.1",
    });
    expect((request?.expiresAt ?? 0) - (request?.requestedAt ?? 0)).toBe(5 * 60_000);

    const approve = `/v1/devices/${request?.requestId}/approve`;
    expect((await ada.call("POST", approve, DeviceDecision)).data).toEqual({
      approved: true,
      requestId: request?.requestId,
    });
    // A second click gets the first answer; the opposite is told that it is too late.
    expect((await ada.call("POST", approve, DeviceDecision)).data.approved).toBe(true);
    expect((await ada.call("POST", `/v1/devices/${request?.requestId}/reject`, DeviceDecision)).error?.code).toBe(
      "conflict",
    );

    const second = await connectDevice(laptop);
    if (second.state !== "connected") throw new Error(`refused: ${second.code}`);
    expect(second.deviceToken).toBeDefined();
    second.close();
    // From now on it needs no secret of the instance, only its own.
    const third = await connectDevice({ ...laptop, token: second.deviceToken ?? "" });
    if (third.state !== "connected") throw new Error(`refused: ${third.code}`);
    await until("it is shown as connected", async () =>
      (await ada.devices()).paired.some((device) => device.deviceId === identity.deviceId && device.connected),
    );

    // Removed, it is out at once and its token is worth nothing.
    expect((await ada.call("DELETE", `/v1/devices/${identity.deviceId}`, DeviceRemoval)).data.removed).toBe(true);
    await third.closed;
    expect(await connectDevice({ ...laptop, token: second.deviceToken ?? "" })).toMatchObject({ state: "refused" });
    expect((await ada.call("DELETE", `/v1/devices/${identity.deviceId}`, DeviceRemoval)).error?.code).toBe("not_found");
  });

  it("keeps a rejected device out", async () => {
    const device = { ...address, identity: newDeviceIdentity(), profile: CLI_PROFILE };
    const asked = await connectDevice(device);
    const requestId = asked.state === "refused" ? asked.requestId : undefined;
    expect((await ada.call("POST", `/v1/devices/${requestId}/reject`, DeviceDecision)).data.approved).toBe(false);
    const again = await connectDevice(device);
    expect(again).toMatchObject({ state: "refused", code: "PAIRING_REQUIRED" });
    expect(again.state === "refused" && again.requestId).not.toBe(requestId);
  });

  it("shows what a paired node wants to be allowed as a second request", async () => {
    const profile = {
      client: { id: "node-host", mode: "node", platform: "linux", version: "1.0.0", displayName: "Ada's server" },
      role: "node" as const,
      scopes: [],
      commands: ["system.run"],
    };
    const node = { ...address, identity: newDeviceIdentity(), profile };
    const asked = await connectDevice(node);
    await ada.call("POST", `/v1/devices/${asked.state === "refused" ? asked.requestId : ""}/approve`, DeviceDecision);
    const connected = await connectDevice(node);
    expect(connected.state).toBe("connected");
    let requestId = "";
    await until("the node's wish is listed", async () => {
      const wish = (await ada.devices()).pending.find((one) => one.deviceId === node.identity.deviceId);
      requestId = wish?.requestId ?? "";
      return wish?.scopes.includes("system.run") ?? false;
    });
    expect((await ada.call("POST", `/v1/devices/${requestId}/approve`, DeviceDecision)).data.approved).toBe(true);
    if (connected.state === "connected") connected.close();
  });

  it("never pairs a device silently, whatever it says of itself and however it connects", async () => {
    const attempts: Record<string, string>[] = [
      {},
      { "x-forwarded-for": "127.0.0.1" },
      { forwarded: "for=127.0.0.1;host=localhost", "x-real-ip": "127.0.0.1" },
      { host: "localhost", "x-forwarded-host": "localhost" },
      { "x-forwarded-user": "owner@example.com", "tailscale-user-login": "owner@example.com" },
    ];
    for (const headers of attempts) {
      const answer = await connectDevice({ ...address, identity: newDeviceIdentity(), profile: CLI_PROFILE, headers });
      expect({ headers, ...answer }).toMatchObject({ headers, state: "refused", code: "PAIRING_REQUIRED" });
    }
    // Nor does the host's own way in work from outside: without a device there are no scopes.
    const { scopes } = await backendHello(address);
    expect(scopes).toEqual([]);
  });

  it("gives nobody a raw connection to the gateway after an upgrade it did not accept", async () => {
    const { port } = new URL(host.url);
    const smuggled = `GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`;
    const answer = await rawRequest(Number(port), [
      // Not a WebSocket handshake the gateway can accept: no key, no version.
      `GET /i/${ada.id}/gateway HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n`,
      smuggled,
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 [45]\d\d/);
    expect(answer).not.toContain("ready");
  });

  it("serves the Control UI under the forwarded path and nothing else of the gateway", async () => {
    const page = await fetch(`${host.url}/i/${ada.id}/gateway/`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain(`/i/${ada.id}/gateway`);
    for (const path of [
      `/i/${ada.id}/readyz`,
      `/i/${ada.id}/gateway/%2e%2e/readyz`,
      `/readyz`,
      `/i/${ada.id}/gateway/../../../readyz`,
    ]) {
      const answer = await rawRequest(Number(new URL(host.url).port), [
        `GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
      ]);
      expect({ path, status: answer.split(" ")[1] }).toEqual({ path, status: "404" });
    }
  });

  it("refuses a browser from another site", async () => {
    const browser = { ...address, identity: newDeviceIdentity() };
    expect(await connectDevice({ ...browser, profile: browserProfile("https://evil.example") })).toMatchObject({
      state: "refused",
      code: "CONTROL_UI_ORIGIN_NOT_ALLOWED",
    });
    expect(await connectDevice({ ...browser, profile: browserProfile(host.url) })).toMatchObject({
      code: "PAIRING_REQUIRED",
    });
  });

  it("pushes a request to whoever listens, without being asked", async () => {
    const stop = new AbortController();
    const stream = await fetch(`${host.url}/i/${ada.id}/v1/events`, {
      headers: { "x-openagents-service-token": ada.token },
      signal: stop.signal,
    });
    const identity = newDeviceIdentity();
    const seen = eventsUntil(
      stream,
      (event) => event.devices?.pending.some((one) => one.deviceId === identity.deviceId) ?? false,
    );
    await connectDevice({ ...address, identity, profile: CLI_PROFILE });
    expect(await seen).toMatchObject({ instance_id: ada.id, generation: 1, gateway: { status: "running" } });
    stop.abort();
  });

  it("shows one person nothing of another's instance", async () => {
    const identity = newDeviceIdentity();
    const asked = await connectDevice({ ...address, identity, profile: CLI_PROFILE });
    const requestId = asked.state === "refused" ? asked.requestId : "";
    // Ben's own token opens Ben's instance only, and knows nothing of Ada's requests and devices.
    expect((await ben.devices()).pending).toEqual([]);
    const foreign = await ben.call("POST", `/v1/devices/${requestId}/approve`, DeviceDecision);
    const unknown = await ben.call("POST", `/v1/devices/${"0".repeat(36)}/approve`, DeviceDecision);
    expect(foreign.status).toBe(404);
    expect(foreign.error).toEqual(unknown.error);
    const wrong = await host.runtime(ada.id, ben.token, "GET", "/v1/status", z.unknown());
    const nobody = await host.runtime("nosuchinstance", ben.token, "GET", "/v1/status", z.unknown());
    expect(wrong.status).toBe(401);
    expect(nobody.error).toEqual(wrong.error);
    // Ben's gateway does not let Ada's token in.
    const bens = await ben.connectInfo();
    expect(await connectDevice({ ...bens, token: address.token, identity, profile: CLI_PROFILE })).toMatchObject({
      code: "AUTH_TOKEN_MISMATCH",
    });
  });

  it("writes no secret into a log, and gives a gateway no variable of the host", async () => {
    const secrets = [ada.token, ben.token, address.token, (await ben.connectInfo()).token, "must-not-reach-a-gateway"];
    const lines = [...(await ada.logs()), ...(await ben.logs()), host.output];
    expect(lines.length).toBeGreaterThan(20);
    for (const secret of secrets) expect(lines.some((line) => line.includes(secret))).toBe(false);
    for (const pid of await host.processes()) {
      const environ = await readFile(`/proc/${pid}/environ`, "utf8");
      for (const secret of secrets) expect(environ.includes(secret)).toBe(false);
    }
  });
});

/** What the host itself would send, from outside. */
async function backendHello(address: { url: string; token: string }): Promise<{ scopes: string[] }> {
  const socket = new WebSocket(address.url);
  try {
    return await new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.on("message", (data: Buffer) => {
        const frame = z
          .looseObject({ event: z.string().optional(), ok: z.boolean().optional() })
          .parse(JSON.parse(data.toString("utf8")));
        if (frame.event === "connect.challenge") {
          const client = { id: "gateway-client", version: "1.0.0", platform: "linux", mode: "backend" };
          const params = {
            minProtocol: 4,
            maxProtocol: 4,
            client,
            role: "operator",
            scopes: ["operator.admin"],
            caps: [],
            commands: [],
            permissions: {},
            auth: { token: address.token },
          };
          socket.send(JSON.stringify({ type: "req", id: "1", method: "connect", params }));
        } else if (frame.ok === true)
          resolve(
            z.object({ payload: z.object({ auth: z.object({ scopes: z.array(z.string()) }) }) }).parse(frame).payload
              .auth,
          );
        else if (frame.ok === false) resolve({ scopes: [] });
      });
    });
  } finally {
    socket.terminate();
  }
}

/** Sends bytes as they are and answers everything that comes back until the other side closes. */
function rawRequest(port: number, parts: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tcpConnect({ host: "127.0.0.1", port });
    const chunks: Buffer[] = [];
    socket.setTimeout(10_000, () => socket.destroy());
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.once("error", reject);
    socket.once("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
    for (const part of parts) socket.write(part);
  });
}

/** Reads server-sent events until one fits. */
async function eventsUntil(
  response: Response,
  fits: (event: z.infer<typeof RuntimeEvent>) => boolean,
): Promise<z.infer<typeof RuntimeEvent>> {
  for await (const { data } of serverSentEvents(response)) {
    const parsed = RuntimeEvent.safeParse(JSON.parse(data));
    if (parsed.success && fits(parsed.data)) return parsed.data;
  }
  throw new Error("the stream ended");
}
