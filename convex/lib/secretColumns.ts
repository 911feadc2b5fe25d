import type { SecretKey } from "@oa/contract";
import type { Doc } from "../_generated/dataModel.js";
import type { SealedSecret } from "./secretBox.ts";

/** The seed's columns of each secret, in one place: reading them, and what a patch writes. */

type InstanceRow = Doc<"openclaw_instances">;

/** A stored secret; null where a field is empty. A field that is only half there cannot be opened and is refused when it is. */
export function sealedOf(row: InstanceRow, key: SecretKey): SealedSecret | null {
  const columns =
    key === "service_token"
      ? [row.service_token_encrypted, row.service_token_iv, row.service_token_alg, row.service_token_key_id]
      : [row.provider_keys_encrypted, row.provider_keys_iv, row.provider_keys_alg, row.provider_keys_key_id];
  const [ciphertext, iv, alg, keyId] = columns;
  if (ciphertext === undefined) return null;
  return { ciphertext, iv: iv ?? "", alg: alg ?? "", key_id: keyId ?? "" };
}

/** How often a field has been sealed; 0 before the first time. Survives erasure, so that no two values share a version. */
export function versionOf(row: InstanceRow, key: SecretKey): number {
  return (key === "service_token" ? row.service_token_version : row.provider_keys_version) ?? 0;
}

/** The patch that stores a secret. */
export function columnsOf(key: SecretKey, sealed: SealedSecret, version: number) {
  if (key === "service_token") {
    return {
      service_token_encrypted: sealed.ciphertext,
      service_token_iv: sealed.iv,
      service_token_alg: sealed.alg,
      service_token_key_id: sealed.key_id,
      service_token_version: version,
    };
  }
  return {
    provider_keys_encrypted: sealed.ciphertext,
    provider_keys_iv: sealed.iv,
    provider_keys_alg: sealed.alg,
    provider_keys_key_id: sealed.key_id,
    provider_keys_version: version,
  };
}
