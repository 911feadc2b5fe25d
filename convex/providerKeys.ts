import type { ProviderKeyHint, ProviderKeyList } from "@oa/contract";
import { v } from "convex/values";
import { internal } from "./_generated/api.js";
import { internalAction, internalQuery } from "./_generated/server.js";
import { apiError } from "./lib/errors.ts";
import { changeProviderKeys, hintsOf, parseProviderKeys } from "./lib/providerKeys.ts";
import { loadKeyring, openSecret, sealSecret } from "./lib/secretBox.ts";
import { sealedOf } from "./lib/secretColumns.ts";
import { modelProvider } from "./lib/validators.ts";
import { requireInstance } from "./model/instances.ts";
import { type SecretState, secretStateOf } from "./model/secrets.ts";

/**
 * The owner's own keys at model providers: one secret of the instance, changed one provider at a time. A change opens what is
 * stored, merges, seals and stores again only if nobody was faster, so that two changes at once both stand.
 */

/** What is shown of the stored keys. Refuses with `no_instance`. */
export const list = internalQuery({
  args: { user_id: v.string() },
  handler: async (ctx, args): Promise<ProviderKeyList> => {
    const row = await requireInstance(ctx, args.user_id);
    return {
      model_source: sealedOf(row, "provider_keys") === null ? "credits" : "own_keys",
      provider_keys: row.provider_key_hints ?? [],
    };
  },
});

/** What a change starts from: the sealed keys, and what is shown of them. */
export const state = internalQuery({
  args: { user_id: v.string() },
  handler: async (ctx, args): Promise<SecretState & { hints: ProviderKeyHint[] }> => {
    const row = await requireInstance(ctx, args.user_id);
    return { ...secretStateOf(row, "provider_keys"), hints: row.provider_key_hints ?? [] };
  },
});

/** Rounds of reading, changing and storing before keys that keep changing are given up. */
const ROUNDS = 5;

/**
 * Stores, replaces and removes keys; without the last one, models run on credits again. The runtime hears of it at once.
 * Refuses with `no_instance`, `not_configured` (no usable `OPENCLAW_ENCRYPTION_KEY`), `secret_corrupt`, `conflict`.
 */
export const change = internalAction({
  args: {
    user_id: v.string(),
    /** At most one for each provider; null removes its key. */
    changes: v.array(v.object({ provider: modelProvider, key: v.union(v.string(), v.null()) })),
    request_id: v.string(),
  },
  handler: async (ctx, { user_id, changes, request_id }): Promise<ProviderKeyList> => {
    const keyring = await loadKeyring(process.env);
    const actId = crypto.randomUUID();
    const changed = new Set(changes.map(({ provider }) => provider));
    for (let round = 0; round < ROUNDS; round += 1) {
      const { place, sealed, hints } = await ctx.runQuery(internal.providerKeys.state, { user_id });
      const stored = sealed === null ? {} : parseProviderKeys(await openSecret(keyring, place, sealed));
      const next = changeProviderKeys(stored, changes);
      const where = { instance_id: place.instance_id, key: "provider_keys" as const, act_id: actId, request_id };
      if (Object.keys(next).length === 0) {
        const { erased } = await ctx.runMutation(internal.secrets.eraseSealed, { ...where, version: place.version });
        if (erased) return { model_source: "credits", provider_keys: [] };
        continue;
      }
      const value = JSON.stringify(next);
      const version = place.version + 1;
      const unchanged = hints.filter(({ provider }) => !changed.has(provider));
      const nextHints = hintsOf(value, unchanged, Date.now());
      const { stored: done } = await ctx.runMutation(internal.secrets.putSealed, {
        ...where,
        sealed: await sealSecret(keyring, { ...place, version }, value),
        version,
        hints: nextHints,
        hasten: true,
        action: "secret.store",
      });
      if (done) return { model_source: "own_keys", provider_keys: nextHints };
    }
    throw apiError("conflict", "The keys were changed by others at the same time. Try again.");
  },
});

/** Removes all keys, also keys that cannot be read any more. Removing what is not there is no error. */
export const removeAll = internalAction({
  args: { user_id: v.string(), request_id: v.string() },
  handler: async (ctx, { user_id, request_id }): Promise<ProviderKeyList> => {
    const actId = crypto.randomUUID();
    for (let round = 0; round < ROUNDS; round += 1) {
      const { place } = await ctx.runQuery(internal.providerKeys.state, { user_id });
      const { erased } = await ctx.runMutation(internal.secrets.eraseSealed, {
        instance_id: place.instance_id,
        key: "provider_keys",
        version: place.version,
        act_id: actId,
        request_id,
      });
      if (erased) return { model_source: "credits", provider_keys: [] };
    }
    throw apiError("conflict", "The keys were changed by others at the same time. Try again.");
  },
});
