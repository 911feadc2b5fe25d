import * as contract from "@oa/contract";
import { internal } from "../_generated/api.js";
import type { ControlHandler } from "./gate.ts";
import { bodyForUser, bodyOf } from "./request.ts";

/** Handlers of `/control/accounts/*` about providers, editors and terminals. */

export const startOAuth: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.oauth.start, bodyOf(contract.OAuthStart, request));

export const takeOAuth: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.oauth.take, bodyOf(contract.OAuthTake, request));

export const signInWithOAuth: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.oauth.signIn, bodyOf(contract.OAuthSignIn, request));

export const unlinkIdentity: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.oauth.unlink, bodyForUser(contract.UnlinkIdentity, request));

export const rotateRefresh: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.refresh.rotate, bodyOf(contract.RotateRefresh, request));

export const familyStanding: ControlHandler = async (ctx, request) =>
  await ctx.runQuery(internal.refresh.standing, bodyForUser(contract.FamilyRequest, request));

export const endFamily: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.refresh.end, bodyForUser(contract.FamilyRequest, request));

export const startFlow: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.flows.start, bodyOf(contract.FlowStart, request));

export const lookAtFlow: ControlHandler = async (ctx, request) =>
  await ctx.runQuery(internal.flows.look, { by: bodyOf(contract.FlowBy, request) });

export const decideFlow: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.flows.decide, bodyForUser(contract.FlowDecide, request));

export const takeFlow: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.flows.take, bodyOf(contract.FlowTake, request));

export const keyOwner: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.managementKeys.owner, bodyOf(contract.KeyRequest, request));

export const endKey: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.managementKeys.end, bodyOf(contract.KeyRequest, request));

export const rotateKey: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.managementKeys.rotate, bodyOf(contract.RotateKey, request));

export const startGithubDevice: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.githubDevices.start, bodyOf(contract.GithubDeviceStart, request));

export const pollGithubDevice: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.githubDevices.poll, bodyOf(contract.GithubDevicePoll, request));

export const finishGithubDevice: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.githubDevices.finish, bodyOf(contract.GithubDeviceFinish, request));

export const dropGithubDevice: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.githubDevices.drop, bodyOf(contract.GithubDevicePoll, request));

export const takeUserInfo: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.githubDevices.takeUserInfo, bodyOf(contract.UserInfoTake, request));
