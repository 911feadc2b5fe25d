import type { RuntimeEnv } from "@oa/contract";
import type { Environment, Problem, PublicKey } from "./env.ts";
import { readEnvironment } from "./env.ts";
import { inferenceConfig } from "./inferenceConfig.ts";
import type { InferenceConfig } from "./inferenceConfig.ts";
import { outsideConfig } from "./outsideConfig.ts";
import type { OutsideConfig } from "./outsideConfig.ts";

/** Where runtimes run, and what it takes to reach them. */
export type FleetConfig =
  | { kind: "host"; url: string; key: string }
  | { kind: "static"; where: { one: string } | { template: string }; serviceToken: string | null };

/** The variables, checked against each other and named as the code speaks of them. */
export interface Config {
  convexUrl: string;
  convexSiteUrl: string;
  controlKey: string;
  internalKey: string;
  /** Null where no fleet reports events. */
  fleetKey: string | null;
  convexJwt: { privateKey: string; issuer: string; keyId: string | null; previousKeys: readonly PublicKey[] };
  corsOrigins: readonly string[];
  doubles: Environment["OA_DOUBLES"];
  outside: OutsideConfig;
  /** Null where no model call can be answered. */
  inference: InferenceConfig | null;
  /** Where gateways call models; null where nobody says. */
  gatewayInferenceUrl: string | null;
  fleet: FleetConfig;
  runtimeNamePrefix: string;
  r2BucketPrefix: string | null;
  /** Passed on to every runtime as it is. */
  runtimeEnv: Omit<RuntimeEnv, "OPENAGENTS_SERVICE_TOKEN">;
}

export type ConfigResult = { ok: true; config: Config } | { ok: false; problems: readonly Problem[] };

/** Bindings do not change while an isolate lives, so each set is read once and its problems are logged once. */
const known = new WeakMap<object, ConfigResult>();

export function readConfig(bindings: Record<string, unknown>): ConfigResult {
  const before = known.get(bindings);
  if (before !== undefined) return before;
  const result = checkConfig(bindings);
  known.set(bindings, result);
  if (!result.ok) console.error(JSON.stringify({ level: "error", event: "not_configured", problems: result.problems }));
  return result;
}

function checkConfig(bindings: Record<string, unknown>): ConfigResult {
  const read = readEnvironment(bindings);
  if (!read.ok) return read;
  const { env } = read;
  const fleet = fleetConfig(env);
  if ("problems" in fleet) return { ok: false, problems: fleet.problems };
  const outside = outsideConfig(env);
  if ("problems" in outside) return { ok: false, problems: outside.problems };
  const inference = inferenceConfig(env);
  if ("problems" in inference) return { ok: false, problems: inference.problems };
  return {
    ok: true,
    config: {
      convexUrl: env.CONVEX_URL,
      convexSiteUrl: env.CONVEX_SITE_URL,
      controlKey: env.OA_CONTROL_KEY,
      internalKey: env.OA_INTERNAL_KEY,
      fleetKey: env.OA_FLEET_KEY ?? null,
      convexJwt: {
        privateKey: env.OA_CONVEX_JWT_PRIVATE_KEY,
        issuer: env.OA_CONVEX_JWT_ISSUER,
        keyId: env.OA_CONVEX_JWT_KEY_ID ?? null,
        previousKeys: env.OA_CONVEX_JWT_PUBLIC_KEYS_PREVIOUS,
      },
      corsOrigins: env.OA_CORS_ORIGINS,
      doubles: env.OA_DOUBLES,
      outside: outside.config,
      inference: inference.config,
      gatewayInferenceUrl:
        env.OPENCLAW_INFERENCE_URL ?? (env.OA_PUBLIC_URL === undefined ? null : `${env.OA_PUBLIC_URL}/v1`),
      fleet: fleet.config,
      runtimeNamePrefix: env.OPENCLAW_RUNTIME_NAME_PREFIX,
      r2BucketPrefix: env.OPENCLAW_R2_BUCKET_PREFIX ?? null,
      runtimeEnv: {
        ...(env.OPENCLAW_DEV_MODE !== undefined && { OPENCLAW_DEV_MODE: env.OPENCLAW_DEV_MODE }),
        ...(env.OPENCLAW_BIND_MODE !== undefined && { OPENCLAW_BIND_MODE: env.OPENCLAW_BIND_MODE }),
        ...(env.OPENCLAW_VERSION !== undefined && { OPENCLAW_VERSION: env.OPENCLAW_VERSION }),
      },
    },
  };
}

function fleetConfig(env: Environment): { config: FleetConfig } | { problems: Problem[] } {
  const one = env.OPENCLAW_RUNTIME_URL;
  const template = env.OPENCLAW_RUNTIME_URL_TEMPLATE;
  const serviceToken = env.OPENCLAW_SERVICE_TOKEN ?? env.OPENAGENTS_SERVICE_TOKEN ?? null;
  const kind = env.OPENCLAW_FLEET ?? (one !== undefined || template !== undefined ? "static" : "host");
  if (kind === "host") {
    const url = env.OPENCLAW_RUNTIME_HOST_URL;
    const key = env.OA_FLEET_KEY;
    if (url !== undefined && key !== undefined) return { config: { kind, url, key } };
    const missing = [
      ...(url === undefined ? ["OPENCLAW_RUNTIME_HOST_URL"] : []),
      ...(key === undefined ? ["OA_FLEET_KEY"] : []),
    ];
    return {
      problems: missing.map((variable) => ({ variable, message: "is not set, and the fleet `host` needs it" })),
    };
  }
  if (one !== undefined && template !== undefined) {
    return {
      problems: [
        {
          variable: "OPENCLAW_RUNTIME_URL_TEMPLATE",
          message: "is set together with OPENCLAW_RUNTIME_URL: keep one of them",
        },
      ],
    };
  }
  if (one !== undefined) return { config: { kind, where: { one }, serviceToken } };
  if (template === undefined) {
    return {
      problems: [
        {
          variable: "OPENCLAW_RUNTIME_URL",
          message: "is not set, and the fleet `static` needs it or OPENCLAW_RUNTIME_URL_TEMPLATE",
        },
      ],
    };
  }
  if (serviceToken !== null) {
    // One token for many users' runtimes would let each of them speak for all the others.
    const variable = env.OPENCLAW_SERVICE_TOKEN === undefined ? "OPENAGENTS_SERVICE_TOKEN" : "OPENCLAW_SERVICE_TOKEN";
    return {
      problems: [{ variable, message: "is one token, and OPENCLAW_RUNTIME_URL_TEMPLATE serves many users: unset it" }],
    };
  }
  return { config: { kind, where: { template }, serviceToken: null } };
}
