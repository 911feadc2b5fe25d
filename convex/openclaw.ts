import { type ClaimResult, type ControlInstance, type InstanceSummary } from "@oa/contract";
import { v } from "convex/values";
import { internal } from "./_generated/api.js";
import { internalAction, internalMutation, internalQuery, query } from "./_generated/server.js";
import { requireUser } from "./lib/access.ts";
import { apiError } from "./lib/errors.ts";
import type { ObservationView } from "./lib/observationView.ts";
import { hintsOf } from "./lib/providerKeys.ts";
import { loadKeyring, openSecret, sealSecret } from "./lib/secretBox.ts";
import { desiredState, instanceStatus, secretKey } from "./lib/validators.ts";
import { claim } from "./model/claims.ts";
import {
  controlViewOf,
  instanceById,
  instanceOfUser,
  requireGeneration,
  requireInstance,
  seenOfUser,
  summaryOf,
} from "./model/instances.ts";
import { patchRow, reportStatus } from "./model/status.ts";
import { upsertRuntime } from "./model/upsert.ts";

/** The signed-in user's instance; null where they have none (never made, or deleted). */
export const myInstance = query({
  args: {},
  handler: async (ctx): Promise<InstanceSummary | null> => {
    const user = await requireUser(ctx);
    const row = await instanceOfUser(ctx, user._id);
    return row === null || row.status === "deleted" ? null : await summaryOf(ctx, row);
  },
});

/** Gateway, devices and long work of the signed-in user's instance; null where there is no instance, or no report of this generation yet. */
export const myDevices = query({
  args: {},
  handler: async (ctx): Promise<ObservationView | null> => seenOfUser(ctx, (await requireUser(ctx))._id),
});

/** A user's row as the control plane sees it, a deleted one too; null where there never was one. */
export const getInstanceForUser = internalQuery({
  args: { user_id: v.string() },
  handler: async (ctx, args): Promise<ControlInstance | null> => {
    const row = await instanceOfUser(ctx, args.user_id);
    return row === null ? null : await controlViewOf(ctx, row);
  },
});

/** The same by instance id, for the reconciler. */
export const getInstanceById = internalQuery({
  args: { instance_id: v.string() },
  handler: async (ctx, args): Promise<ControlInstance | null> => {
    const row = await instanceById(ctx, args.instance_id);
    return row === null ? null : await controlViewOf(ctx, row);
  },
});

/** Takes the owner's wish; see `model/claims.ts`. `new_instance_id` is random, made by the calling action. */
export const claimInstance = internalMutation({
  args: { user_id: v.string(), desired: desiredState, new_instance_id: v.string() },
  handler: async (ctx, args): Promise<ClaimResult> => {
    const { row, changed } = await claim(ctx, {
      userId: args.user_id,
      desired: args.desired,
      newInstanceId: args.new_instance_id,
    });
    return { instance: await controlViewOf(ctx, row), changed };
  },
});

const text = v.optional(v.union(v.string(), v.null()));

/**
 * Writes what is known of the runtime; see `model/upsert.ts`. Fields left out stay, null clears. Never makes a row
 * (`no_instance`): only a claim does.
 */
export const upsertInstance = internalMutation({
  args: {
    user_id: v.string(),
    generation: v.optional(v.number()),
    runtime_url: text,
    gateway_url: text,
    runtime_name: text,
    version: text,
    cf_account_id: text,
    cf_worker_name: text,
    cf_worker_id: text,
    cf_container_app_id: text,
    cf_container_app_name: text,
    r2_bucket_name: text,
  },
  handler: async (ctx, { user_id, generation, ...fields }): Promise<ControlInstance> => {
    const row = await requireInstance(ctx, user_id);
    requireGeneration(row, generation);
    return await controlViewOf(ctx, await upsertRuntime(ctx, row, fields));
  },
});

/**
 * Frees the runtime that a user who deleted their OpenClaw had, for someone else to take: for its operator, who has emptied it, by
 * `npx convex run`. Refuses with `no_instance`, and with `conflict` while they have one.
 */
