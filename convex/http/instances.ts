import {
  ClaimRequest,
  InstanceId,
  ObservationRequest,
  RecordStepRequest,
  SecretKey,
  SetStatusRequest,
  StoreSecretRequest,
  UpsertInstanceRequest,
} from "@oa/contract";
import * as z from "zod";
import { internal } from "../_generated/api.js";
import { apiError } from "../lib/errors.ts";
import { instanceIdOf, newInstanceIdBytes } from "../lib/instanceId.ts";
import type { ControlHandler } from "./gate.ts";
import { bodyForUser, bodyOf, queryOf, userOf } from "./request.ts";

/** Handlers of `/control/openclaw/instance*`; what each takes and gives stands in the contract's `control.ts`. */

export const readInstance: ControlHandler = async (ctx, request) => ({
  instance: await ctx.runQuery(internal.openclaw.getInstanceForUser, { user_id: userOf(request) }),
});

export const upsertInstance: ControlHandler = async (ctx, request) => {
  const { userId: _alias, ...fields } = bodyForUser(UpsertInstanceRequest, request);
  const instance = await ctx.runMutation(internal.openclaw.upsertInstance, { ...fields, user_id: userOf(request) });
  return { instance };
};

export const setStatus: ControlHandler = async (ctx, request) => {
  const { userId: _alias, ...fields } = bodyForUser(SetStatusRequest, request);
  const instance = await ctx.runMutation(internal.openclaw.setInstanceStatus, { ...fields, user_id: userOf(request) });
  return { instance };
};

export const storeSecret: ControlHandler = async (ctx, request) => {
  const { userId: _alias, ...fields } = bodyForUser(StoreSecretRequest, request);
  const { stored, key_id } = await ctx.runAction(internal.openclaw.storeEncryptedSecret, {
    ...fields,
    user_id: userOf(request),
    request_id: request.requestId,
  });
  return { key: fields.key, stored, key_id };
};

const SecretSelector = z.object({ key: SecretKey });

export const readSecret: ControlHandler = async (ctx, request) => {
  const { key } = queryOf(SecretSelector, request);
  const value = await ctx.runAction(internal.openclaw.getDecryptedSecret, {
    user_id: userOf(request),
    key,
    request_id: request.requestId,
  });
  return { key, value };
};

export const claimInstance: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.openclaw.claimInstance, {
    user_id: userOf(request),
    desired: bodyForUser(ClaimRequest, request).desired,
    new_instance_id: instanceIdOf(newInstanceIdBytes()),
  });

const InstanceSelector = z.object({ instance_id: InstanceId });

export const readInstanceById: ControlHandler = async (ctx, request) => {
  const instance = await ctx.runQuery(internal.openclaw.getInstanceById, queryOf(InstanceSelector, request));
  if (instance === null) throw apiError("not_found", "There is no instance with this id.");
  return { instance };
};

export const recordStep: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.instanceSteps.recordStep, bodyOf(RecordStepRequest, request));

export const observe: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.instanceObservations.observe, bodyOf(ObservationRequest, request));
