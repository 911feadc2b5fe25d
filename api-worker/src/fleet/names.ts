import { sha256Hex } from "../secretEqual.ts";

/** Longest name of an R2 bucket; runtimes keep to it too. */
const MAX_NAME = 63;

/**
 * `<prefix>-<instance id>`. The id is opaque and unique, so two instances never share a name, whatever their users are
 * called; where it does not fit, a digest of it stands in.
 */
export function nameFor(prefix: string, instanceId: string): string {
  const head = prefix.endsWith("-") ? prefix : `${prefix}-`;
  return head.length + instanceId.length <= MAX_NAME ? head + instanceId : head + sha256Hex(instanceId).slice(0, 40);
}
