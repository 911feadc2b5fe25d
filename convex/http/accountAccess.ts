import * as contract from "@oa/contract";
import { internal } from "../_generated/api.js";
import type { ControlHandler } from "./gate.ts";
import { bodyForUser, bodyOf } from "./request.ts";

/** Handlers of `/control/accounts/*` about passwords, mailed links and sign-ins. */

export const takeLimits: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.limits.take, bodyOf(contract.LimitsRequest, request));

export const register: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.accounts.register, bodyOf(contract.RegisterRequest, request));

export const openAccess: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.accounts.openAccess, bodyForUser(contract.OpenAccessRequest, request));

export const signInFailed: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.accounts.signInFailed, bodyForUser(contract.FailedSignIn, request));

export const setPassword: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.accounts.setPassword, bodyForUser(contract.SetPasswordRequest, request));

export const startReset: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.mailedLinks.startReset, bodyOf(contract.ResetStart, request));

export const finishReset: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.mailedLinks.finishReset, bodyOf(contract.ResetFinish, request));

export const startVerify: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.mailedLinks.startVerify, bodyForUser(contract.VerifyStart, request));

export const finishVerify: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.mailedLinks.finishVerify, bodyForUser(contract.VerifyFinish, request));

export const listSignIns: ControlHandler = async (ctx, request) =>
  await ctx.runQuery(internal.sessions.signIns, bodyForUser(contract.SignInsRequest, request));

export const endSignIn: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.sessions.endSignIn, bodyForUser(contract.EndSignIn, request));

export const signOutEverywhere: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.sessions.signOutEverywhere, bodyForUser(contract.OfClient, request));
