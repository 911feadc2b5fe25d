import { join } from "node:path";
import type { Ports } from "./ports.ts";
import type { PartSpec } from "./processes.ts";
import { baseEnvironment } from "./run.ts";

/** Outside services that a local stack has a double for, and the settings that say: use the real one. */
const REAL_WHEN = {
  github: ["GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET"],
  google: ["GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"],
  mail: ["OA_MAIL_URL", "OA_MAIL_API_KEY"],
  upstream: ["INFERENCE_ENDPOINT", "INFERENCE_API_KEY", "INFERENCE_UPSTREAMS"],
} as const;

/** Name of a double, as in the page's notice and in `stack.json`. */
export type DoubleName = keyof typeof REAL_WHEN;

/** What the doubles are started with and the API signs in with. They take nothing that does not begin so. */
const CREDENTIALS = {
  clientId: "double_local_client",
  clientSecret: "double_local_client_secret",
  mailKey: "double_local_mail_key",
  upstreamKey: "double_local_upstream_key",
} as const;

type Settings = Readonly<Record<string, string | undefined>>;

/** The doubles a stack with these settings runs: one for each service that is not configured. */
export function doublesFor(settings: Settings): DoubleName[] {
  const configured = (name: string): boolean => (settings[name] ?? "") !== "";
  return (["github", "google", "mail", "upstream"] as const).filter((double) => !REAL_WHEN[double].some(configured));
}

/** Where they answer. */
export function doubleAddresses(names: readonly DoubleName[], ports: Ports): { [Name in DoubleName]?: string } {
  return Object.fromEntries(names.map((name) => [name, `http://127.0.0.1:${ports[name]}`]));
}

/** What the API is told: addresses and credentials of the doubles, and their names for the page to say so. */
export function doubleSettings(names: readonly DoubleName[], ports: Ports): Record<string, string> {
  const at = doubleAddresses(names, ports);
  return {
    OA_DOUBLES: names.join(","),
    ...(at.github !== undefined && {
      GITHUB_BASE_URL: at.github,
      GITHUB_CLIENT_ID: CREDENTIALS.clientId,
      GITHUB_CLIENT_SECRET: CREDENTIALS.clientSecret,
    }),
    ...(at.google !== undefined && {
      GOOGLE_BASE_URL: at.google,
      GOOGLE_CLIENT_ID: CREDENTIALS.clientId,
      GOOGLE_CLIENT_SECRET: CREDENTIALS.clientSecret,
    }),
    ...(at.mail !== undefined && {
      OA_MAIL_URL: at.mail,
      OA_MAIL_API_KEY: CREDENTIALS.mailKey,
      OA_MAIL_FROM: "Managed OpenClaw <no-reply@openclaw.localhost>",
    }),
    ...(at.upstream !== undefined && {
      INFERENCE_ENDPOINT: `${at.upstream}/v1`,
      INFERENCE_API_KEY: CREDENTIALS.upstreamKey,
    }),
  };
}

/** One double as a part of the stack. `site` is where people return to after signing in. */
export function doublePart(name: DoubleName, options: { root: string; ports: Ports; site: string }): PartSpec {
  const { root, ports, site } = options;
  const port = ports[name];
  const url = `http://127.0.0.1:${port}`;
  return {
    name: `${name}-double`,
    command: process.execPath,
    args: [
      join(root, "local/doubles", name === "mail" ? "outbox" : name, "main.ts"),
      ...["--port", String(port)],
      ...flagsOf(name, site),
    ],
    cwd: root,
    env: baseEnvironment(),
    probe: async () => {
      const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`${url} answers ${response.status}`);
    },
    startDeadlineMs: 30_000,
    stopDeadlineMs: 5000,
  };
}

function flagsOf(name: DoubleName, site: string): string[] {
  if (name === "mail") return ["--key", CREDENTIALS.mailKey];
  if (name === "upstream") return ["--key", CREDENTIALS.upstreamKey];
  return [
    ...["--client-id", CREDENTIALS.clientId, "--client-secret", CREDENTIALS.clientSecret],
    ...["--redirect-uri", `${site}/api/v1/auth/${name}/callback`],
  ];
}
