/** JSON as data: what a configuration is made of. */

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** True for a JSON object; false for null and arrays. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object, or an empty one where there is none. */
export function asObject(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

/** RFC 7396 merge: objects merge, `null` deletes, everything else replaces. Neither argument is changed. */
export function mergeConfig(target: JsonObject, patch: JsonObject): JsonObject {
  const out: JsonObject = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key];
    else if (isObject(value)) out[key] = mergeConfig(asObject(out[key]), value);
    else out[key] = value;
  }
  return out;
}
