import {
  AdjustCredits,
  AlertSeen,
  ExportPageQuery,
  FreezeCredits,
  HistoryType,
  KeyHash,
  MAX_HISTORY_OFFSET,
  UsageGroup,
  UsageOffset,
  UtcDay,
} from "@oa/contract";
import * as z from "zod";
import { internal } from "../_generated/api.js";
import type { ControlHandler } from "./gate.ts";
import { bodyOf, queryOf, userOf } from "./request.ts";

/** Handlers of what is told about credits (`/control/credits/{history,export,…}`, `/control/usage/*`), and of administrators' acts. */

/** A stretch of a listing as it stands in a query. */
const stretch = {
  limit: z.coerce.number().int().min(1).max(100).default(20),
  offset: z.coerce.number().int().min(0).max(MAX_HISTORY_OFFSET).default(0),
};
const HistoryQuery = z.object({ ...stretch, type: HistoryType.optional() });
const SummaryQuery = z.object({ group: UsageGroup, from: UtcDay, to: UtcDay });
const EventsQuery = ExportPageQuery.extend({ key: KeyHash.optional() });

export const history: ControlHandler = async (ctx, request) =>
  await ctx.runQuery(internal.history.page, { ...queryOf(HistoryQuery, request), user_id: userOf(request) });

export const exportLedger: ControlHandler = async (ctx, request) =>
  await ctx.runQuery(internal.history.exportPage, { ...queryOf(ExportPageQuery, request), user_id: userOf(request) });

export const summary: ControlHandler = async (ctx, request) =>
  await ctx.runQuery(internal.usage.summaryOf, { ...queryOf(SummaryQuery, request), user_id: userOf(request) });

/** By offset where the query names a stretch, else a page of the export. */
export const events: ControlHandler = async (ctx, request) => {
  const user_id = userOf(request);
  if (request.query.has("limit") || request.query.has("offset")) {
    return await ctx.runQuery(internal.usage.eventsByOffset, { ...queryOf(UsageOffset, request), user_id });
  }
  return await ctx.runQuery(internal.usage.exportPage, { ...queryOf(EventsQuery, request), user_id });
};

export const adjust: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.creditAdmin.adjust, {
    ...bodyOf(AdjustCredits, request),
    user_id: userOf(request),
    request_id: request.requestId,
  });

export const freeze: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.creditAdmin.freeze, {
    ...bodyOf(FreezeCredits, request),
    user_id: userOf(request),
    request_id: request.requestId,
  });

export const alertSeen: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.alerts.seen, { ...bodyOf(AlertSeen, request), user_id: userOf(request) });
