/** `T` with every optional field either there or absent, never there with the value `undefined`. */
export type Exact<T> = T extends (infer Item)[]
  ? Exact<Item>[]
  : T extends object
    ? { [Name in keyof T]: Exact<Exclude<T[Name], undefined>> }
    : T;

/**
 * The same value, known to have no field that is `undefined`. Zod types an optional field as `T | undefined`, while
 * Convex's arguments are exact; what was parsed from JSON cannot have one, and that is checked here instead of asserted.
 */
export function exact<T>(value: T): Exact<T> {
  if (!isExact(value)) throw new TypeError("A parsed value has a field that is undefined.");
  return value;
}

function isExact<T>(value: T): value is T & Exact<T> {
  if (typeof value !== "object" || value === null) return true;
  return Object.values(value).every((field: unknown) => field !== undefined && isExact(field));
}
