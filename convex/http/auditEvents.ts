import { AuditEventRequest } from "@oa/contract";
import { internal } from "../_generated/api.js";
import type { ControlHandler } from "./gate.ts";
import { bodyOf } from "./request.ts";

/** Handler of `/control/audit/events`. */
export const recordEvent: ControlHandler = async (ctx, request) =>
  await ctx.runMutation(internal.audit.record, bodyOf(AuditEventRequest, request));
