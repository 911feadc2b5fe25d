import type { FleetSpec, ProviderKeys } from "@oa/contract";
import { type Json, type JsonObject, isObject } from "./json.ts";

/**
 * The secrets file beside the configuration. The configuration only refers to its entries, so that it, and every backup of
 * it, holds no secret, and a new secret is taken up without a restart.
 */

/** Name of the file secret provider in the configuration. */
export const SECRETS_PROVIDER = "oa";

/** What the secrets file holds; the configuration refers to these names. */
export interface GatewaySecrets {
  gatewayToken: string;
  inferenceKey?: string;
  providerKeys?: ProviderKeys;
}

export function secretsOf(
  gatewayToken: string,
  { inference, providerKeys }: Pick<FleetSpec, "inference" | "providerKeys">,
): GatewaySecrets {
  return {
    gatewayToken,
    ...(inference === undefined ? {} : { inferenceKey: inference.apiKey }),
    ...(providerKeys === undefined ? {} : { providerKeys }),
  };
}

/** A reference to one entry of the secrets file; `id` is its JSON pointer. */
export function secretRef(id: string): JsonObject {
  return { source: "file", provider: SECRETS_PROVIDER, id };
}

/** True for a reference the host has written, not the owner. */
export function isHostRef(value: Json | undefined): boolean {
  return isObject(value) && value["provider"] === SECRETS_PROVIDER;
}
