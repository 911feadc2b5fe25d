import { mkdir, readdir, writeFile } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import { join } from "node:path";
import { BackupResult, FleetDeletion, FleetInstance, LogPage, RestartResult, RuntimeEvent } from "@oa/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { CLI_PROFILE, connectDevice, newDeviceIdentity } from "./support/device.ts";
import { type ServerSentEvent, serverSentEvents } from "./support/serverSentEvents.ts";
import { TestHost, TestInstance, until } from "./support/testHost.ts";

/** The wire a control plane drives a fleet with. One gateway is enough: most of this is decided before one runs. */
describe("the fleet API", () => {
  let host: TestHost;
  let receiver: Server;
  const events: z.infer<typeof RuntimeEvent>[] = [];
  const keys: unknown[] = [];

  beforeAll(async () => {
    receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        keys.push(request.headers["x-oa-fleet-key"]);
        events.push(RuntimeEvent.parse(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    const address = receiver.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    host = await TestHost.start(["--events-url", `http://127.0.0.1:${port}/events`]);
  });
  afterAll(async () => {
    await host.dispose();
    await new Promise((resolve) => receiver.close(resolve));
  });

  const remove = (id: string, generation: number) =>
    host.fleet("DELETE", `${id}?generation=${generation}`, FleetDeletion);

  it("takes only the fleet key", async () => {
    const spec = new TestInstance(host, "nokeynokey").spec();
    expect((await host.fleet("PUT", "nokeynokey", FleetInstance, spec, "")).error?.code).toBe("unauthorized");
    expect((await host.fleet("PUT", "nokeynokey", FleetInstance, spec, "wrong-key-0123456789")).status).toBe(401);
    expect((await host.view("nokeynokey")).error?.code).toBe("not_found");
  });

  it("names what does not fit, and writes nothing", async () => {
    const bad = await host.put("badbadbad", {
      generation: 0,
      desired: "running",
      env: { OPENAGENTS_SERVICE_TOKEN: "short" },
    });
    expect(bad.error?.code).toBe("invalid_request");
    expect(JSON.stringify(bad.error?.details)).toContain("env.OPENAGENTS_SERVICE_TOKEN");
    expect((await host.put("Not-An-Id", {})).status).toBe(400);
    const one = new TestInstance(host, "badbadbad");
    const version = one.spec(1, { env: { OPENAGENTS_SERVICE_TOKEN: one.token, OPENCLAW_VERSION: "1999.1.1" } });
    expect((await host.put(one.id, version)).error?.code).toBe("unprocessable");
    const lan = one.spec(1, { env: { OPENAGENTS_SERVICE_TOKEN: one.token, OPENCLAW_BIND_MODE: "lan" } });
    expect((await host.put(one.id, lan)).error?.code).toBe("unprocessable");
    expect((await host.view(one.id)).error?.code).toBe("not_found");
  });

  it("answers a creation at once, twenty at a time as one, and reports its way to ready", async () => {
    const ada = new TestInstance(host, "adaadaada3");
    const answers = await Promise.all(Array.from({ length: 20 }, () => host.put(ada.id, ada.spec())));
    for (const answer of answers) expect(answer.data).toMatchObject({ id: ada.id, generation: 1, desired: "running" });
    await host.ready(ada.id);
    expect(await host.gateways(ada.id)).toHaveLength(1);
    await until("its devices are reported", () =>
      Promise.resolve(
        events.some(
          (event) => event.instance_id === ada.id && event.gateway.status === "running" && event.devices !== undefined,
        ),
      ),
    );
    expect(new Set(keys).size).toBe(1);
    expect(events.filter((event) => event.instance_id === ada.id).map((event) => event.gateway.status)).toContain(
      "starting",
    );
  });

  it("refuses a command that was decided on an older incarnation", async () => {
    const ada = new TestInstance(host, "adaadaada3");
    expect((await host.put(ada.id, ada.spec(3))).data.generation).toBe(3);
    const stale = await host.put(ada.id, ada.spec(2, { desired: "stopped" }));
    expect(stale.status).toBe(409);
    expect(stale.error).toMatchObject({ code: "stale_generation", details: { generation: 3 } });
    expect((await remove(ada.id, 2)).error?.code).toBe("stale_generation");
    expect((await host.view(ada.id)).data).toMatchObject({ desired: "running", generation: 3, phase: "ready" });
  });

  it("rotates the service token: the old one works until the new one is used", async () => {
    const ada = new TestInstance(host, "adaadaada3");
    const token = "svc-rotated-0123456789-abcdefghijklmnop";
    const pid = (await ada.status()).gateway.pid;
    await host.put(ada.id, ada.spec(3, { env: { OPENAGENTS_SERVICE_TOKEN: token } }));
    expect((await ada.status()).gateway.pid).toBe(pid);
    expect((await host.runtime(ada.id, token, "GET", "/v1/status", z.unknown())).status).toBe(200);
    expect((await ada.call("GET", "/v1/status", z.unknown())).status).toBe(401);
    await host.put(ada.id, ada.spec(3));
    expect((await ada.status()).gateway.pid).toBe(pid);
  });

  it("changes the gateway's token and model endpoint without a restart", async () => {
    const ada = new TestInstance(host, "adaadaada3");
    const before = await ada.status();
    const { url, token: oldToken } = await ada.connectInfo();
    const token = "gateway-token-chosen-by-the-control-plane";
    const inference = {
      baseUrl: "http://127.0.0.1:9/v1",
      apiKey: "sk-prov-0123456789",
      models: [{ id: "m1", name: "M 1", contextWindow: 100_000, maxTokens: 4_096 }],
    };
    await host.put(
      ada.id,
      ada.spec(3, { env: { OPENAGENTS_SERVICE_TOKEN: ada.token, OPENCLAW_GATEWAY_TOKEN: token }, inference }),
    );
    await until("the new token is shown", async () => (await ada.connectInfo()).token === token);
    const device = { url, identity: newDeviceIdentity(), profile: CLI_PROFILE };
    await until("the gateway takes it", async () => {
      const answer = await connectDevice({ ...device, token });
      return answer.state === "refused" && answer.code === "PAIRING_REQUIRED";
    });
    expect(await connectDevice({ ...device, token: oldToken })).toMatchObject({ code: "AUTH_TOKEN_MISMATCH" });
    const [request] = (await ada.devices()).pending;
    await ada.call("POST", `/v1/devices/${request?.requestId}/approve`, z.unknown());
    const paired = await connectDevice({ ...device, token });
    if (paired.state !== "connected") throw new Error(`refused: ${paired.code}`);
    // While it takes up the new models the gateway answers UNAVAILABLE, as any client of it meets now and then.
    const offered = () => paired.call("models.list").then(JSON.stringify, () => "");
    await until("the model is offered", async () => (await offered()).includes("M 1"));
    paired.close();
    await until("the host has signed in with it", async () => (await ada.call("GET", "/v1/devices", z.unknown())).ok);
    expect((await ada.status()).gateway.pid).toBe(before.gateway.pid);
    expect((await ada.logs()).join("\n")).not.toContain("sk-prov-0123456789");
  });

  it("reports long work while it goes on, and how it ended", async () => {
    const ada = new TestInstance(host, "adaadaada3");
    const reports = () => events.flatMap((event) => (event.instance_id === ada.id ? (event.jobs ?? []) : []));
    const { data } = await ada.call("POST", "/v1/storage/backup", BackupResult);
    const done = () => reports().find(({ last }) => last?.kind === "backup" && last.result === "done")?.last;
    await until("the end is reported", () => Promise.resolve(done() !== undefined));
    const running = reports().flatMap((report) => report.running ?? []);
    expect(new Set(running.map((job) => job.id))).toEqual(new Set([done()?.id]));
    expect(running.length).toBeGreaterThan(0);
    expect((await ada.status()).jobs).toMatchObject({ running: null, last: { id: done()?.id, result: "done" } });
    expect((await ada.status()).lastBackup?.id).toBe(data.id);
    const unknown = await ada.call("POST", "/v1/storage/restore", z.unknown(), { id: "bk_neverwas" });
    expect(unknown.error?.code).toBe("not_found");
    await until("the failure is reported", () =>
      Promise.resolve(reports().some(({ last }) => last?.reason === "There is no such backup.")),
    );
  });

  it("hands out the log while it is written, and from where a reader left off", async () => {
    const ada = new TestInstance(host, "adaadaada3");
    expect((await followLog(ada, { token: "of-somebody-else" })).status).toBe(401);
    const before = serverSentEvents(await followLog(ada));
    const first = LogPage.parse(JSON.parse((await nextEvent(before)).data));
    expect(first.lines.length).toBeGreaterThan(0);
    const restarted = ada.call("POST", "/v1/gateway/restart", RestartResult);
    const seen: string[] = [];
    let last = "";
    // The host's own word, and then one of the gateway it has started.
    while (!/gateway started[^]*\n\[(?!host\])/.test(seen.join("\n"))) {
      const { event, id, data } = await nextEvent(before);
      expect(event).toBe("lines");
      seen.push(...LogPage.parse(JSON.parse(data)).lines.map((line) => line.text));
      last = id ?? "";
    }
    await before.return(undefined);
    expect((await restarted).data.gateway.status).toBe("running");
    const after = serverSentEvents(await followLog(ada, { lastEventId: last }));
    expect(LogPage.parse(JSON.parse((await nextEvent(after)).data)).lines[0]?.seq).toBe(Number(last));
    await after.return(undefined);
  });

  it("stops and starts an instance, and keeps what it holds", async () => {
    const ada = new TestInstance(host, "adaadaada3");
    await host.put(ada.id, ada.spec(4, { desired: "stopped" }));
    await until("it is stopped", async () => (await host.view(ada.id)).data.phase === "stopped");
    expect(await host.processes(ada.id)).toEqual([]);
    expect((await ada.status()).gateway.status).toBe("stopped");
    expect((await ada.call("POST", "/v1/gateway/restart", z.unknown())).error?.code).toBe("conflict");
    expect((await ada.call("GET", "/v1/devices", z.unknown())).error?.code).toBe("gateway_unavailable");
  });

  it("deletes in two steps, however often it is asked, and lets no late command bring it back", async () => {
    const ada = new TestInstance(host, "adaadaada3");
    await host.put(ada.id, ada.spec(5));
    const log = serverSentEvents(await followLog(ada));
    await nextEvent(log);
    // In the middle of a boot, and of a backup.
    const backup = ada.call("POST", "/v1/storage/backup", z.unknown());
    await until("the backup runs", async () => (await ada.status()).jobs?.running?.kind === "backup");
    expect((await remove(ada.id, 6)).data).toEqual({ id: ada.id, state: "deleting" });
    expect((await ada.call("GET", "/v1/status", z.unknown())).status).toBe(401);
    await until("nothing is left", async () => (await remove(ada.id, 6)).data.state === "gone");
    expect((await backup).error).toMatchObject({ code: "conflict", message: "The instance is being deleted." });
    // Nobody goes on following what is not there any more.
    while ((await log.next()).done !== true);
    expect(await host.processes(ada.id)).toEqual([]);
    expect(await readdir(join(host.dataDir, "instances"))).toEqual([]);
    expect((await host.view(ada.id)).error?.code).toBe("not_found");
    expect((await host.put(ada.id, ada.spec(6))).error?.code).toBe("stale_generation");
    expect((await remove("neverwasone", 1)).data.state).toBe("gone");
    expect((await host.put("neverwasone", ada.spec(1))).error?.code).toBe("stale_generation");
  });

  it("gives up on a configuration the gateway refuses, says why, and recovers when it is mended", async () => {
    const ben = new TestInstance(host, "benbenben3");
    const state = join(host.dataDir, "instances", ben.id, "state");
    await mkdir(state, { recursive: true });
    await writeFile(join(state, "openclaw.json"), JSON.stringify({ gateway: { noSuchKey: true } }));
    await host.put(ben.id, ben.spec());
    await until("it is given up", async () => (await host.view(ben.id)).data.final);
    const { data } = await host.view(ben.id);
    expect(data).toMatchObject({ phase: "error", gateway: "error" });
    expect(data.reason).toContain("refuses its configuration");
    expect(data.reason).toContain("noSuchKey");
    await writeFile(join(state, "openclaw.json"), "{}");
    await host.put(ben.id, ben.spec(2));
    await host.ready(ben.id);
  });
});

/** Opens the stream of an instance's log. */
function followLog(instance: TestInstance, as: { token?: string; lastEventId?: string } = {}): Promise<Response> {
  const headers = new Headers({ "x-openagents-service-token": as.token ?? instance.token });
  if (as.lastEventId !== undefined) headers.set("last-event-id", as.lastEventId);
  return fetch(`${instance.host.url}/i/${instance.id}/v1/logs/stream`, { headers });
}

async function nextEvent(events: AsyncGenerator<ServerSentEvent>): Promise<ServerSentEvent> {
  const step: IteratorResult<ServerSentEvent, unknown> = await events.next();
  if (step.done === true) throw new Error("the stream has ended");
  return step.value;
}
