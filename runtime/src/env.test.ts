import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { instanceSettings } from "./env.ts";

const RUNTIME = fileURLToPath(new URL("..", import.meta.url));

it("maps the seed's names, and keeps their meaning", () => {
  expect(
    instanceSettings({
      OPENAGENTS_SERVICE_TOKEN: "service",
      OPENCLAW_GATEWAY_TOKEN: "gateway",
      OPENCLAW_DEV_MODE: "true",
      OPENCLAW_BIND_MODE: "lan",
      OPENCLAW_VERSION: "2026.9.6",
    }),
  ).toEqual({ serviceToken: "service", gatewayToken: "gateway", logLevel: "debug", bind: "lan", version: "2026.9.6" });
});

it("is quiet, local and pinned where nothing else is said", () => {
  expect(instanceSettings({ OPENAGENTS_SERVICE_TOKEN: "service" })).toEqual({
    serviceToken: "service",
    gatewayToken: undefined,
    logLevel: "info",
    bind: "loopback",
    version: undefined,
  });
  expect(instanceSettings({ OPENAGENTS_SERVICE_TOKEN: "service", OPENCLAW_DEV_MODE: "false" }).logLevel).toBe("info");
});

it("uses no name of OpenClaw's former names", () => {
  const files = readdirSync(RUNTIME, { recursive: true, encoding: "utf8" }).filter(
    (name) => /\.(ts|json|md)$/.test(name) && !name.includes("node_modules") && !name.endsWith("env.test.ts"),
  );
  expect(files.length).toBeGreaterThan(30);
  const old = files.filter((name) => /CLAWDBOT|MOLTBOT/i.test(readFileSync(join(RUNTIME, name), "utf8")));
  expect(old).toEqual([]);
});

it("leaves the service API free of any one machine", () => {
  const api = readdirSync(join(RUNTIME, "src")).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  const imports = api.flatMap((name) => readFileSync(join(RUNTIME, "src", name), "utf8").match(/from "[^"]+"/g) ?? []);
  expect(imports.length).toBeGreaterThan(10);
  expect(imports.filter((one) => /"(node|cloudflare|bun):|"\.\.\/|"@hono\/node/.test(one))).toEqual([]);
});
