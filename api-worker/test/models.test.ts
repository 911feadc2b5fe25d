import { InstanceAccepted, ProviderKeyList } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { containing, matching, openWorld } from "./support/world.ts";
import type { TestWorld } from "./support/world.ts";

const KEYS = "/api/openclaw/provider-keys";
const ROTATE = "/api/openclaw/inference-key/rotate";
const OPENAI = "sk-openai-0123456789-ABCD";

/** A world whose Worker answers model calls. */
const openModels = (more: Record<string, string> = {}) =>
  openWorld({
    OA_PUBLIC_URL: "https://app.example.com",
    INFERENCE_ENDPOINT: "http://127.0.0.1:9/v1",
    INFERENCE_API_KEY: "double_key",
    INFERENCE_MODELS: "gpt-4o-mini,gpt-4o,text-embedding-3-small",
    ...more,
  });

/** The same with a user's OpenClaw up and running. */
async function running(more: Record<string, string> = {}): Promise<TestWorld> {
  const world = await openModels(more);
  await world.as("ada", "POST", "/api/openclaw/instance", {});
  expect((await world.drive("ada")).last).toEqual({ outcome: "settled" });
  return world;
}

const put = (world: TestWorld, keys: Record<string, string | null>) => world.as("ada", "PUT", KEYS, { keys });
const lastSpec = async (world: TestWorld) => (await world.state()).fleet.puts.at(-1)?.spec;
const stepOf = async (world: TestWorld) =>
  (await world.state()).convex.instances[0]?.steps.find(({ name }) => name === "inference_key");
const instanceKeys = async (world: TestWorld) =>
  (await world.state()).convex.credits.keys.filter(({ key }) => key.instance_id !== null);

describe("a hosted OpenClaw on credits", () => {
  it("gets a key of its own, which is the account's before the fleet has it", async () => {
    const world = await running();
    const { convex } = await world.state();
    const secret = convex.secrets["ada/inference_key"] ?? "";
    expect(secret).toMatch(/^sk-prov-[0-9A-Za-z]{49}$/);
    expect(await instanceKeys(world)).toMatchObject([
      { user_id: "ada", secret_hash: matching(/^[0-9a-f]{64}$/), key: { prefix: secret.slice(0, 12) } },
    ]);
    expect(await stepOf(world)).toMatchObject({ state: "done", detail: null });
    expect(await lastSpec(world)).toMatchObject({
      inference: {
        baseUrl: "https://app.example.com/v1",
        apiKey: secret,
        models: [
          { id: "gpt-4o-mini", maxTokens: 16_384 },
          { id: "gpt-4o", maxTokens: 16_384 },
        ],
      },
      digest: matching(/^[0-9a-f]{64}$/),
    });
    expect(JSON.stringify(convex.instances)).not.toContain(secret);
    expect(JSON.stringify(convex.audit)).not.toContain(secret);
  });

  it("is not touched again while nothing changes, and no secret is read", async () => {
    const world = await running();
    await world.fault("convex", {
      path: "/control/openclaw/instance/secret",
      method: "GET",
      fault: { kind: "refuse", status: 500, code: "internal" },
      times: 1,
    });
    expect(await world.pass("ada")).toEqual({ outcome: "settled" });
    expect((await world.state()).fleet.puts).toHaveLength(1);
  });

  it("crashes at any write on the way to its key never give it two", async () => {
    const lost = { kind: "lost_reply" } as const;
    for (const [path, method] of [
      ["/control/openclaw/instance/secret", "POST"],
      ["/control/keys/instance", "POST"],
      ["/control/openclaw/instance/step", "POST"],
      ["/control/openclaw/instance/by-id", "GET"],
    ] as const) {
      for (let skip = 0; skip < 2; skip += 1) {
        const world = await openModels();
        await world.as("ada", "POST", "/api/openclaw/instance", {});
        await world.fault("convex", { path, method, fault: lost, times: 1 + skip });
        let outcome = "";
        for (let passes = 0; passes < 15 && outcome !== "settled"; passes += 1) {
          outcome = await world.pass("ada").then(
            ({ outcome }) => outcome,
            () => "lost",
          );
        }
        expect({ path, outcome }).toEqual({ path, outcome: "settled" });
        expect(await instanceKeys(world)).toHaveLength(1);
        const { convex } = await world.state();
        expect((await lastSpec(world))?.inference?.apiKey).toBe(convex.secrets["ada/inference_key"]);
      }
    }
  });

  it("reaches the Worker at the address its operator names for gateways", async () => {
    const world = await running({ OPENCLAW_INFERENCE_URL: "https://inside.example.com/v1" });
    expect((await lastSpec(world))?.inference?.baseUrl).toBe("https://inside.example.com/v1");
  });

  it("that was given other models than are on offer now is given those, without a new generation", async () => {
    const world = await running();
    const [row] = (await world.state()).convex.instances;
    const given = await lastSpec(world);
    await world.set(["fleet", "machines", row?.instance_id ?? "", "spec", "digest"], "0".repeat(64));
    expect((await world.drive("ada")).last).toEqual({ outcome: "settled" });
    const { fleet, convex } = await world.state();
    expect(fleet.puts).toHaveLength(2);
    expect(fleet.puts[1]?.spec).toEqual(given);
    expect(convex.instances[0]).toMatchObject({ status: "ready", generation: row?.generation });
  });
});

