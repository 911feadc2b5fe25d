import { v } from "convex/values";
import type { Doc } from "./_generated/dataModel.js";
import { type MutationCtx, internalMutation, internalQuery } from "./_generated/server.js";
import { apiError } from "./lib/errors.ts";
import { columnsOf, erasedColumns, sealedOf, versionOf } from "./lib/secretColumns.ts";
import { isResting } from "./lib/transitions.ts";
import { providerKeyHint, secretKey } from "./lib/validators.ts";
import { recordAudit } from "./model/auditLog.ts";
import { driveNow } from "./model/drives.ts";
import { lookAtSuspension } from "./model/emptyBalances.ts";
import { instanceById, requireGeneration, requireInstance } from "./model/instances.ts";
import { type SecretState, secretStateOf } from "./model/secrets.ts";
import { patchRow } from "./model/status.ts";

/**
 * The stored side of secrets: ciphertext in and out of the instance row, each passage with its line in the audit log.
 * Sealing and opening are done by the actions of `openclaw.ts`, `providerKeys.ts` and `secretRotation.ts`: only actions have a random source.
 */

/** What an action needs to seal the next value. Not audited: it cannot be read with this alone. */
export const sealedState = internalQuery({
  args: { user_id: v.string(), key: secretKey, generation: v.optional(v.number()) },
  handler: async (ctx, args): Promise<SecretState> => {
    const row = await requireInstance(ctx, args.user_id);
    requireGeneration(row, args.generation);
    return secretStateOf(row, args.key);
  },
});

/** What an action needs to open a secret. The line that says so is written in the same transaction, before it is opened. */
export const takeSealed = internalMutation({
  args: { user_id: v.string(), key: secretKey, act_id: v.string(), request_id: v.string() },
  handler: async (ctx, args): Promise<SecretState> => {
    const row = await requireInstance(ctx, args.user_id);
    const state = secretStateOf(row, args.key);
    if (state.sealed === null) throw apiError("not_found", `No ${args.key} is stored for this instance.`);
    await recordAudit(ctx, { ...lineOf(row, args.key, args), action: "secret.read", result: "ok", code: null });
    return state;
  },
});

/** Says that a secret that was taken out did not open. */
export const reportCorrupt = internalMutation({
  args: { instance_id: v.string(), key: secretKey, act_id: v.string(), request_id: v.string() },
  handler: async (ctx, args): Promise<null> => {
    const row = await instanceById(ctx, args.instance_id);
    if (row === null) return null;
    await recordAudit(ctx, {
      ...lineOf(row, args.key, args),
      action: "secret.read",
      result: "failed",
      code: "secret_corrupt",
    });
    return null;
  },
});

/**
 * Stores a sealed secret if the field still is as it was when the secret was sealed; `stored` false tells the action to
 * look again. A ciphertext is bound to one incarnation, therefore it goes to the row by instance id.
 */
export const putSealed = internalMutation({
  args: {
    instance_id: v.string(),
    key: secretKey,
    sealed: v.object({ ciphertext: v.string(), iv: v.string(), alg: v.string(), key_id: v.string() }),
    /** The version it is bound to: one more than the field had. */
    version: v.number(),
    generation: v.optional(v.number()),
    action: v.union(v.literal("secret.store"), v.literal("secret.rotate")),
    /** Of `provider_keys`: what is shown of the new value. */
    hints: v.optional(v.array(providerKeyHint)),
    /** True where the runtime has to hear of the new value now. */
    hasten: v.optional(v.boolean()),
    act_id: v.string(),
    request_id: v.string(),
  },
  handler: async (ctx, args): Promise<{ stored: boolean }> => {
    const row = await instanceById(ctx, args.instance_id);
    if (row === null || row.status === "deleted") return { stored: false };
    requireGeneration(row, args.generation);
    if (versionOf(row, args.key) !== args.version - 1) return { stored: false };
    const changed = await patchRow(ctx, row, {
      ...columnsOf(args.key, args.sealed, args.version),
      ...(args.hints !== undefined && { provider_key_hints: args.hints }),
    });
    await recordAudit(ctx, { ...lineOf(row, args.key, args), action: args.action, result: "ok", code: null });
    if (args.hasten === true) await tellRuntime(ctx, changed);
    if (args.key === "provider_keys") await lookAtSuspension(ctx, row.user_id);
    return { stored: true };
  },
});

/**
 * Takes a secret away, if the field still is as the caller knows it; `erased` false tells it to look again. The field's version
 * grows with it, so that a change that was begun before does not bring back what was taken away.
 */
export const eraseSealed = internalMutation({
  args: {
    instance_id: v.string(),
    key: secretKey,
    /** The version the field has now. */
    version: v.number(),
    act_id: v.string(),
    request_id: v.string(),
  },
  handler: async (ctx, args): Promise<{ erased: boolean }> => {
    const row = await instanceById(ctx, args.instance_id);
    if (row === null || versionOf(row, args.key) !== args.version) return { erased: false };
    if (sealedOf(row, args.key) === null) return { erased: true };
    const changed = await patchRow(ctx, row, {
      ...erasedColumns(args.key, args.version + 1),
      ...(args.key === "provider_keys" && { provider_key_hints: undefined }),
    });
    await recordAudit(ctx, { ...lineOf(row, args.key, args), action: "secret.erase", result: "ok", code: null });
    await tellRuntime(ctx, changed);
    if (args.key === "provider_keys") await lookAtSuspension(ctx, row.user_id);
    return { erased: true };
  },
});

/** The next drive finds that the runtime was given another secret. What does not run hears of it when it is started. */
async function tellRuntime(ctx: MutationCtx, row: Doc<"openclaw_instances">): Promise<void> {
  if (!isResting(row.status)) await driveNow(ctx, row);
}

function lineOf(
  row: { user_id: string; instance_id: string },
  key: string,
  { act_id, request_id }: { act_id: string; request_id: string },
) {
  return {
    act_id,
    actor: "control-plane",
    via: "internal" as const,
    subject_user_id: row.user_id,
    target: `${row.instance_id}:${key}`,
    ip: null,
    request_id,
  };
}
