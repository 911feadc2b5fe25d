import { ApiError } from "@oa/contract";
import type { LimitCheck, LimitName } from "@oa/contract";
import type { ControlClient } from "./control/client.ts";
import { sha256Hex } from "./secretEqual.ts";

/** Names of limits by what they count. */
type Per<Suffix extends string> = Extract<LimitName, `${string}_${Suffix}`>;

/**
 * A limit per address. None where the address is unknown or this machine's own: behind Cloudflare it is always known, and on
 * a local stack everyone comes from here.
 */
export function perIp(name: Per<"ip">, ip: string | null): LimitCheck[] {
  const key = ip === null ? null : networkOf(ip);
  return key === null ? [] : [{ name, key }];
}

/** A limit per e-mail; only its hash leaves here. */
export function perEmail(name: Per<"email">, email: string): LimitCheck[] {
  return [{ name, key: sha256Hex(email) }];
}

export function perUser(name: Per<"user">, userId: string): LimitCheck[] {
  return [{ name, key: userId }];
}

/** @throws ApiError `rate_limited` with `details.retry_after_ms`; the answer then carries `Retry-After`. */
export async function assertWithin(control: ControlClient, checks: readonly LimitCheck[]): Promise<void> {
  if (checks.length === 0) return;
  const result = await control.takeLimits(checks);
  if (!result.allowed) throw tooMany(result.retry_after_ms);
}

/** The refusal of one attempt too many. */
export function tooMany(retryAfterMs: number): ApiError {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  const wait = seconds < 120 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
  return new ApiError("rate_limited", `Too many attempts. Try again in ${wait}.`, { retry_after_ms: retryAfterMs });
}

/** Seconds for `Retry-After`; null where the error tells none. */
export function retryAfterOf(error: ApiError): number | null {
  const wait = error.details?.["retry_after_ms"];
  return error.code === "rate_limited" && typeof wait === "number" ? Math.max(1, Math.ceil(wait / 1000)) : null;
}

/**
 * What counts as one address: IPv4 as it is, also in its IPv6 dress, and IPv6 by its /64, which one household or host has to itself.
 * One network has one key, however its address is written; null for this machine.
 */
function networkOf(address: string): string | null {
  const ip = address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
  if (ip === "::1" || ip.startsWith("127.")) return null;
  if (!ip.includes(":")) return ip;
  const [head = "", tail] = ip.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
  const groups = tail === undefined ? left : [...left, ...zeros, ...right];
  const network = groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ""));
  return `${network.join(":")}::/64`;
}
