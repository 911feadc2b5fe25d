import type { ListedModel } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { digestOf, modelsForGateway } from "./modelPlan.ts";
import type { ModelPlan } from "./modelPlan.ts";

function listed(id: string, change: Partial<ListedModel> = {}): ListedModel {
  return {
    id,
    object: "model",
    created: 0,
    owned_by: "",
    context_window: 200_000,
    max_output_tokens: 8_192,
    pricing_usd_per_million: { input: 1, output: 2, cache_read: 1, cache_write: 1 },
    ...change,
  };
}
const ids = (models: { id: string }[]) => models.map(({ id }) => id);

describe("the models a gateway is told of", () => {
  it("come in the operator's order, whose first is the default", () => {
    const offered = [listed("a"), listed("b"), listed("c")];
    expect(ids(modelsForGateway(offered, ["c", "a", "b"]))).toEqual(["c", "a", "b"]);
  });

  it("without one, the newest first", () => {
    const offered = [listed("old", { created: 1 }), listed("b", { created: 9 }), listed("a", { created: 9 })];
    expect(ids(modelsForGateway(offered, null))).toEqual(["a", "b", "old"]);
  });

  it("can talk: no embeddings, voices, pictures, and none whose window OpenClaw's own prompt fills", () => {
    const free = { input: 1, output: 0, cache_read: 0, cache_write: 0 };
    const offered = [
      listed("gpt-5"),
      listed("text-embedding-3-small"),
      listed("bge-m3", { pricing_usd_per_million: free }),
      listed("gpt-4o-mini-tts"),
      listed("gpt-realtime"),
      listed("dall-e-3"),
      listed("gpt-3", { context_window: 4_096 }),
    ];
    expect(ids(modelsForGateway(offered, null))).toEqual(["gpt-5"]);
  });

  it("are thirty at most, and an answer has a length that a hold can cover", () => {
    const many = Array.from({ length: 100 }, (_, index) => listed(`m${index}`, { max_output_tokens: 128_000 }));
    const models = modelsForGateway(many, null);
    expect(models).toHaveLength(30);
    expect(new Set(models.map(({ maxTokens }) => maxTokens))).toEqual(new Set([16_384]));
    const [unknown] = modelsForGateway([listed("x", { context_window: null, max_output_tokens: null })], null);
    expect(unknown).toEqual({ id: "x", name: "x", contextWindow: 128_000, maxTokens: 16_384 });
  });
});

describe("the digest of what a fleet is given", () => {
  const instance = { secret_versions: { service_token: 1, inference_key: 1, provider_keys: 1 } };
  const credits = (id: string): ModelPlan => ({
    kind: "credits",
    inference: { baseUrl: "https://x/v1", models: [{ id, name: id, contextWindow: 1, maxTokens: 1 }] },
  });
  const at = (change: Partial<typeof instance.secret_versions>) => ({
    secret_versions: { ...instance.secret_versions, ...change },
  });

  it("differs with each thing that matters, and only with that", () => {
    const digests = [
      digestOf(instance, credits("a")),
      digestOf(instance, credits("b")),
      digestOf(at({ inference_key: 2 }), credits("a")),
      digestOf(at({ service_token: 2 }), credits("a")),
      digestOf(instance, { kind: "own_keys" }),
      digestOf(at({ provider_keys: 2 }), { kind: "own_keys" }),
      digestOf(instance, { kind: "none", why: "" }),
    ];
    expect(new Set(digests).size).toBe(digests.length);
    expect(digestOf(at({ provider_keys: 2 }), credits("a"))).toBe(digestOf(instance, credits("a")));
    expect(digestOf(at({ inference_key: 2 }), { kind: "own_keys" })).toBe(digestOf(instance, { kind: "own_keys" }));
    expect(digestOf(instance, { kind: "unknown", reason: "" })).toBeNull();
  });
});
