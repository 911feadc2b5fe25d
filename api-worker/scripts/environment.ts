import { pathToFileURL } from "node:url";
import { Environment, SECRET_VARIABLES } from "../src/env.ts";

/** Prints `ENVIRONMENT.md`: `node scripts/environment.ts > ENVIRONMENT.md`. A test fails while the file is not this. */
export function environmentPage(): string {
  const secrets = new Set<string>(SECRET_VARIABLES);
  const rows = Object.entries(Environment.shape).map(([name, schema]) => {
    const unset = schema.safeParse(undefined);
    const about = schema.description ?? "";
    return `| \`${name}\` | ${secrets.has(name) ? "secret" : "variable"} | ${unset.success ? "no" : "yes"} | ${about} |`;
  });
  return [
    "# Variables of the api-worker",
    "",
    "Printed from `src/env.ts`; change it there. Empty means unset. What is missing or malformed is named in the log at the",
    "first request and in every `503 not_configured`. URLs are https; http is taken on loopback only.",
    "",
    "| name | kind | required | meaning |",
    "|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.stdout.write(environmentPage());
