import { describe, expect, it } from "vitest";
import * as z from "zod";
import { environmentPage } from "../scripts/environment.ts";
import page from "../ENVIRONMENT.md?raw";
import wrangler from "../wrangler.jsonc?raw";
import { readConfig } from "./config.ts";
import { Environment, SECRET_VARIABLES, isLoopback, readEnvironment } from "./env.ts";

const Papers = z.object({
  vars: z.record(z.string(), z.string()),
  secrets: z.object({ required: z.array(z.string()) }),
});

const KEY = "0123456789abcdef";
const base = {
  CONVEX_URL: "https://convex.example.com",
  CONVEX_SITE_URL: "http://127.0.0.1:3211/",
  OA_CONTROL_KEY: KEY,
  OA_INTERNAL_KEY: KEY,
  OA_CONVEX_JWT_PRIVATE_KEY: '{"kty":"EC"}',
  OA_CONVEX_JWT_ISSUER: "https://issuer.example.com",
  OA_FLEET_KEY: KEY,
  OPENCLAW_RUNTIME_HOST_URL: "http://localhost:3212",
};

/** The configuration these variables give, or the names of those that keep it from being one. */
function configOf(change: Record<string, unknown>) {
  const result = readConfig({ ...base, ...change });
  return result.ok ? result.config : result.problems.map(({ variable }) => variable);
}

const bare = { OPENCLAW_RUNTIME_HOST_URL: "", OA_FLEET_KEY: "" };

describe("the papers", () => {
  it("ENVIRONMENT.md is what the schema says (run `node scripts/environment.ts > ENVIRONMENT.md`)", () => {
    expect(page).toBe(environmentPage());
  });

  it("wrangler.jsonc names every variable once, with no value in it", () => {
    const config: unknown = JSON.parse(wrangler.replaceAll(/^\s*\/\/.*$/gm, "").replaceAll(/,(\s*[}\]])/g, "$1"));
    const required = ["OA_CONTROL_KEY", "OA_INTERNAL_KEY", "OA_CONVEX_JWT_PRIVATE_KEY", "OA_FLEET_KEY"];
    const plain = Object.keys(Environment.shape).filter((name) => !required.includes(name));
    const { vars, secrets } = Papers.parse(config);
    expect(vars).toEqual(Object.fromEntries(plain.map((name) => [name, ""])));
    expect(secrets.required).toEqual(required);
    expect(SECRET_VARIABLES).toEqual(expect.arrayContaining(required));
  });
});

