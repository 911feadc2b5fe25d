import type { ProviderPerson } from "@oa/contract";
import { ApiError } from "@oa/contract";
import * as z from "zod";
import { boundedFetch } from "../outbound/boundedFetch.ts";
import type { ProviderConfig } from "../outsideConfig.ts";
import { GITHUB_SCOPE, githubPerson, githubPlaces } from "./github.ts";

/**
 * GitHub's device flow: https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#device-flow.
 * Errors come with status 200, so both answers are read by their bodies.
 */

const Started = z.object({
  device_code: z.string().min(1).max(200),
  user_code: z.string().min(1).max(50),
  verification_uri: z.url(),
  expires_in: z.int().min(1).max(3600),
  interval: z.int().min(1).max(60),
});
const Failed = z.object({ error: z.string(), interval: z.int().min(1).max(300).optional() });
const Granted = z.object({ access_token: z.string().min(1) });

/** @throws ApiError `provider_unreachable`, `provider_error` */
export async function startGithubDevice(
  config: ProviderConfig,
): Promise<z.output<typeof Started> | { disabled: true }> {
  const { server } = githubPlaces(config);
  const body = await ask(server.device_authorization_endpoint, { client_id: config.clientId, scope: GITHUB_SCOPE });
  const failed = Failed.safeParse(body);
  if (failed.success && failed.data.error === "device_flow_disabled") return { disabled: true };
  return read(Started, body);
}

/** What GitHub says of a device code: who confirmed it, or its own word for why nobody has. */
export type GithubPoll =
  | { kind: "person"; person: ProviderPerson }
  | { kind: "waiting"; slowDown: boolean }
  | { kind: "over"; why: "access_denied" | "expired_token" | "bad_device_code" | "device_flow_disabled" };

/** @throws ApiError `provider_unreachable`, `provider_error` */
export async function pollGithubDevice(config: ProviderConfig, deviceCode: string): Promise<GithubPoll> {
  const { server } = githubPlaces(config);
  const body = await ask(server.token_endpoint, {
    client_id: config.clientId,
    device_code: deviceCode,
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
  });
  const failed = Failed.safeParse(body);
  if (!failed.success) {
    const { access_token } = read(Granted, body);
    try {
      return { kind: "person", person: await githubPerson(config, access_token) };
    } catch {
      throw unreachable();
    }
  }
  switch (failed.data.error) {
    case "authorization_pending":
      return { kind: "waiting", slowDown: false };
    case "slow_down":
      return { kind: "waiting", slowDown: true };
    case "access_denied":
    case "expired_token":
    case "device_flow_disabled":
      return { kind: "over", why: failed.data.error };
    case "incorrect_device_code":
    case "bad_verification_code":
      return { kind: "over", why: "bad_device_code" };
    default:
      throw new ApiError("provider_error", "GitHub refuses this installation's device flow.");
  }
}

async function ask(url: string, form: Record<string, string>): Promise<unknown> {
  try {
    const response = await boundedFetch(url, {
      method: "POST",
      headers: { accept: "application/json", "user-agent": "managed-openclaw" },
      body: new URLSearchParams(form),
    });
    if (response.status >= 500) throw new Error(`GitHub answered ${response.status}`);
    const body: unknown = await response.json();
    return body;
  } catch {
    throw unreachable();
  }
}

function read<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new ApiError("provider_error", "GitHub refuses this installation's device flow.");
}

function unreachable(): ApiError {
  return new ApiError("provider_unreachable", "GitHub does not answer right now. Try again in a moment.");
}
