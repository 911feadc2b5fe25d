import { BurnRequest, GrantMonthlyRequest } from "@oa/contract";
import { internal } from "../_generated/api.js";
import type { ControlHandler } from "./gate.ts";
import { bodyForUser, userOf } from "./request.ts";

/** Handlers of `/control/credits/*` and the seed's billing summary. */

export const billingSummary: ControlHandler = async (ctx, request) =>
  await ctx.runQuery(internal.billing.getCreditBalance, { user_id: userOf(request) });

export const grantMonthly: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.billing.grantMonthlyCredits, bodyForUser(GrantMonthlyRequest, request));

export const burn: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.billing.burnCredits, bodyForUser(BurnRequest, request));
