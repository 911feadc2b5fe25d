import { ApiError, PROVISIONED_KEY_PREFIX } from "@oa/contract";
import type { KeyStanding } from "@oa/contract";
import { bearerOf } from "../auth/secrets.ts";
import { editorOf } from "../auth/standing.ts";
import { isCheckedToken } from "../checkedToken.ts";
import type { Config } from "../config.ts";
import type { ControlClient } from "../control/client.ts";
import { sha256Hex } from "../secretEqual.ts";
import type { Spender } from "./call.ts";

type Standing = NonNullable<KeyStanding["key"]>;

/** How long a key that was in force is believed to be: a hold looks at it again anyway, and at its secret. */
const KEPT_MS = 5_000;
const KEPT_KEYS = 1_000;

/** By deployment, then by the secret's hash. Only keys in force: whoever is refused is looked up each time. */
const kept = new WeakMap<Config, Map<string, { standing: Standing; until: number }>>();

const ENDED: Readonly<Record<Exclude<Standing["state"], "active">, ApiError>> = {
  revoked: new ApiError("key_revoked", "This key was revoked. Make a new one."),
  disabled: new ApiError("key_disabled", "This key is disabled. Its owner can enable it again."),
  expired: new ApiError("key_expired", "This key has expired. Make a new one, or give it a later end."),
};

/**
 * Who pays for a call: the owner of an `sk-prov-…` key, or the user of an editor's JWT.
 *
 * @throws ApiError `unauthorized`, `key_revoked`, `key_disabled`, `key_expired`.
 */
export async function spenderOf(
  config: Config,
  control: ControlClient,
  authorization: string | undefined,
  now: number,
): Promise<Spender> {
  const token = bearerOf(authorization);
  if (token === null) throw unknownKey();
  if (!token.startsWith(PROVISIONED_KEY_PREFIX)) {
    const editor = await editorOf(config, control, token, now);
    if (editor === null) throw unknownKey();
    return { userId: editor.access.user.user_id, keyId: null, secretHash: null, instanceId: null };
  }
  // A mistyped key is known as such without asking anyone.
  if (!isCheckedToken(PROVISIONED_KEY_PREFIX, token)) throw unknownKey();
  const secretHash = sha256Hex(token);
  const standing = await standingOf(config, control, secretHash, now);
  if (standing === null) throw unknownKey();
  if (standing.state !== "active") throw ENDED[standing.state];
  return { userId: standing.user_id, keyId: standing.hash, secretHash, instanceId: standing.instance_id };
}

async function standingOf(
  config: Config,
  control: ControlClient,
  secretHash: string,
  now: number,
): Promise<Standing | null> {
  const keys = kept.get(config) ?? new Map<string, { standing: Standing; until: number }>();
  kept.set(config, keys);
  const before = keys.get(secretHash);
  if (before !== undefined && before.until > now) return before.standing;
  keys.delete(secretHash);
  const standing = await control.resolveProvisionedKey(secretHash);
  if (standing?.state === "active") {
    const oldest = keys.keys().next();
    if (keys.size >= KEPT_KEYS && oldest.done !== true) keys.delete(oldest.value);
    keys.set(secretHash, { standing, until: now + KEPT_MS });
  }
  return standing;
}

function unknownKey(): ApiError {
  return new ApiError(
    "unauthorized",
    "Send a key that is in force, or an editor's token: Authorization: Bearer sk-prov-…",
  );
}
