import type { SecretKey } from "@oa/contract";
import type { Doc } from "../_generated/dataModel.js";
import type { SealedSecret } from "./secretBox.ts";

/** The columns of each secret, in one place: reading them, and what a patch writes. The names are the seed's. */

type InstanceRow = Doc<"openclaw_instances">;

const COLUMNS = {
  service_token: {
    ciphertext: "service_token_encrypted",
    iv: "service_token_iv",
    alg: "service_token_alg",
    keyId: "service_token_key_id",
    version: "service_token_version",
  },
  provider_keys: {
    ciphertext: "provider_keys_encrypted",
    iv: "provider_keys_iv",
    alg: "provider_keys_alg",
    keyId: "provider_keys_key_id",
    version: "provider_keys_version",
  },
  inference_key: {
    ciphertext: "inference_key_encrypted",
    iv: "inference_key_iv",
    alg: "inference_key_alg",
    keyId: "inference_key_key_id",
    version: "inference_key_version",
  },
} as const satisfies Record<SecretKey, Record<string, keyof InstanceRow>>;

/** A stored secret; null where a field is empty. A field that is only half there cannot be opened and is refused when it is. */
export function sealedOf(row: InstanceRow, key: SecretKey): SealedSecret | null {
  const columns = COLUMNS[key];
  const ciphertext = row[columns.ciphertext];
  if (ciphertext === undefined) return null;
  return { ciphertext, iv: row[columns.iv] ?? "", alg: row[columns.alg] ?? "", key_id: row[columns.keyId] ?? "" };
}

/** How often a field has been sealed; 0 before the first time. Survives erasure, so that no two values share a version. */
export function versionOf(row: InstanceRow, key: SecretKey): number {
  return row[COLUMNS[key].version] ?? 0;
}

/** The patch that stores a secret. */
export function columnsOf(key: SecretKey, sealed: SealedSecret, version: number) {
  switch (key) {
    case "service_token":
      return {
        service_token_encrypted: sealed.ciphertext,
        service_token_iv: sealed.iv,
        service_token_alg: sealed.alg,
        service_token_key_id: sealed.key_id,
        service_token_version: version,
      };
    case "provider_keys":
      return {
        provider_keys_encrypted: sealed.ciphertext,
        provider_keys_iv: sealed.iv,
        provider_keys_alg: sealed.alg,
        provider_keys_key_id: sealed.key_id,
        provider_keys_version: version,
      };
    case "inference_key":
      return {
        inference_key_encrypted: sealed.ciphertext,
        inference_key_iv: sealed.iv,
        inference_key_alg: sealed.alg,
        inference_key_key_id: sealed.key_id,
        inference_key_version: version,
      };
  }
}

/** The patch that takes a secret away. */
export function erasedColumns(key: SecretKey, version: number) {
  switch (key) {
    case "service_token":
      return {
        service_token_encrypted: undefined,
        service_token_iv: undefined,
        service_token_alg: undefined,
        service_token_key_id: undefined,
        service_token_version: version,
      };
    case "provider_keys":
      return {
        provider_keys_encrypted: undefined,
        provider_keys_iv: undefined,
        provider_keys_alg: undefined,
        provider_keys_key_id: undefined,
        provider_keys_version: version,
      };
    case "inference_key":
      return {
        inference_key_encrypted: undefined,
        inference_key_iv: undefined,
        inference_key_alg: undefined,
        inference_key_key_id: undefined,
        inference_key_version: version,
      };
  }
}