export const releaseRuntime = internalMutation({
  args: { user_id: v.string() },
  handler: async (ctx, args): Promise<null> => {
    const row = await instanceOfUser(ctx, args.user_id);
    if (row === null) throw apiError("no_instance", "This user never had an OpenClaw.");
    if (row.status !== "deleted") throw apiError("conflict", "This user has an OpenClaw. It has to be deleted first.");
    await patchRow(ctx, row, { runtime_place: undefined });
    return null;
  },
});

/** Writes a reported status; see `model/status.ts`. A status that only a wish starts is refused with `invalid_transition`. */
export const setInstanceStatus = internalMutation({
  args: {
    user_id: v.string(),
    status: instanceStatus,
    generation: v.optional(v.number()),
    reason: v.optional(v.union(v.string(), v.null())),
  },
  handler: async (ctx, args): Promise<ControlInstance> => {
    const row = await instanceOfUser(ctx, args.user_id);
    if (row === null) throw apiError("no_instance", "This user has no OpenClaw. Create one first.");
    requireGeneration(row, args.generation);
    return await controlViewOf(ctx, await reportStatus(ctx, row, { status: args.status, reason: args.reason ?? null }));
  },
});

/** Rounds of looking, sealing and storing before a field that keeps changing is given up. */
const STORE_ROUNDS = 5;

/**
 * Encrypts a secret and stores it in the user's instance row. With `if_absent` a secret that is there stays, and `stored`
 * is false. Refuses with `no_instance`, `stale_generation`, `not_configured` (no usable `OPENCLAW_ENCRYPTION_KEY`).
 */
export const storeEncryptedSecret = internalAction({
  args: {
    user_id: v.string(),
    key: secretKey,
    value: v.string(),
    if_absent: v.optional(v.boolean()),
    generation: v.optional(v.number()),
    request_id: v.string(),
  },
  handler: async (ctx, args): Promise<{ stored: boolean; key_id: string }> => {
    const keyring = await loadKeyring(process.env);
    const { user_id, key, generation, request_id } = args;
    const actId = crypto.randomUUID();
    for (let round = 0; round < STORE_ROUNDS; round += 1) {
      const { place, sealed: before } = await ctx.runQuery(internal.secrets.sealedState, {
        user_id,
        key,
        ...(generation !== undefined && { generation }),
      });
      if (args.if_absent === true && before !== null) return { stored: false, key_id: before.key_id };
      const version = place.version + 1;
      const sealed = await sealSecret(keyring, { ...place, version }, args.value);
      const { stored } = await ctx.runMutation(internal.secrets.putSealed, {
        instance_id: place.instance_id,
        key,
        sealed,
        version,
        ...(generation !== undefined && { generation }),
        ...(key === "provider_keys" && { hints: hintsOf(args.value, [], Date.now()) }),
        // What is stored once and kept is stored on the way up, by the drive that hands it to the runtime itself.
        hasten: args.if_absent !== true && key !== "service_token",
        action: "secret.store",
        act_id: actId,
        request_id,
      });
      if (stored) return { stored: true, key_id: sealed.key_id };
    }
    throw apiError("conflict", "The secret was changed by others at the same time. Try again.");
  },
});

/**
 * Decrypts a secret of the user's instance; server side only, and every call leaves a line in the audit log. Refuses with
 * `not_found` where none is stored and with `secret_corrupt` where it does not open; never answers with what is stored.
 */
export const getDecryptedSecret = internalAction({
  args: { user_id: v.string(), key: secretKey, request_id: v.string() },
  handler: async (ctx, args): Promise<string> => {
    const keyring = await loadKeyring(process.env);
    const act = { act_id: crypto.randomUUID(), request_id: args.request_id };
    const { place, sealed } = await ctx.runMutation(internal.secrets.takeSealed, {
      user_id: args.user_id,
      key: args.key,
      ...act,
    });
    if (sealed === null) throw apiError("not_found", `No ${args.key} is stored for this instance.`);
    try {
      return await openSecret(keyring, place, sealed);
    } catch (error) {
      await ctx.runMutation(internal.secrets.reportCorrupt, { instance_id: place.instance_id, key: args.key, ...act });
      throw error;
    }
  },
});
