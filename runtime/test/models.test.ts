import { randomUUID } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ModelProvider } from "@oa/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { CLI_PROFILE, type DeviceConnection, connectDevice, newDeviceIdentity } from "./support/device.ts";
import { ModelServer } from "./support/modelServer.ts";
import { TestHost, TestInstance, until } from "./support/testHost.ts";

const Accepted = z.looseObject({ runId: z.string() });
const AuthStatus = z.looseObject({
  providers: z.array(z.looseObject({ provider: z.string(), apiKey: z.looseObject({ source: z.string() }).optional() })),
});

/** Who pays for a gateway's model calls, and how that changes under a person who is talking to it. */
describe("a real gateway's models", () => {
  let host: TestHost;
  let upstream: ModelServer;
  let ada: TestInstance;
  let device: Extract<DeviceConnection, { state: "connected" }>;
  let pid: number | undefined;
  let configFile: string;
  const keys: string[] = [];

  /** A wish of the present generation, with a digest of its own. */
  const give = async (models: object) => {
    const digest = randomUUID().replaceAll("-", "").padEnd(64, "0");
    const { data } = await host.put(ada.id, ada.spec(1, { ...models, digest }));
    expect(data.spec_digest).toBe(digest);
  };
  const credits = (apiKey: string) => {
    keys.push(apiKey);
    const models = [{ id: "m1", name: "M 1", contextWindow: 100_000, maxTokens: 4_096 }];
    return { inference: { baseUrl: upstream.baseUrl, apiKey, models } };
  };
  const own = (providerKeys: Record<string, string>) => {
    keys.push(...Object.values(providerKeys));
    return { providerKeys };
  };
  /** One turn of the agent: what the person reads. */
  const ask = async (): Promise<string> => {
    const params = { message: "hello", sessionKey: "agent:main:main", idempotencyKey: randomUUID(), deliver: false };
    const { runId } = Accepted.parse(await device.call("agent", params));
    return JSON.stringify(await device.call("agent.wait", { runId, timeoutMs: 120_000 }));
  };
  /** Asks until a call comes with this key (a gateway takes a new configuration up within seconds); true in the same process. */
  const used = async (key: string): Promise<boolean> => {
    await until(`${key} is used`, async () => {
      const before = upstream.calls.length;
      const said = await ask().catch(() => "");
      return said.includes(upstream.reply) && upstream.calls.slice(before).some((call) => call.key === key);
    });
    return (await ada.status()).gateway.pid === pid;
  };

  beforeAll(async () => {
    [host, upstream] = await Promise.all([TestHost.start(), ModelServer.start()]);
    ada = new TestInstance(host, "modelsada3");
    // The one thing this owner has configured: their provider is reached by way of a proxy of theirs.
    configFile = join(host.dataDir, "instances", ada.id, "state", "openclaw.json");
    await mkdir(dirname(configFile), { recursive: true });
    const config = { models: { providers: { openai: { baseUrl: upstream.baseUrl } } } };
    await writeFile(configFile, JSON.stringify(config));
    await give(credits("sk-prov-first-0123456789"));
    await host.ready(ada.id);
    pid = (await ada.status()).gateway.pid;
    const { url, token } = await ada.connectInfo();
    const who = { url, token, identity: newDeviceIdentity(), profile: CLI_PROFILE };
    await connectDevice(who);
    const [request] = (await ada.devices()).pending;
    await ada.call("POST", `/v1/devices/${request?.requestId}/approve`, z.unknown());
    const paired = await connectDevice(who);
    if (paired.state !== "connected") throw new Error(`refused: ${paired.code}`);
    device = paired;
  });
  afterAll(async () => {
    device?.close();
    await host?.dispose();
    await upstream?.stop();
  });

  it("on credits, an agent's turn goes to the managed endpoint with the instance's key", async () => {
    expect(await ask()).toContain(upstream.reply);
    expect(upstream.calls.at(-1)).toEqual({
      path: "/v1/chat/completions",
      key: "sk-prov-first-0123456789",
      model: "m1",
    });
  });

  it("a rotated key is the next turn's, in the same process", async () => {
    await give(credits("sk-prov-second-0123456789"));
    expect(await used("sk-prov-second-0123456789")).toBe(true);
  });

  it("credits that are used up are told as an answer; after a top-up the next turn works at once", async () => {
    upstream.reply = "Your credits are used up. Top up at https://example.com/billing, then ask again.";
    expect(await ask()).toContain("Top up at https://example.com/billing");
    expect(await ask()).toContain("Top up at https://example.com/billing");
    upstream.reply = "Here I am again.";
    const before = upstream.calls.length;
    expect(await ask()).toContain("Here I am again.");
    expect(upstream.calls.length).toBeGreaterThan(before);
  });

  it("with a key of the owner's, OpenClaw's own provider calls with it, and none goes to the managed endpoint", async () => {
    await give(own({ openai: "sk-openai-first-0123456789" }));
    expect(await used("sk-openai-first-0123456789")).toBe(true);
    const before = upstream.calls.length;
    await ask();
    expect(upstream.calls.length).toBeGreaterThan(before);
    expect(upstream.calls.slice(before).filter(({ path }) => path !== "/v1/responses")).toEqual([]);
  });

  it("a replaced key is the next turn's", async () => {
    await give(own({ openai: "sk-openai-second-0123456789" }));
    expect(await used("sk-openai-second-0123456789")).toBe(true);
  });

  it("every provider of the contract is one this OpenClaw reads a key for", async () => {
    await give(own(Object.fromEntries(ModelProvider.options.map((id) => [id, `key-of-${id}-0123456789`]))));
    const unread = async (): Promise<string[]> => {
      const { providers } = AuthStatus.parse(await device.call("models.authStatus"));
      const read = new Set(providers.filter(({ apiKey }) => apiKey?.source === "config").map((one) => one.provider));
      return ModelProvider.options.filter((provider) => !read.has(provider));
    };
    // While it takes up the new keys the gateway answers UNAVAILABLE, or names none.
    await expect.poll(() => unread().catch(() => ["unknown"]), { timeout: 120_000 }).toEqual([]);
  });

  it("a turn that goes on while the last key is removed is finished with it, and the next one is on credits", async () => {
    upstream.delayMs = 5_000;
    const before = upstream.calls.length;
    const turn = ask();
    await until("the turn is at the model", () => Promise.resolve(upstream.calls.length > before));
    await give(credits("sk-prov-third-0123456789"));
    expect(await turn).toContain(upstream.reply);
    upstream.delayMs = 0;
    expect(upstream.calls.at(-1)?.key).toBe("key-of-openai-0123456789");
    expect(await used("sk-prov-third-0123456789")).toBe(true);
  });

  it("no key was ever in its log, its configuration or the host's output", async () => {
    const config = await readFile(configFile, "utf8");
    expect(JSON.parse(config)).toMatchObject({ models: { providers: { openai: { baseUrl: upstream.baseUrl } } } });
    const everything = [config, host.output, ...(await ada.logs())].join("\n");
    expect(keys.length).toBeGreaterThan(5);
    for (const key of keys) expect(everything).not.toContain(key);
  });
});