describe("reading variables", () => {
  it("names each that is missing or malformed, and never a value", () => {
    const result = readEnvironment({
      ...base,
      CONVEX_URL: "",
      OA_CONTROL_KEY: "short",
      OA_CORS_ORIGINS: "https://a.example/x",
    });
    expect(result).toEqual({
      ok: false,
      problems: [
        { variable: "CONVEX_URL", message: "is not set" },
        { variable: "OA_CONTROL_KEY", message: "must have at least 16 characters" },
        { variable: "OA_CORS_ORIGINS", message: "must be origins like https://app.example.com" },
      ],
    });
    expect(JSON.stringify(result)).not.toContain('short"');
  });

  it.each([
    "http://convex.example.com",
    "http://10.0.0.5",
    "http://169.254.169.254",
    "http://127.0.0.1.nip.io",
    "http://localhost.example.com",
    "https://user:pass@example.com",
    "https://example.com/?key=1",
    "https://example.com/#x",
    "ftp://example.com",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "example.com",
  ])("takes no address like %s", (url) => {
    expect(configOf({ CONVEX_SITE_URL: url })).toEqual(["CONVEX_SITE_URL"]);
    expect(configOf({ OPENCLAW_RUNTIME_HOST_URL: url })).toEqual(["OPENCLAW_RUNTIME_HOST_URL"]);
  });

  it("knows this machine in the forms a URL gives it, and nothing that looks like it", () => {
    const hosts = ["127.0.0.1", "127.9.9.9", "[::1]", "localhost", "2130706433", "0x7f.1"];
    expect(hosts.map((host) => isLoopback(new URL(`http://${host}`).hostname))).toEqual(hosts.map(() => true));
    const others = ["128.0.0.1", "127.0.0.1.example.com", "[::2]", "localhost.", "0.0.0.0"];
    expect(others.map((host) => isLoopback(new URL(`http://${host}`).hostname))).toEqual(others.map(() => false));
  });

  it("takes a signing key with its line breaks written out", () => {
    const key = "-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----";
    expect(configOf({ OA_CONVEX_JWT_PRIVATE_KEY: key })).toMatchObject({
      convexJwt: { privateKey: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----" },
    });
    expect(configOf({ OA_CONVEX_JWT_PRIVATE_KEY: "secret" })).toEqual(["OA_CONVEX_JWT_PRIVATE_KEY"]);
  });
});

describe("signing keys of before", () => {
  const jwk = { kty: "EC", crv: "P-256", x: "x".repeat(43), y: "y".repeat(43), kid: "2026-10" };
  const given = (value: unknown) => configOf({ OA_CONVEX_JWT_PUBLIC_KEYS_PREVIOUS: JSON.stringify(value) });

  it("are taken as /.well-known/jwks.json has them, and are none by default", () => {
    const published = { ...jwk, alg: "ES256", use: "sig" };
    expect(given({ keys: [published] })).toMatchObject({ convexJwt: { previousKeys: [published] } });
    expect(configOf({})).toMatchObject({ convexJwt: { previousKeys: [] } });
  });

  it.each([
    ["a private one", { keys: [{ ...jwk, d: "d".repeat(43) }] }],
    ["one without a name", { keys: [{ ...jwk, kid: undefined }] }],
    ["one of another kind", { keys: [{ ...jwk, kty: "oct", k: "secret" }] }],
    ["one of another curve", { keys: [{ ...jwk, crv: "P-384" }] }],
    ["a bare key", jwk],
    ["a text", "2026-10"],
  ])("are not %s", (_name, value) => {
    expect(given(value)).toEqual(["OA_CONVEX_JWT_PUBLIC_KEYS_PREVIOUS"]);
  });
});

describe("choosing a fleet", () => {
  it("is the host without runtime addresses, and static with one", () => {
    expect(configOf({})).toMatchObject({ fleet: { kind: "host", url: "http://localhost:3212", key: KEY } });
    const one = { ...bare, OPENCLAW_RUNTIME_URL: "https://runtime.example.com/" };
    expect(configOf(one)).toMatchObject({
      fleet: { kind: "static", where: { one: "https://runtime.example.com" }, serviceToken: null },
    });
    expect(configOf({ ...one, OPENCLAW_FLEET: "host" })).toEqual(["OPENCLAW_RUNTIME_HOST_URL", "OA_FLEET_KEY"]);
    expect(configOf({ ...bare, OPENCLAW_FLEET: "static" })).toEqual(["OPENCLAW_RUNTIME_URL"]);
    expect(configOf({ OPENCLAW_FLEET: "containers" })).toEqual(["OPENCLAW_FLEET"]);
  });

  it("takes the service token of the seed by both its names", () => {
    const one = { ...bare, OPENCLAW_RUNTIME_URL: "https://runtime.example.com" };
    const token = { OPENAGENTS_SERVICE_TOKEN: "openagents-service-token" };
    expect(configOf({ ...one, ...token })).toMatchObject({ fleet: { serviceToken: "openagents-service-token" } });
    const both = { ...one, ...token, OPENCLAW_SERVICE_TOKEN: "openclaw-service-token" };
    expect(configOf(both)).toMatchObject({ fleet: { serviceToken: "openclaw-service-token" } });
  });

  it("never serves many users with one runtime or one token (R3)", () => {
    const template = { ...bare, OPENCLAW_RUNTIME_URL_TEMPLATE: "https://runtime.example.com/u/{user_id}" };
    expect(configOf(template)).toMatchObject({ fleet: { kind: "static" } });
    expect(configOf({ ...template, OPENCLAW_SERVICE_TOKEN: KEY })).toEqual(["OPENCLAW_SERVICE_TOKEN"]);
    expect(configOf({ ...template, OPENCLAW_RUNTIME_URL: "https://runtime.example.com" })).toEqual([
      "OPENCLAW_RUNTIME_URL_TEMPLATE",
    ]);
  });

  it.each([
    "https://runtime.example.com/u/",
    "https://{user_id}.example.com/",
    "https://{user_id}/",
    "https://runtime.example.com/{user_id}/{user_id}",
    "https://runtime.example.com/?user={user_id}",
    "https://runtime.example.com/#{user_id}",
    "http://runtime.example.com/{user_id}",
    "{user_id}",
  ])("takes no template like %s (R7)", (template) => {
    expect(configOf({ ...bare, OPENCLAW_RUNTIME_URL_TEMPLATE: template })).toEqual(["OPENCLAW_RUNTIME_URL_TEMPLATE"]);
  });

  it("hands the runtime's own settings on as they are", () => {
    const given = { OPENCLAW_DEV_MODE: "true", OPENCLAW_BIND_MODE: "loopback", OPENCLAW_VERSION: "2026.9.6" };
    expect(configOf(given)).toMatchObject({ runtimeEnv: given });
    expect(configOf({ OPENCLAW_DEV_MODE: "yes" })).toEqual(["OPENCLAW_DEV_MODE"]);
  });
});
