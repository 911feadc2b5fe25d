import { join } from "node:path";
import { API_PATHS } from "@oa/contract";
import { doublesFor, doubleSettings } from "./doubles.ts";
import type { Ports } from "./ports.ts";
import type { PartSpec } from "./processes.ts";
import { baseEnvironment, commandOf } from "./run.ts";
import { LOCAL_JWT_ISSUER, LOCAL_JWT_KEY_ID, type Secrets } from "./secrets.ts";
import { servedWebsite } from "./websitePart.ts";

/** Everything the parts' command lines and environments are made from. */
export interface StackPlan {
  root: string;
  dataDir: string;
  ports: Ports;
  secrets: Secrets;
  /** The caller's own settings, from `.env` and the environment. */
  settings: Readonly<Record<string, string | undefined>>;
}

/** An origin as a browser writes it: without the port where that is 80. */
const loopback = (port: number): string => new URL(`http://127.0.0.1:${port}`).origin;

/** Addresses of the parts. */
export function addresses(ports: Ports) {
  return {
    api: loopback(ports.api),
    convex: loopback(ports.convex),
    convexSite: loopback(ports.convexSite),
    runtimeHost: loopback(ports.runtimeHost),
  };
}

/** Where people find the page. */
export function siteOf(plan: StackPlan): string {
  const given = plan.settings.OA_PUBLIC_URL ?? "";
  return given === "" ? addresses(plan.ports).api : given;
}

/** Answers 2xx, or throws. */
async function answers(url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
}

export function convexPart(plan: StackPlan): PartSpec {
  const { convex, convexSite } = plan.ports;
  return {
    name: "convex",
    command: process.execPath,
    args: [
      join(plan.root, "embedded-convex/bin/embedded-convex.js"),
      "start",
      ...["--port", String(convex), "--site-port", String(convexSite)],
      ...["--data-dir", join(plan.dataDir, "convex")],
    ],
    cwd: plan.root,
    env: baseEnvironment(),
    probe: () => answers(`${loopback(convex)}/version`),
    startDeadlineMs: 60_000,
    stopDeadlineMs: 10_000,
  };
}

export function runtimeHostPart(plan: StackPlan): PartSpec {
  const at = addresses(plan.ports);
  return {
    name: "runtime-host",
    command: process.execPath,
    args: [
      join(plan.root, "runtime/host/main.ts"),
      ...["--port", String(plan.ports.runtimeHost)],
      ...["--data-dir", join(plan.dataDir, "runtime")],
      ...["--events-url", `${at.api}${API_PATHS.events}`],
    ],
    cwd: plan.root,
    env: {
      ...baseEnvironment(),
      OA_FLEET_KEY: plan.secrets.OA_FLEET_KEY,
    },
    probe: () => answers(`${at.runtimeHost}/healthz`),
    startDeadlineMs: 60_000,
    // Gateways finish what they are doing first; the host bounds that itself.
    stopDeadlineMs: 30_000,
  };
}

export function apiPart(plan: StackPlan): PartSpec {
  const at = addresses(plan.ports);
  return {
    name: "api",
    command: process.execPath,
    args: [
      commandOf("wrangler"),
      "dev",
      ...["--config", join(plan.root, "api-worker/wrangler.jsonc")],
      ...["--ip", "127.0.0.1", "--port", String(plan.ports.api), "--inspector-port", "0"],
      ...["--assets", servedWebsite(plan.dataDir)],
      ...["--persist-to", join(plan.dataDir, "wrangler")],
      ...["--show-interactive-dev-session=false", "--log-level", "warn"],
    ],
    cwd: join(plan.root, "api-worker"),
    env: {
      ...baseEnvironment(),
      // Gateways run on this machine, wherever people find the page.
      OPENCLAW_INFERENCE_URL: `${at.api}/v1`,
      ...given(plan.settings, API_SETTINGS),
      ...doubleSettings(doublesFor(plan.settings), plan.ports),
      OA_PUBLIC_URL: siteOf(plan),
      // Nothing leaves this machine, and nothing is kept outside of the data folder.
      WRANGLER_SEND_METRICS: "false",
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      WRANGLER_WRITE_LOGS: "false",
      XDG_CONFIG_HOME: join(plan.dataDir, "wrangler", "config"),
      // Read by wrangler for the names in `secrets.required`: nothing of it shows in a process list.
      OA_INTERNAL_KEY: plan.secrets.OA_INTERNAL_KEY,
      OA_CONTROL_KEY: plan.secrets.OA_CONTROL_KEY,
      OA_FLEET_KEY: plan.secrets.OA_FLEET_KEY,
      OA_CONVEX_JWT_PRIVATE_KEY: plan.secrets.OA_CONVEX_JWT_PRIVATE_KEY,
      OA_CONVEX_JWT_ISSUER: LOCAL_JWT_ISSUER,
      OA_CONVEX_JWT_KEY_ID: LOCAL_JWT_KEY_ID,
      CONVEX_URL: at.convex,
      CONVEX_SITE_URL: at.convexSite,
      OPENCLAW_RUNTIME_HOST_URL: at.runtimeHost,
    },
    probe: () => answers(`${at.api}/web/config`),
    startDeadlineMs: 90_000,
    stopDeadlineMs: 8000,
  };
}

