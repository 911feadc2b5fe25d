import { CredentialsRequest, OpenSessionRequest, SessionRequest, SignUpRequest } from "@oa/contract";
import { internal } from "../_generated/api.js";
import type { ControlHandler } from "./gate.ts";
import { bodyForUser, bodyOf } from "./request.ts";

/** Handlers of `/control/accounts/*`. */

export const signUp: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.users.signUp, { ...bodyOf(SignUpRequest, request), request_id: request.requestId });

export const credentials: ControlHandler = async (ctx, request) =>
  await ctx.runQuery(internal.users.credentials, bodyOf(CredentialsRequest, request));

export const openSession: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.sessions.open, {
    ...bodyForUser(OpenSessionRequest, request),
    request_id: request.requestId,
  });

export const lookUpSession: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.sessions.lookUp, bodyOf(SessionRequest, request));

export const endSession: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.sessions.end, bodyOf(SessionRequest, request));
