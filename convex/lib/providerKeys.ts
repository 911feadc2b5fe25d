import { ModelProvider, type ProviderKeyHint, ProviderKeys } from "@oa/contract";
import { apiError } from "./errors.ts";

/** The secret `provider_keys`: JSON of one key for each provider, and what is shown of it. Pure. */

/** The stored keys. Refuses with `secret_corrupt` what is not in their form: it was stored by hand, past these rules. */
export function parseProviderKeys(value: string): ProviderKeys {
  const keys = tryParse(value);
  if (keys !== null) return keys;
  throw apiError(
    "secret_corrupt",
    "The stored provider keys are not in a form this version knows. Remove them all, then store them again.",
  );
}

/** One provider's new key; null removes the one it has. */
export interface KeyChange {
  provider: ModelProvider;
  key: string | null;
}

/** The keys after some changes; providers that are not named stay. */
export function changeProviderKeys(before: ProviderKeys, changes: readonly KeyChange[]): ProviderKeys {
  const after: ProviderKeys = { ...before };
  for (const { provider, key } of changes) {
    if (key === null) delete after[provider];
    else after[provider] = key;
  }
  return after;
}

/** What is shown of keys, in the contract's order. Those that are `unchanged` keep their time. Nothing is shown of what cannot be read. */
export function hintsOf(value: string, unchanged: readonly ProviderKeyHint[], now: number): ProviderKeyHint[] {
  const keys = tryParse(value) ?? {};
  return ModelProvider.options.flatMap((provider) => {
    const key = keys[provider];
    if (key === undefined) return [];
    const before = unchanged.find((hint) => hint.provider === provider);
    return [before ?? { provider, last_four: key.slice(-4), updated_at: now }];
  });
}

function tryParse(value: string): ProviderKeys | null {
  try {
    return ProviderKeys.safeParse(JSON.parse(value)).data ?? null;
  } catch {
    return null;
  }
}