/** Settings of the seed that a person may give; everything else about the Worker is decided by the stack. */
const API_SETTINGS = [
  "OPENCLAW_INFERENCE_URL",
  "OPENCLAW_FLEET",
  "OPENCLAW_RUNTIME_URL",
  "OPENCLAW_RUNTIME_URL_TEMPLATE",
  "OPENCLAW_R2_BUCKET_PREFIX",
  "OPENCLAW_RUNTIME_NAME_PREFIX",
  "OPENCLAW_DEV_MODE",
  "OPENCLAW_BIND_MODE",
  "OPENCLAW_VERSION",
  "OPENCLAW_SERVICE_TOKEN",
  "OPENAGENTS_SERVICE_TOKEN",
  "OA_CORS_ORIGINS",
  "OA_MAIL_URL",
  "OA_MAIL_API_KEY",
  "OA_MAIL_FROM",
  "GITHUB_CLIENT_ID",
  "GITHUB_CLIENT_SECRET",
  "GITHUB_BASE_URL",
  "GOOGLE_CLIENT_ID",
  "GOOGLE_CLIENT_SECRET",
  "GOOGLE_BASE_URL",
  "INFERENCE_ENDPOINT",
  "INFERENCE_API_KEY",
  "INFERENCE_UPSTREAMS",
  "INFERENCE_MODELS",
  "INFERENCE_START_SECONDS",
  "INFERENCE_IDLE_SECONDS",
] as const;

function given(settings: StackPlan["settings"], names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = settings[name];
      return value === undefined || value === "" ? [] : [[name, value]];
    }),
  );
}

/** Settings of the credits that a person may give; empty means the functions' own default. */
const FUNCTION_SETTINGS = [
  "INFERENCE_PRICES",
  "MONTHLY_GRANT_USD",
  "SIGNUP_GRANT_DAYS",
  "LOW_BALANCE_USD",
  "SUSPENSION_GRACE_HOURS",
] as const;

/** Environment of the Convex functions. */
export function functionsEnvironment(plan: StackPlan): Record<string, string> {
  const previous = plan.settings.OPENCLAW_ENCRYPTION_KEYS_PREVIOUS;
  return {
    OPENCLAW_ENCRYPTION_KEY: plan.secrets.OPENCLAW_ENCRYPTION_KEY,
    ...(previous === undefined ? {} : { OPENCLAW_ENCRYPTION_KEYS_PREVIOUS: previous }),
    OA_CONTROL_KEY: plan.secrets.OA_CONTROL_KEY,
    OA_INTERNAL_KEY: plan.secrets.OA_INTERNAL_KEY,
    OA_API_URL: addresses(plan.ports).api,
    OA_CONVEX_JWT_ISSUER: LOCAL_JWT_ISSUER,
    OA_CONVEX_JWKS: plan.secrets.OA_CONVEX_JWKS,
    // Empty too: an address that was taken out of .env must lose its rights.
    ADMIN_EMAILS: plan.settings.ADMIN_EMAILS ?? "",
    ...Object.fromEntries(FUNCTION_SETTINGS.map((name) => [name, plan.settings[name] ?? ""])),
  };
}
