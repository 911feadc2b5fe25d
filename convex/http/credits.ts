import { BatchRequest, BurnRequest, GrantMonthlyRequest } from "@oa/contract";
import { internal } from "../_generated/api.js";
import { allPrices } from "../lib/prices/prices.ts";
import type { ControlHandler } from "./gate.ts";
import { bodyForUser, bodyOf, userOf } from "./request.ts";

/** Handlers of `/control/credits/*` and the seed's billing summary. */

export const billingSummary: ControlHandler = async (ctx, request) =>
  await ctx.runQuery(internal.billing.getCreditBalance, { user_id: userOf(request) });

export const grantMonthly: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.billing.grantMonthlyCredits, bodyForUser(GrantMonthlyRequest, request));

export const burn: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.billing.burnCredits, bodyForUser(BurnRequest, request));

export const applyBatch: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.holds.applyBatch, { ...bodyOf(BatchRequest, request), user_id: userOf(request) });

export const standing: ControlHandler = async (ctx, request) =>
  await ctx.runQuery(internal.holds.standing, { user_id: userOf(request) });

/** Every model there is a price for; `not_configured` where the operator's own prices cannot be read. */
export const models: ControlHandler = async () => ({ models: allPrices() });
