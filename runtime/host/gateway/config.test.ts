import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type InstancePaths, instancePaths } from "../paths.ts";
import { type ConfigInput, nextConfig } from "./config.ts";
import { keepGoodConfig, rollBackConfig, writeConfig, writeSecrets } from "./configFile.ts";
import { mergeConfig } from "./json.ts";

const INPUT: ConfigInput = {
  settings: { bind: "loopback", logLevel: "info" },
  port: 20_000,
  origins: ["http://127.0.0.1:8788", "http://localhost:8788"],
  basePath: "/i/adaadaada/gateway",
  secretsFile: "/data/secrets.json",
  logFile: "/data/gateway.log",
  access: {},
  version: "2026.9.6",
};

describe("the configuration", () => {
  it("puts the host's keys back, and leaves the owner's alone", () => {
    const owners = {
      gateway: {
        port: 1,
        bind: "lan",
        trustedProxies: ["0.0.0.0/0"],
        auth: { mode: "none", password: "x" },
        controlUi: { communityInvite: false },
      },
      channels: { telegram: { enabled: true } },
      plugins: { allow: ["telegram"] },
    };
    const next = nextConfig(owners, INPUT);
    expect(next).toMatchObject({
      gateway: {
        port: 20_000,
        bind: "loopback",
        trustedProxies: ["127.0.0.1"],
        auth: { mode: "token" },
        controlUi: { communityInvite: false },
      },
      channels: { telegram: { enabled: true } },
      plugins: { allow: ["telegram"] },
    });
    expect(JSON.stringify(next)).not.toContain("password");
    // Nothing of the input was changed on the way.
    expect(owners.gateway.port).toBe(1);
  });

  it("names a public origin only where the gateway takes one", () => {
    const origin = (first: string) =>
      JSON.stringify(nextConfig(null, { ...INPUT, origins: [first] })).includes(`"publicOrigin":"${first}"`);
    expect(["https://a.example", "http://localhost:1", "http://127.0.0.1:1"].map(origin)).toEqual([true, true, true]);
    expect(["http://a.example", "http://a.localhost:1", "http://192.168.0.2"].map(origin)).toEqual([
      false,
      false,
      false,
    ]);
  });

  it("merges as RFC 7396 says", () => {
    expect(
      mergeConfig({ a: { b: 1, c: [1, 2] }, d: 1 }, { a: { c: [3], e: null }, d: null, f: { g: null, h: 1 } }),
    ).toEqual({
      a: { b: 1, c: [3] },
      f: { h: 1 },
    });
  });
});

describe("the configuration file", () => {
  let dir: string;
  let paths: InstancePaths;
  const read = () => readFile(paths.config, "utf8");

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "oa-config-"));
    paths = instancePaths(dir, "adaadaada");
    await mkdir(paths.state, { recursive: true });
    await mkdir(join(paths.secrets, ".."), { recursive: true });
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it("is not touched while it is right, so that comments in it stay", async () => {
    expect((await writeConfig(paths, INPUT)).kind).toBe("written");
    await writeFile(paths.config, `// mine\n${await read()}`);
    expect((await writeConfig(paths, INPUT)).kind).toBe("unchanged");
    expect(await read()).toContain("// mine");
    expect((await stat(paths.config)).mode & 0o777).toBe(0o600);
  });

  it("is set aside when it cannot be read, for the last good one", async () => {
    await writeConfig(paths, INPUT);
    await writeFile(paths.config, JSON.stringify(mergeConfig(nextConfig(null, INPUT), { channels: { mine: true } })));
    await keepGoodConfig(paths);
    await writeFile(paths.config, "{ broken");
    expect((await writeConfig(paths, INPUT)).kind).toBe("replaced");
    expect(await read()).toContain("mine");
    expect(await readFile(`${paths.config}.refused`, "utf8")).toBe("{ broken");
  });

  it("goes back to the last good one after a refusal, once", async () => {
    expect(await rollBackConfig(paths)).toBe(false);
    await writeConfig(paths, INPUT);
    await keepGoodConfig(paths);
    expect(await rollBackConfig(paths)).toBe(false);
    const good = await read();
    await writeFile(paths.config, '{"gateway":{"noSuchKey":1}}');
    expect(await rollBackConfig(paths)).toBe(true);
    expect(await read()).toBe(good);
    expect(await rollBackConfig(paths)).toBe(false);
  });

  it("has its secrets in a file for the owner's eyes only", async () => {
    expect(await writeSecrets(paths, { gatewayToken: "t" })).toBe("written");
    expect(await writeSecrets(paths, { gatewayToken: "t" })).toBe("unchanged");
    expect(await writeSecrets(paths, { gatewayToken: "u" })).toBe("written");
    expect((await stat(paths.secrets)).mode & 0o777).toBe(0o600);
  });
});
