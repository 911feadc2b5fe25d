import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { RestartResult } from "@oa/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLI_PROFILE, connectDevice, newDeviceIdentity } from "./support/device.ts";
import { TestHost, TestInstance, until } from "./support/testHost.ts";

const MAIN = fileURLToPath(new URL("../host/main.ts", import.meta.url));

/** Whatever is killed, the instance comes back by itself, with one gateway. */
describe("an instance survives", () => {
  let host: TestHost;
  let ada: TestInstance;

  beforeAll(async () => {
    host = await TestHost.start();
    ada = new TestInstance(host, "adaadaada2");
    await ada.create();
  });
  afterAll(() => host.dispose());

  it("kill -9 of its gateway: says so, and is ready again", async () => {
    const before = (await ada.status()).gateway.pid ?? 0;
    process.kill(before, "SIGKILL");
    await until("the end is noticed", async () => (await ada.status()).gateway.status === "starting");
    expect((await ada.status()).gateway.reason).toContain("killed");
    await host.ready(ada.id);
    const { gateway } = await ada.status();
    expect(gateway.pid).not.toBe(before);
    expect(gateway.restarts).toBe(1);
    expect(await host.gateways(ada.id)).toEqual([gateway.pid]);
  });

  it("kill -9 of the host: the next host takes the running gateway over, and loses no device", async () => {
    const device = { ...(await ada.connectInfo()), identity: newDeviceIdentity(), profile: CLI_PROFILE };
    await connectDevice(device);
    const before = (await ada.status()).gateway.pid;
    await host.end("SIGKILL");
    expect(await host.gateways(ada.id)).toEqual([before]);
    await host.start();
    await host.ready(ada.id);
    const { gateway } = await ada.status();
    expect(gateway.pid).toBe(before);
    expect(gateway.restarts).toBe(0);
    expect(await host.gateways(ada.id)).toEqual([before]);
    const { pending } = await ada.devices();
    expect(pending.map((request) => request.deviceId)).toContain(device.identity.deviceId);
  });

  it("the end of a gateway that was taken over", async () => {
    const before = (await ada.status()).gateway.pid ?? 0;
    process.kill(before, "SIGKILL");
    await until("another gateway runs", async () => ![before, undefined].includes((await ada.status()).gateway.pid));
    await host.ready(ada.id);
    expect(await host.gateways(ada.id)).toHaveLength(1);
  });

  it("a second host on the same folder: it is refused, and nothing happens to the first", () => {
    const second = spawnSync(process.execPath, [MAIN, "--port", "0", "--data-dir", host.dataDir], {
      env: { PATH: process.env["PATH"], OA_FLEET_KEY: "another-key-0123456789" },
      encoding: "utf8",
      timeout: 30_000,
    });
    expect(second.status).toBe(75);
    expect(second.stderr).toContain("Another runtime host");
  });

  it("kill -9 of host and gateway in the middle of a boot", async () => {
    const restart = ada.call("POST", "/v1/gateway/restart", RestartResult).catch(() => undefined);
    await until("it boots", async () => (await host.view(ada.id)).data.phase === "boot");
    await host.end("SIGKILL");
    for (const pid of await host.processes(ada.id)) process.kill(pid, "SIGKILL");
    await restart;
    await host.start();
    await host.ready(ada.id);
    expect(await host.gateways(ada.id)).toHaveLength(1);
  });

  it("a restart: answered when the new gateway is ready", async () => {
    const before = (await ada.status()).gateway.pid;
    const [one, two] = await Promise.all([
      ada.call("POST", "/v1/gateway/restart", RestartResult),
      ada.call("POST", "/v1/gateway/restart", RestartResult),
    ]);
    expect(one.data.gateway.status).toBe("running");
    expect(one.data.gateway.pid).not.toBe(before);
    // The second wish joined the first: one restart, one answer.
    expect(two.data).toEqual(one.data);
    expect((await ada.status()).health.ok).toBe(true);
    expect(await host.gateways(ada.id)).toEqual([one.data.gateway.pid]);
  });

  it("SIGTERM of the host: everything has ended when it has, and comes back with the next one, under another address", async () => {
    expect(await host.end("SIGTERM")).toBe(0);
    expect(await host.processes()).toEqual([]);
    // The next host gives each gateway an origin of its own.
    await host.start(["--gateway-domain", "gateways.test"]);
    await host.ready(ada.id);
    expect(await host.gateways(ada.id)).toHaveLength(1);
    const { url, token } = await ada.connectInfo();
    expect(url).toBe(`ws://${ada.id}.gateways.test`);
    const viaHost = { url: host.url.replace("http", "ws"), headers: { host: `${ada.id}.gateways.test` } };
    const device = { ...viaHost, token, identity: newDeviceIdentity(), profile: CLI_PROFILE };
    expect(await connectDevice(device)).toMatchObject({ state: "refused", code: "PAIRING_REQUIRED" });
    expect((await ada.devices()).pending.map((request) => request.deviceId)).toContain(device.identity.deviceId);
    expect((await fetch(`${host.url}/i/${ada.id}/gateway/`)).status).toBe(404);
  });
});