describe("where no model call is answered", () => {
  it("the step says so, and the OpenClaw comes up without", async () => {
    const world = await openWorld();
    await world.as("ada", "POST", "/api/openclaw/instance", {});
    expect((await world.drive("ada")).last).toEqual({ outcome: "settled" });
    expect(await stepOf(world)).toMatchObject({
      state: "skipped",
      detail: containing("No model endpoint is configured"),
    });
    expect((await lastSpec(world))?.inference).toBeUndefined();
    expect(await instanceKeys(world)).toEqual([]);
  });

  it("names the variable where gateways cannot be told the address", async () => {
    const world = await openModels({ OA_PUBLIC_URL: "" });
    await world.as("ada", "POST", "/api/openclaw/instance", {});
    await world.drive("ada");
    expect(await stepOf(world)).toMatchObject({ state: "skipped", detail: containing("OA_PUBLIC_URL") });
  });

  it("an endpoint whose list cannot be had holds a start up, with a reason, and nothing that runs", async () => {
    const world = await openModels({ INFERENCE_MODELS: "" });
    await world.as("ada", "POST", "/api/openclaw/instance", {});
    expect(await world.drive("ada")).toMatchObject({
      last: { outcome: "retry", reason: containing("models on offer cannot be listed") },
    });
    expect((await world.state()).fleet.puts).toEqual([]);
  });
});

