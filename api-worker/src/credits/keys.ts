import { ApiError, CliCreateKey, CliUpdateKey, microOfUsd } from "@oa/contract";
import type { ProvisionedKey } from "@oa/contract";
import { actorOf, audited } from "../audit.ts";
import type { Witness } from "../audit.ts";
import { newKeyHash, newProvisionedSecret } from "../auth/secrets.ts";

/** What people do with their provisioned keys, in a terminal and on the page alike. Every act is audited, under the key's hash. */

/** A key and its secret, of which only the hash is kept: it is shown in this answer and never again. */
export interface KeyAndSecret {
  key: ProvisionedKey;
  secret: string;
}

/** Error codes of acts on one key. */
export const KEY_ERRORS = ["not_found", "expired", "conflict"] as const;

/**
 * Makes a key.
 *
 * @throws ApiError `invalid_request` for an end that has passed, `taken` where a living key has the name, `conflict` past the hundredth
 */
export async function makeKey(call: Witness, wish: CliCreateKey, now: number): Promise<KeyAndSecret> {
  const { userId } = actorOf(call.granted);
  const { control } = call.services;
  const hash = newKeyHash();
  const secret = newProvisionedSecret();
  const fields = {
    hash,
    secret_hash: secret.hash,
    prefix: secret.prefix,
    name: wish.name,
    credit_limit_microusd: limitOf(wish.credit_limit ?? null),
    limit_reset: wish.limit_reset ?? null,
    expires_at: endOf(wish.expires_at ?? null, now),
  };
  const make = () => control.createProvisionedKey(userId, fields);
  const look = () => control.provisionedKey(userId, hash);
  const key = await audited(call, { action: "key.create", target: hash }, () => doneOrSeen(make, look, secret.prefix));
  return { key, secret: secret.token };
}

/**
 * Changes what is named; what is left out stays.
 *
 * @throws ApiError `invalid_request`, `not_found`, `taken`, `expired` for one that is revoked
 */
export async function changeKey(call: Witness, hash: string, wish: CliUpdateKey, now: number): Promise<ProvisionedKey> {
  const { userId } = actorOf(call.granted);
  const change = {
    hash,
    ...(wish.name !== undefined && { name: wish.name }),
    ...(wish.credit_limit !== undefined && { credit_limit_microusd: limitOf(wish.credit_limit) }),
    ...(wish.limit_reset !== undefined && { limit_reset: wish.limit_reset }),
    ...(wish.disabled !== undefined && { disabled: wish.disabled }),
    ...(wish.expires_at !== undefined && { expires_at: endOf(wish.expires_at, now) }),
  };
  return await audited(call, { action: "key.update", target: hash }, () =>
    call.services.control.updateProvisionedKey(userId, change),
  );
}

/**
 * Puts a new secret in the place of a key's, which stays good for the grace. The key keeps its hash, name, limits and usage.
 *
 * @throws ApiError `not_found`, `expired` for one that is revoked, `conflict` for the hosted OpenClaw's
 */
export async function rotateKey(call: Witness, hash: string, graceSeconds: number): Promise<KeyAndSecret> {
  const { userId } = actorOf(call.granted);
  const { control } = call.services;
  const secret = newProvisionedSecret();
  const next = { hash, next_hash: secret.hash, next_prefix: secret.prefix, grace_s: graceSeconds };
  const rotate = () => control.rotateProvisionedKey(userId, next);
  const look = () => control.provisionedKey(userId, hash);
  const key = await audited(call, { action: "key.rotate", target: hash }, () =>
    doneOrSeen(rotate, look, secret.prefix),
  );
  return { key, secret: secret.token };
}

/**
 * Ends a key for good.
 *
 * @throws ApiError `not_found`, `expired` where it was revoked before, `conflict` for the hosted OpenClaw's
 */
export async function revokeKey(call: Witness, hash: string): Promise<ProvisionedKey> {
  const { userId } = actorOf(call.granted);
  return await audited(call, { action: "key.revoke", target: hash }, () =>
    call.services.control.revokeProvisionedKey(userId, hash),
  );
}

/**
 * An act whose answer was lost may have been done all the same, and its secret would then be known to nobody: one look at the key
 * tells by the beginning of the secret it has.
 */
async function doneOrSeen(
  act: () => Promise<ProvisionedKey>,
  look: () => Promise<ProvisionedKey>,
  prefix: string,
): Promise<ProvisionedKey> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "control_unreachable") throw error;
    const seen = await look().catch(() => null);
    if (seen?.prefix !== prefix) throw error;
    return seen;
  }
}

function limitOf(usd: number | null): number | null {
  return usd === null ? null : microOfUsd(usd);
}

function endOf(time: string | null, now: number): number | null {
  if (time === null) return null;
  const millis = Date.parse(time);
  if (millis > now) return millis;
  const issues = [{ path: "expires_at", message: "has passed" }];
  throw new ApiError("invalid_request", "expires_at: that time has passed.", { issues });
}
