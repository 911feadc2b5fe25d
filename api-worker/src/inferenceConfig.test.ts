import { describe, expect, it } from "vitest";
import { readEnvironment } from "./env.ts";
import { inferenceConfig, upstreamFor } from "./inferenceConfig.ts";

const KEY = "0123456789abcdef";
const base = {
  CONVEX_URL: "https://convex.example.com",
  CONVEX_SITE_URL: "https://convex.example.com",
  OA_CONTROL_KEY: KEY,
  OA_INTERNAL_KEY: KEY,
  OA_CONVEX_JWT_PRIVATE_KEY: '{"kty":"EC"}',
  OA_CONVEX_JWT_ISSUER: "https://issuer.example.com",
};
const VENDOR = { INFERENCE_ENDPOINT: "https://models.example.com/v1", INFERENCE_API_KEY: "sk-live-key" };
const DOUBLE = { INFERENCE_ENDPOINT: "http://127.0.0.1:4000/v1", INFERENCE_API_KEY: "double_key" };

/** The configuration these variables give, or the names of those that keep it from being one. */
function read(variables: Record<string, string>) {
  const environment = readEnvironment({ ...base, ...variables });
  if (!environment.ok) return environment.problems.map(({ variable }) => variable);
  const result = inferenceConfig(environment.env);
  return "problems" in result ? result.problems.map(({ variable }) => variable) : result.config;
}

function config(variables: Record<string, string>) {
  const result = read(variables);
  if (result === null || Array.isArray(result)) throw new Error(JSON.stringify(result));
  return result;
}

const table = (entries: object) => ({ INFERENCE_UPSTREAMS: JSON.stringify(entries) });
const at = (host: string, more: object = {}) => ({ endpoint: `https://${host}.example.com/v1`, api_key: "k", ...more });

describe("model endpoints", () => {
  it("are none where nothing is set", () => {
    expect(read({})).toBeNull();
  });

  it("need their key, and a key its endpoint", () => {
    expect(read({ ...VENDOR, INFERENCE_API_KEY: "" })).toEqual(["INFERENCE_API_KEY"]);
    expect(read({ ...VENDOR, INFERENCE_ENDPOINT: "" })).toEqual(["INFERENCE_ENDPOINT"]);
  });

  it("are https, or on this machine", () => {
    expect(read({ ...VENDOR, INFERENCE_ENDPOINT: "http://models.example.com/v1" })).toEqual(["INFERENCE_ENDPOINT"]);
    expect(read(table({ m: { endpoint: "http://10.0.0.5/v1", api_key: "k" } }))).toEqual(["INFERENCE_UPSTREAMS"]);
    expect(config({ ...VENDOR, INFERENCE_ENDPOINT: "http://localhost:8000/v1/" }).upstreams[0]?.endpoint).toBe(
      "http://localhost:8000/v1",
    );
  });

  it("a double's key does not leave this machine, a real one is not sent to a double", () => {
    expect(config({ ...DOUBLE, OA_DOUBLES: "upstream" }).upstreams).toHaveLength(1);
    expect(read({ ...VENDOR, INFERENCE_API_KEY: "double_key" })).toEqual(["INFERENCE_API_KEY"]);
    expect(read({ ...DOUBLE, INFERENCE_API_KEY: "sk-live-key", OA_DOUBLES: "upstream" })).toEqual([
      "INFERENCE_API_KEY",
    ]);
    expect(read(table({ m: { ...at("vendor"), api_key: "double_key" } }))).toEqual(["INFERENCE_UPSTREAMS"]);
  });

  it.each([
    ["no JSON", "{"],
    ["no object", "[]"],
    ["an unknown field", JSON.stringify({ m: { ...at("a"), apikey: "secret" } })],
    ["no key", JSON.stringify({ m: { endpoint: "https://a.example.com/v1" } })],
    ["a star within", JSON.stringify({ "m*x": at("a") })],
  ])("as a table with %s are named as malformed, and no key is repeated", (_name, value) => {
    const environment = readEnvironment({ ...base, INFERENCE_UPSTREAMS: value });
    expect(environment).toMatchObject({ ok: false, problems: [{ variable: "INFERENCE_UPSTREAMS" }] });
    expect(JSON.stringify(environment)).not.toContain("secret");
  });

  it("take times within reason", () => {
    expect(config({ ...VENDOR, INFERENCE_IDLE_SECONDS: "30" })).toMatchObject({ startMs: 60_000, idleMs: 30_000 });
    expect(read({ ...VENDOR, INFERENCE_START_SECONDS: "soon" })).toEqual(["INFERENCE_START_SECONDS"]);
    expect(read({ ...VENDOR, INFERENCE_IDLE_SECONDS: "0" })).toEqual(["INFERENCE_IDLE_SECONDS"]);
  });
});

describe("the endpoint of a model", () => {
  const all = config({
    ...VENDOR,
    ...table({ "gpt-*": at("general"), "gpt-5*": at("five"), "gpt-5-mini": at("mini", { on_abort: "drain" }) }),
  });
  const hostOf = (model: string) => new URL(upstreamFor(all, model)?.endpoint ?? "https://none").hostname.split(".")[0];

  it("is the one that names it whole, then by its longest beginning, then the one for all", () => {
    expect(["gpt-5-mini", "gpt-5-nano", "gpt-4o", "claude-sonnet-4-5"].map(hostOf)).toEqual([
      "mini",
      "five",
      "general",
      "models",
    ]);
    expect(upstreamFor(all, "gpt-5-mini")?.onAbort).toBe("drain");
  });

  it("is none for what nobody names, or what is not offered", () => {
    expect(upstreamFor(config(table({ "gpt-*": at("general") })), "claude-sonnet-4-5")).toBeNull();
    expect(upstreamFor(config({ ...VENDOR, INFERENCE_MODELS: "gpt-4o" }), "gpt-5")).toBeNull();
  });
});