describe("own provider keys", () => {
  it("are handed to the runtime instead of the endpoint, in the same generation, and shown by last four", async () => {
    const world = await running();
    const answer = await put(world, { openai: OPENAI });
    expect(answer.status).toBe(200);
    expect(answer.data(ProviderKeyList)).toMatchObject({
      model_source: "own_keys",
      provider_keys: [{ provider: "openai", last_four: "ABCD" }],
    });
    expect(answer.text).not.toContain(OPENAI);
    await world.drive("ada");
    const spec = await lastSpec(world);
    expect(spec).toMatchObject({ generation: 1, providerKeys: { openai: OPENAI } });
    expect(spec?.inference).toBeUndefined();
    expect(await stepOf(world)).toMatchObject({ state: "skipped", detail: "Uses your own provider keys." });
    expect((await world.as("ada", "GET", KEYS)).text).not.toContain(OPENAI);
  });

  it("are audited by provider, never by key", async () => {
    const world = await running();
    await put(world, { openai: OPENAI, anthropic: null });
    await world.as("ada", "DELETE", `${KEYS}?provider=openai`);
    const { audit } = (await world.state()).convex;
    expect(audit.filter(({ action }) => action.startsWith("provider_keys"))).toMatchObject([
      { action: "provider_keys.store", target: "openai,anthropic", result: "started" },
      { action: "provider_keys.store", result: "ok" },
      { action: "provider_keys.remove", target: "openai", result: "started" },
      { action: "provider_keys.remove", result: "ok" },
    ]);
    expect(JSON.stringify(audit)).not.toContain(OPENAI);
  });

  it("the last one gone, models run on credits again, with the key there was", async () => {
    const world = await running();
    const before = await lastSpec(world);
    await put(world, { openai: OPENAI, xai: "xai-0123456789" });
    await world.drive("ada");
    await world.as("ada", "DELETE", `${KEYS}?provider=openai`);
    await world.drive("ada");
    expect((await lastSpec(world))?.providerKeys).toEqual({ xai: "xai-0123456789" });
    expect((await world.as("ada", "DELETE", KEYS)).data(ProviderKeyList)).toEqual({
      model_source: "credits",
      provider_keys: [],
    });
    await world.drive("ada");
    const after = await lastSpec(world);
    expect(after?.providerKeys).toBeUndefined();
    expect(after?.inference).toEqual(before?.inference);
    expect(await stepOf(world)).toMatchObject({ state: "done", detail: null });
  });

  it("that were removed are taken away also while nobody can tell which models credits buy", async () => {
    const world = await openModels({ INFERENCE_MODELS: "" });
    await world.as("ada", "POST", "/api/openclaw/instance", {});
    await put(world, { openai: OPENAI });
    expect((await world.drive("ada")).last).toEqual({ outcome: "settled" });
    await world.as("ada", "DELETE", KEYS);
    expect((await world.drive("ada")).last).toEqual({ outcome: "settled" });
    const spec = await lastSpec(world);
    expect(spec).toMatchObject({ desired: "running", generation: 1 });
    expect(JSON.stringify(spec)).not.toContain(OPENAI);
    const puts = (await world.state()).fleet.puts.length;
    await world.pass("ada");
    expect((await world.state()).fleet.puts).toHaveLength(puts);
  });

  it("need no endpoint of the installation", async () => {
    const world = await openWorld();
    await world.as("ada", "POST", "/api/openclaw/instance", {});
    await put(world, { anthropic: "sk-ant-0123456789" });
    expect((await world.drive("ada")).last).toEqual({ outcome: "settled" });
    expect((await lastSpec(world))?.providerKeys).toEqual({ anthropic: "sk-ant-0123456789" });
  });

  it.each([
    ["an unknown provider", { keys: { skynet: OPENAI } }],
    ["a key that is two words", { keys: { openai: "sk-openai 0123456789" } }],
    ["nothing", { keys: {} }],
  ])("%s is refused before anything is asked", async (_what, body) => {
    const world = await running();
    const answer = await world.as("ada", "PUT", KEYS, body);
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain("0123456789");
    expect((await world.state()).convex.audit.filter(({ action }) => action.startsWith("provider_keys"))).toEqual([]);
  });

  it("without an OpenClaw there is nothing to give them to", async () => {
    const world = await openModels();
    expect((await put(world, { openai: OPENAI })).error().code).toBe("no_instance");
    expect((await world.as("ada", "GET", KEYS)).error().code).toBe("no_instance");
  });

  it("are not taken for a runtime that someone else runs", async () => {
    const world = await openWorld({ OPENCLAW_FLEET: "static", OPENCLAW_RUNTIME_URL: "http://127.0.0.1:9/one" });
    await world.as("ada", "POST", "/api/openclaw/instance", {});
    expect((await put(world, { openai: OPENAI })).error().code).toBe("conflict");
  });
});

describe("a new key for an OpenClaw's model calls", () => {
  it("reaches the runtime, and the old one is kept for a while", async () => {
    const world = await running();
    const old = (await world.state()).convex.secrets["ada/inference_key"];
    const [before] = await instanceKeys(world);
    const answer = await world.as("ada", "POST", ROTATE);
    expect(answer.status).toBe(202);
    expect(answer.data(InstanceAccepted).instance.status).toBe("ready");
    expect((await world.drive("ada")).last).toEqual({ outcome: "settled" });
    const { convex, fleet } = await world.state();
    const secret = convex.secrets["ada/inference_key"];
    expect(secret).not.toBe(old);
    expect(answer.text).not.toContain(secret);
    expect(fleet.puts.map(({ spec }) => spec.inference?.apiKey)).toEqual([old, secret]);
    const [after] = await instanceKeys(world);
    expect(after).toMatchObject({ graced_hash: before?.secret_hash, key: { hash: before?.key.hash } });
    expect(after?.key.rotated_at).not.toBeNull();
  });

  it("needs an OpenClaw that has one", async () => {
    const world = await openWorld();
    expect((await world.as("ada", "POST", ROTATE)).error().code).toBe("no_instance");
    await world.as("ada", "POST", "/api/openclaw/instance", {});
    expect((await world.as("ada", "POST", ROTATE)).error().code).toBe("conflict");
  });
});
