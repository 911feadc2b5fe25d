import type { RuntimeEnv } from "@oa/contract";

/**
 * The seed's environment names, and what each becomes here. This is the one place that spells them:
 *
 * | name | becomes |
 * |---|---|
 * | OPENAGENTS_SERVICE_TOKEN | gate of this instance's `/v1/*`; never given to the gateway |
 * | OPENCLAW_GATEWAY_TOKEN | the gateway's shared token, handed over in a secrets file and not in its environment, which agents can print |
 * | OPENCLAW_DEV_MODE | "true" logs at debug level |
 * | OPENCLAW_BIND_MODE | the gateway's `--bind` |
 * | OPENCLAW_VERSION | the OpenClaw release to run |
 */
export interface InstanceSettings {
  serviceToken: string;
  /** Undefined: the fleet makes one. */
  gatewayToken: string | undefined;
  logLevel: "debug" | "info";
  bind: "loopback" | "lan";
  /** Undefined: the release the fleet is pinned to. */
  version: string | undefined;
}

export function instanceSettings(env: RuntimeEnv): InstanceSettings {
  return {
    serviceToken: env.OPENAGENTS_SERVICE_TOKEN,
    gatewayToken: env.OPENCLAW_GATEWAY_TOKEN,
    logLevel: env.OPENCLAW_DEV_MODE === "true" ? "debug" : "info",
    bind: env.OPENCLAW_BIND_MODE ?? "loopback",
    version: env.OPENCLAW_VERSION,
  };
}
