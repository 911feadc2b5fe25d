import type { CREDIT_CONTROL_PATHS, CREDIT_HISTORY_PATHS, KEY_CONTROL_PATHS } from "@oa/contract";
import * as credits from "./credits.ts";
import type { MethodTable } from "./gate.ts";
import * as keys from "./keys.ts";

type Paths =
  | Exclude<keyof typeof CREDIT_CONTROL_PATHS, keyof typeof CREDIT_HISTORY_PATHS>
  | keyof typeof KEY_CONTROL_PATHS;

/** What answers each path that spends credits or is about keys; a path that is missing here does not compile. */
export const CREDIT_ROUTES: { readonly [Name in Paths]: MethodTable } = {
  creditsBatch: { POST: credits.applyBatch },
  creditsStanding: { GET: credits.standing },
  inferenceModels: { GET: credits.models },

  keys: { GET: keys.listKeys, POST: keys.createKey },
  key: { GET: keys.readKey, POST: keys.updateKey, DELETE: keys.revokeKey },
  keyRotate: { POST: keys.rotateKey },
  keyResolve: { POST: keys.resolveKey },
  keyInstance: { POST: keys.setInstanceKey },
};
