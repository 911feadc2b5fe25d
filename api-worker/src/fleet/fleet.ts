import type { ControlInstance, FleetInstance, FleetSpec } from "@oa/contract";
import type { Config } from "../config.ts";
import { hostFleet } from "./host.ts";
import { staticFleet } from "./static.ts";

/** A runtime as its fleet sees it. */
export interface RuntimeView {
  kind: "instance";
  generation: number;
  desired: FleetInstance["desired"];
  phase: FleetInstance["phase"];
  /** For people; null while all is well. */
  reason: string | null;
  /** True when nothing the fleet does by itself will mend it. */
  final: boolean;
  gatewayUrl: string;
  version: string;
  /** Digest of the wish it was last given; null of a fleet that takes none. */
  specDigest: string | null;
  /** It holds keys of its owner's. */
  hasProviderKeys: boolean;
}

/** The fleet did what it could not do: it does not know the instance, is away, or says no. */
export type FleetTrouble =
  /** Only this permits making it anew. */
  | { kind: "absent" }
  /** No usable answer; what stands there is unknown, so nothing may be made or removed on the strength of it. */
  | { kind: "away"; reason: string }
  /** A no that asking again does not change. */
  | { kind: "refused"; reason: string }
  /** The fleet knows a newer generation. */
  | { kind: "stale" };

export type FleetView = RuntimeView | FleetTrouble;
export type FleetRemoval = { kind: "gone" } | { kind: "deleting" } | Exclude<FleetTrouble, { kind: "absent" }>;

/** The wish of a PUT; the fleet adds what belongs to the installation (`Config.runtimeEnv`). */
export interface RuntimeWish {
  desired: FleetSpec["desired"];
  serviceToken: string;
  /** What its gateway calls models with, and the digest of all this; nothing of either for what is to stop. */
  models: Pick<FleetSpec, "inference" | "providerKeys" | "digest">;
}

export interface CallOptions {
  requestId: string;
  signal?: AbortSignal;
}

/**
 * Where runtimes run. One implementation a kind of place; the reconciler knows only this. Never throws: what went wrong
 * is a value with a sentence for people.
 */
export interface Fleet {
  /** True where an address serves one user only: it is claimed in Convex before anything is asked of it. */
  addressIsScarce: boolean;
  /** False where someone else decides which models a gateway calls. */
  takesModels: boolean;
  /**
   * Base of the runtime's `/v1/*`. Built from the configuration and the instance's id, never read out of the row: a row
   * that was tampered with cannot send a service token anywhere else.
   */
  runtimeUrl(instance: ControlInstance): string;
  /** The service token the runtime was started with, where the installation and not the reconciler chose it. */
  fixedServiceToken: string | null;
  /** `token` is asked for only by fleets that cannot tell without it; it gives null where none is stored. */
  describe(instance: ControlInstance, token: () => Promise<string | null>, options: CallOptions): Promise<FleetView>;
  put(instance: ControlInstance, wish: RuntimeWish, options: CallOptions): Promise<FleetView>;
  remove(instance: ControlInstance, options: CallOptions): Promise<FleetRemoval>;
  /** For `/healthz`: true when the fleet answers at all, null where there is nothing to ask. */
  answers(options: CallOptions): Promise<boolean | null>;
}

export function fleetOf(config: Config): Fleet {
  return config.fleet.kind === "host" ? hostFleet(config.fleet, config.runtimeEnv) : staticFleet(config.fleet);
}
