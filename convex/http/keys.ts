import { CreateKey, InstanceKey, KeyAct, ResolveKey, RotateProvisionedKey, UpdateKey } from "@oa/contract";
import * as z from "zod";
import { internal } from "../_generated/api.js";
import type { ControlHandler } from "./gate.ts";
import { bodyOf, queryOf, userOf } from "./request.ts";

/** Handlers of `/control/keys/*`; what each takes and gives stands in the contract's `keys.ts`. */

const ListQuery = z.object({ include_revoked: z.enum(["true", "false"]).default("false") });

export const listKeys: ControlHandler = async (ctx, request) =>
  await ctx.runQuery(internal.provisionedKeys.list, {
    user_id: userOf(request),
    include_revoked: queryOf(ListQuery, request).include_revoked === "true",
  });

export const createKey: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.provisionedKeys.create, { ...bodyOf(CreateKey, request), user_id: userOf(request) });

export const readKey: ControlHandler = async (ctx, request) =>
  await ctx.runQuery(internal.provisionedKeys.info, { ...queryOf(KeyAct, request), user_id: userOf(request) });

export const updateKey: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.provisionedKeys.update, { ...bodyOf(UpdateKey, request), user_id: userOf(request) });

export const revokeKey: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.provisionedKeys.revoke, { ...bodyOf(KeyAct, request), user_id: userOf(request) });

export const rotateKey: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.provisionedKeys.rotate, {
    ...bodyOf(RotateProvisionedKey, request),
    user_id: userOf(request),
  });

export const resolveKey: ControlHandler = async (ctx, request) =>
  await ctx.runQuery(internal.provisionedKeys.resolve, { ...bodyOf(ResolveKey, request), now: Date.now() });

export const setInstanceKey: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.provisionedKeys.setForInstance, {
    ...bodyOf(InstanceKey, request),
    user_id: userOf(request),
  });
