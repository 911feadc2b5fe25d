import type { KeyStanding, RefusalCode } from "@oa/contract";

/** Whether a provisioned key is in force, pure. */

export type KeyState = NonNullable<KeyStanding["key"]>["state"];

/** What of a stored key its state follows from. */
export interface KeyLife {
  disabled: boolean;
  expires_at?: number;
  revoked_at?: number;
}

/** Of several reasons the one that cannot be undone. */
export function keyState(key: KeyLife, now: number): KeyState {
  if (key.revoked_at !== undefined) return "revoked";
  if (key.expires_at !== undefined && key.expires_at <= now) return "expired";
  return key.disabled ? "disabled" : "active";
}

/** What of a stored key its secrets follow from. */
export interface KeySecrets {
  secret_hash: string;
  previous_secret_hash?: string;
  previous_until?: number;
}

/** Whether a secret is a key's own: its present one, or the one of before a rotation while its grace lasts. */
export function isOwnSecret(key: KeySecrets, secretHash: string, now: number): boolean {
  if (key.secret_hash === secretHash) return true;
  return key.previous_secret_hash === secretHash && (key.previous_until ?? 0) > now;
}

/** How a key is refused that is not in force, and what its holder is told. */
export const KEY_REFUSALS: { readonly [State in Exclude<KeyState, "active">]: { code: RefusalCode; message: string } } =
  {
    revoked: { code: "key_revoked", message: "This key was revoked. Use another one." },
    expired: { code: "key_expired", message: "This key has expired. Give it a later end, or use another one." },
    disabled: { code: "key_disabled", message: "This key is switched off. Its owner can switch it on again." },
  };
