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
    "../providerKeys.ts",
    "../secretRotation.ts",
  ]);
});

it("no key is compared letter by letter (R10)", () => {
  expect(namesWith(/(===|!==)\s*process\.env|process\.env\.\w+\s*(===|!==)\s*[^"u]/)).toEqual([]);
});

it("what a browser may call is this list, each behind its gate, and nothing else", () => {
  const registered = Object.entries(SOURCES).flatMap(([name, text]) =>
    text.split("export const ").flatMap((part) => {
      const kind = /^(\w+) = (query|mutation|action)\(/.exec(part);
      const gate = /await (requireUser|requireAdmin)\(ctx\)/.exec(part)?.[1] ?? "no gate";
      return kind === null ? [] : [`${kind[2]} ${name.slice(3, -3)}:${kind[1]} ${gate}`];
    }),
  );
  expect(registered.sort()).toEqual([
    "query accounts:mine requireUser",
    "query admin:devices requireAdmin",
    "query admin:instances requireAdmin",
    "query admin:users requireAdmin",
    "query alerts:forAdmins requireAdmin",
    "query alerts:mine requireUser",
    "query audit:myEvents requireUser",
    "query authEvents:mine requireUser",
    "query billing:myBalance requireUser",
    "query billing:myLedger requireUser",
    "query billing:myStanding requireUser",
    "query openclaw:myDevices requireUser",
    "query openclaw:myInstance requireUser",
    "query provisionedKeys:myKey requireUser",
    "query provisionedKeys:myKeys requireUser",
    "query reconciliation:runs requireAdmin",
    "query sessions:mySignIns requireUser",
    "query usage:myCall requireUser",
    "query usage:myEvents requireUser",
    "query usage:mySummary requireUser",
    "query users:me requireUser",
  ]);
});
