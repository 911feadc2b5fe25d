import { expect, it } from "vitest";

/** The text of every module of the deployment, without tests and generated files. */
const SOURCES = import.meta.glob<string>(["../**/*.ts", "!../**/*.*.ts", "!../_generated/**"], {
  query: "?raw",
  import: "default",
  eager: true,
});

const namesWith = (pattern: RegExp): string[] =>
  Object.entries(SOURCES)
    .filter(([, text]) => pattern.test(text))
    .map(([name]) => name)
    .sort();

it("no token, id or IV comes from a source that can be predicted (R1)", () => {
  expect(Object.keys(SOURCES).length).toBeGreaterThan(40);
  expect(namesWith(/Math\.random/)).toEqual([]);
});

it("random bytes are drawn only where actions run: mutations have no cryptographic source", () => {
  expect(namesWith(/crypto\.(getRandomValues|randomUUID)/)).toEqual([
    "../drives.ts",
    "../http/gate.ts",
    "../lib/instanceId.ts",
    "../lib/secretBox.ts",
    "../openclaw.ts",
    "../secretRotation.ts",
  ]);
});

it("no key is compared letter by letter (R10)", () => {
  expect(namesWith(/(===|!==)\s*process\.env|process\.env\.\w+\s*(===|!==)\s*[^"u]/)).toEqual([]);
});

it("a browser may call six queries about its own things, and nothing else", () => {
  const registered = Object.entries(SOURCES).flatMap(([name, text]) =>
    [...text.matchAll(/export const (\w+) = (query|mutation|action)\(/g)].map(
      ([, fn, kind]) => `${kind} ${name.slice(3, -3)}:${fn}`,
    ),
  );
  expect(registered.sort()).toEqual([
    "query audit:myEvents",
    "query billing:myBalance",
    "query billing:myLedger",
    "query openclaw:myDevices",
    "query openclaw:myInstance",
    "query users:me",
  ]);
});
