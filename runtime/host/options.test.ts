import { expect, it } from "vitest";
import { OptionsError, parseOptions } from "./options.ts";

const KEY = { OA_FLEET_KEY: "0123456789abcdef" };

it("takes a flag before its variable, and both before the default", () => {
  const env = { ...KEY, OA_RUNTIME_PORT: "9000", OA_RUNTIME_MAX_BOOTS: "3", OA_RUNTIME_DATA_DIR: "/data" };
  expect(parseOptions(["--port", "9001"], env)).toMatchObject({
    port: 9001,
    maxBoots: 3,
    dataDir: "/data",
    stopGraceMs: 20_000,
  });
  expect(parseOptions([], KEY)).toMatchObject({ port: 8788, host: "127.0.0.1", url: undefined });
  expect(parseOptions(["--help"], {})).toBe("help");
});

it.each([
  [["--port", "99999"], KEY, "--port (OA_RUNTIME_PORT)"],
  [["--nonsense"], KEY, "nonsense"],
  [["extra"], KEY, "extra"],
  [[], {}, "OA_FLEET_KEY"],
  [[], { OA_FLEET_KEY: "short" }, "OA_FLEET_KEY"],
  [["--public-url", "https://example.com/path"], KEY, "--public-url"],
  [["--public-url", "ftp://example.com"], KEY, "--public-url"],
  [["--trusted-proxies", "10.0.0.0/99"], KEY, "--trusted-proxies"],
  [["--gateway-domain", "https://example.com"], KEY, "--gateway-domain"],
  [[], { ...KEY, OA_RUNTIME_STOP_GRACE: "soon" }, "OA_RUNTIME_STOP_GRACE"],
])("names what is wrong in %j", (argv, env, name) => {
  expect(() => parseOptions(argv, env)).toThrow(OptionsError);
  expect(() => parseOptions(argv, env)).toThrow(name);
});
