import { ModelProvider } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { type JsonObject, asObject } from "./json.ts";
import { type ModelAccess, withModels } from "./models.ts";

const model = (id: string) => ({ id, name: id.toUpperCase(), contextWindow: 1000, maxTokens: 100 });
const CREDITS: ModelAccess = {
  inference: { baseUrl: "https://api.example/v1", apiKey: "sk-prov-secret", models: [model("m1"), model("m2")] },
};
const KEYS: ModelAccess = { providerKeys: { openai: "sk-openai-secret", xai: "xai-secret-secret" } };
const NOTHING: ModelAccess = {};

const ref = (id: string) => ({ source: "file", provider: "oa", id });
const models = (config: JsonObject) => asObject(config["models"]);
const providers = (config: JsonObject) => asObject(models(config)["providers"]);
const choice = (config: JsonObject) => asObject(asObject(config["agents"])["defaults"])["model"];
const chosen = (value: string | JsonObject): JsonObject => ({ agents: { defaults: { model: value } } });

/** One configuration after another, as the host writes them. */
function through(...steps: ModelAccess[]): JsonObject {
  return steps.reduce(withModels, { plugins: { allow: ["memory-core"] } });
}

describe("models on credits", () => {
  it("are the managed ones and no others, the first by default", () => {
    const config = through(CREDITS);
    expect(models(config)["mode"]).toBe("replace");
    expect(Object.keys(providers(config))).toEqual(["managed"]);
    expect(choice(config)).toEqual({ primary: "managed/m1" });
  });

  it("leave an owner who wants to see other providers too to it", () => {
    const config = withModels({ ...through(CREDITS), models: { ...models(through(CREDITS)), mode: "merge" } }, CREDITS);
    expect(models(config)["mode"]).toBe("merge");
  });

  it.each<[string, string | JsonObject, unknown]>([
    ["a managed model on offer stays", { primary: "managed/m2" }, { primary: "managed/m2" }],
    ["one that is not offered any more is replaced", { primary: "managed/old" }, { primary: "managed/m1" }],
    ["a plain name too", "managed/old", { primary: "managed/m1" }],
    ["a plain name that is the owner's own stays as it is", "mine/model", "mine/model"],
    ["a provider of the owner's stays", { primary: "anthropic/claude" }, { primary: "anthropic/claude" }],
    [
      "fallbacks nobody can call go, the others stay in their order",
      { primary: "managed/m2", fallbacks: ["x/y", "managed/old", "managed/m1"] },
      { primary: "managed/m2", fallbacks: ["x/y", "managed/m1"] },
    ],
  ])("%s", (_what, before, after) => {
    expect(choice(withModels(chosen(before), CREDITS))).toEqual(after);
  });
});

describe("models with the owner's own keys", () => {
  it("are those of OpenClaw's own providers; the default is the first one's", () => {
    const config = through(KEYS);
    expect(models(config)["mode"]).toBeUndefined();
    expect(providers(config)).toEqual({
      openai: { apiKey: ref("/providerKeys/openai") },
      xai: { apiKey: ref("/providerKeys/xai") },
    });
    expect(choice(config)).toEqual({ primary: "openai/gpt-6-astra" });
    expect(config["plugins"]).toEqual({
      allow: ["memory-core", "openai", "xai"],
      entries: { openai: { enabled: true }, xai: { enabled: true } },
    });
  });

  it("keep what the owner has set for a provider, and only the key is ours", () => {
    const owners = { openai: { baseUrl: "https://proxy.example/v1", apiKey: "pasted" }, groq: { apiKey: "mine" } };
    const config = withModels({ models: { providers: owners } }, KEYS);
    expect(providers(config)["openai"]).toEqual({
      baseUrl: "https://proxy.example/v1",
      apiKey: ref("/providerKeys/openai"),
    });
    expect(providers(config)["groq"]).toEqual({ apiKey: "mine" });
    expect(providers(withModels(config, NOTHING))).toEqual({
      openai: { baseUrl: "https://proxy.example/v1" },
      groq: { apiKey: "mine" },
    });
  });

  it("leave a plugin disabled that the owner has disabled, and make no list of allowed ones", () => {
    const config = withModels({ plugins: { entries: { openai: { enabled: false } } } }, KEYS);
    expect(config["plugins"]).toEqual({ entries: { openai: { enabled: false }, xai: { enabled: true } } });
  });

  it("every provider of the contract has a plugin and a model of its own to start with", () => {
    for (const provider of ModelProvider.options) {
      const { primary } = asObject(choice(through({ providerKeys: { [provider]: "a-key-of-theirs" } })));
      expect(primary).toMatch(new RegExp(`^${provider}/.`));
    }
  });
});

describe("from one to the other, and back", () => {
  it("the managed endpoint goes with the first key, and its models are no choice any more", () => {
    const config = through(CREDITS, KEYS);
    expect(models(config)["mode"]).toBe("merge");
    expect(Object.keys(providers(config)).sort()).toEqual(["openai", "xai"]);
    expect(choice(config)).toEqual({ primary: "openai/gpt-6-astra" });
  });

  it("the managed endpoint comes back with the last key gone, and no reference to a key is left", () => {
    const config = through(CREDITS, KEYS, CREDITS);
    expect(models(config)["mode"]).toBe("replace");
    expect(Object.keys(providers(config))).toEqual(["managed"]);
    expect(choice(config)).toEqual({ primary: "managed/m1" });
  });

  it("with the key of the chosen model gone, another key's model is the default", () => {
    expect(choice(through(KEYS, { providerKeys: { xai: "xai-secret-secret" } }))).toEqual({ primary: "xai/grok-4.7" });
    const owns = withModels(
      { ...through(KEYS), ...chosen({ primary: "xai/grok-mini" }) },
      { providerKeys: KEYS.providerKeys ?? {} },
    );
    expect(choice(owns)).toEqual({ primary: "xai/grok-mini" });
  });

  it("with neither, what the host gave is taken back and nothing is hidden", () => {
    const config = through(CREDITS, NOTHING);
    expect(models(config)).toEqual({ mode: "merge", providers: {} });
    expect(choice(config)).toEqual({});
  });

  it("nothing is written twice, and no secret ever", () => {
    for (const steps of [[CREDITS], [KEYS], [CREDITS, KEYS], [KEYS, CREDITS], [CREDITS, NOTHING]]) {
      const config = through(...steps);
      expect(withModels(config, steps.at(-1) ?? NOTHING)).toEqual(config);
      expect(JSON.stringify(config)).not.toContain("secret");
    }
  });
});
