import type { SecretKey } from "@oa/contract";
import type { Doc } from "../_generated/dataModel.js";
import { sealedOf, versionOf } from "../lib/secretColumns.ts";
import type { SealedSecret, SecretPlace } from "../lib/secretBox.ts";

/** A secret of one row as an action needs it: where it belongs, and what is stored. */
export interface SecretState {
  /** What the stored ciphertext is bound to; `version` 0 where there never was one. */
  place: SecretPlace;
  sealed: SealedSecret | null;
}

/** What is stored in a field, still encrypted. */
export function secretStateOf(row: Doc<"openclaw_instances">, key: SecretKey): SecretState {
  return {
    place: { instance_id: row.instance_id, user_id: row.user_id, field: key, version: versionOf(row, key) },
    sealed: sealedOf(row, key),
  };
}
