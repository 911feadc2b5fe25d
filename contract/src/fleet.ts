import * as z from "zod";
import { Generation, InstanceId } from "./ids.ts";
import { ProviderKeys } from "./providerKeys.ts";
import { GatewayState } from "./runtime.ts";

/** SHA-256 in hexadecimal. */
const Digest = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * `PUT/GET/DELETE /fleet/instances/:id`, gated by the fleet key; the same wire for the Node host and the container worker.
 * PUT takes `FleetSpec`; PUT and GET answer `FleetInstance`; DELETE takes `?generation=` and answers `FleetDeletion`.
 * An older generation than the fleet knows is refused with `stale_generation`; an unknown id is `not_found`.
 */

/** Environment of one runtime: the seed's names. The fleet makes a gateway token of its own where none is given. */
export const RuntimeEnv = z.object({
  OPENAGENTS_SERVICE_TOKEN: z.string().min(32).max(512),
  OPENCLAW_GATEWAY_TOKEN: z.string().min(32).max(512).optional(),
  /** "true" turns on the gateway's debug logs. */
  OPENCLAW_DEV_MODE: z.enum(["true", "false"]).optional(),
  /** Address the gateway binds: only "loopback" is allowed where other tenants share the machine. */
  OPENCLAW_BIND_MODE: z.enum(["loopback", "lan"]).optional(),
  /** OpenClaw version to run; a fleet that does not have it answers 422. */
  OPENCLAW_VERSION: z.string().max(64).optional(),
});
export type RuntimeEnv = z.infer<typeof RuntimeEnv>;

/** The model endpoint a gateway uses, its first model by default. Keys reach it as a secret file, never in its configuration or environment. */
export const RuntimeInference = z.object({
  baseUrl: z.url(),
  apiKey: z.string().min(8).max(512),
  models: z
    .array(
      z.object({
        id: z.string().max(200),
        name: z.string().max(200),
        contextWindow: z.int().positive(),
        maxTokens: z.int().positive(),
      }),
    )
    .min(1)
    .max(200),
});
export type RuntimeInference = z.infer<typeof RuntimeInference>;

export const FleetSpec = z.object({
  generation: Generation,
  desired: z.enum(["running", "stopped"]),
  env: RuntimeEnv,
  /** Models on credits: the gateway shows these and no others. */
  inference: RuntimeInference.optional(),
  /** The owner's own keys, instead of `inference`: the gateway's own providers use them. */
  providerKeys: ProviderKeys.optional(),
  /**
   * Names this wish: made by the control plane from everything above, with the versions of secrets in their place, so that it
   * tells nothing of them. Another wish of the same generation has another one.
   */
  digest: Digest.optional(),
  /**
   * Raised when the instance passes into other hands. Before a gateway serves under a higher one than it did, every device is
   * unpaired and the gateway has another token; what a restore brings back of before is treated alike. Left out: 0.
   */
  access_version: z.int().nonnegative().optional(),
});
export type FleetSpec = z.infer<typeof FleetSpec>;

/** Where a runtime stands on its way up; `ready` is the gateway's own readiness. */
export const FleetPhase = z.enum(["storage", "boot", "health", "ready", "stopping", "stopped", "deleting", "error"]);
export type FleetPhase = z.infer<typeof FleetPhase>;

export const FleetInstance = z.object({
  id: InstanceId,
  generation: Generation,
  desired: z.enum(["running", "stopped", "deleted"]),
  /** `digest` of the wish it was last given; null where that had none. */
  spec_digest: Digest.nullable(),
  /** True while it holds keys of its owner's. */
  has_provider_keys: z.boolean(),
  phase: FleetPhase,
  gateway: GatewayState,
  /** For people; null while all is well. */
  reason: z.string().max(500).nullable(),
  /** True when nothing the fleet does by itself will mend it (a refused configuration, for example). */
  final: z.boolean(),
  /** Base of the runtime's `/v1/*`. */
  runtime_url: z.url(),
  /** Where devices connect. */
  gateway_url: z.url(),
  runtime_name: z.string().max(128),
  version: z.string().max(64),
});
export type FleetInstance = z.infer<typeof FleetInstance>;

/** Answer of DELETE: `gone` once nothing of it is left; until then `deleting`, ask again. */
export const FleetDeletion = z.object({ id: InstanceId, state: z.enum(["deleting", "gone"]) });
export type FleetDeletion = z.infer<typeof FleetDeletion>;
