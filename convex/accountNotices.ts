import {
  AccountNoticeMailed,
  AccountNoticeType,
  API_PATHS,
  envelopeOf,
  OAuthProvider,
  type AccountNotice,
} from "@oa/contract";
import { v } from "convex/values";
import { internal } from "./_generated/api.js";
import { internalAction, internalMutation } from "./_generated/server.js";
import { MAIL_DEADLINE_MS, MAIL_SWEEP_ROWS, nextAttempt } from "./lib/alertMailPlan.ts";
import { deviceName } from "./lib/deviceName.ts";
import { callWorker } from "./lib/workerCall.ts";

/**
 * Mails of changes to the ways into an account (`model/authEvents.ts`), to the account's address, proved or not: who reads it should
 * know of an account in its name. At most three attempts, of which the Worker makes one mail. An attempt is counted before it is
 * made, so that one that dies with its process counts too; the sweep begins the next.
 */

const Answer = envelopeOf(AccountNoticeMailed);

export const send = internalAction({
  args: { event_id: v.id("auth_events") },
  handler: async (ctx, { event_id }): Promise<null> => {
    const notice = await ctx.runMutation(internal.accountNotices.begin, { event_id });
    if (notice === null) return null;
    const answer = await callWorker(process.env, {
      path: API_PATHS.accountNoticeMail,
      body: notice,
      requestId: `notice-${event_id}`,
      deadlineMs: MAIL_DEADLINE_MS,
    });
    const parsed = Answer.safeParse(answer.kind === "answer" ? answer.body : undefined);
    const over = answer.kind === "not_configured" || (parsed.success && parsed.data.ok);
    if (over) await ctx.runMutation(internal.accountNotices.finish, { event_id });
    return null;
  },
});

/** Takes an attempt; null where the mail's fate is sealed, or another attempt is under way. */
export const begin = internalMutation({
  args: { event_id: v.id("auth_events") },
  handler: async (ctx, { event_id }): Promise<AccountNotice | null> => {
    const event = await ctx.db.get("auth_events", event_id);
    if (event?.notice_due_at === undefined) return null;
    const next = nextAttempt({ attempts: event.notice_attempts ?? 0, dueAt: event.notice_due_at }, Date.now());
    if (next === "waiting") return null;
    const user = await ctx.db.get("users", event.user_id);
    const type = AccountNoticeType.safeParse(event.type);
    if (next === "spent" || user === null || !type.success) {
      await ctx.db.patch("auth_events", event_id, { notice_due_at: undefined });
      return null;
    }
    await ctx.db.patch("auth_events", event_id, {
      notice_attempts: next.attempt,
      notice_due_at: next.dueAt,
    });
    return {
      event_id,
      to: user.email,
      type: type.data,
      provider: OAuthProvider.safeParse(event.detail).data ?? null,
      device: deviceName(event.user_agent),
      place: event.place?.slice(0, 200) ?? null,
      ip: event.ip?.slice(0, 100) ?? null,
      at: event.created_at,
    };
  },
});

/** Seals it: the mail was taken, or there is nobody here to send it. */
export const finish = internalMutation({
  args: { event_id: v.id("auth_events") },
  handler: async (ctx, { event_id }): Promise<null> => {
    const event = await ctx.db.get("auth_events", event_id);
    if (event !== null) await ctx.db.patch("auth_events", event_id, { notice_due_at: undefined });
    return null;
  },
});

/** Begins by index what is due: an attempt that failed, or that was lost. */
export const sweep = internalMutation({
  args: {},
  handler: async (ctx): Promise<{ begun: number }> => {
    const due = await ctx.db
      .query("auth_events")
      .withIndex("by_notice_due_at", (q) => q.gte("notice_due_at", 0).lte("notice_due_at", Date.now()))
      .take(MAIL_SWEEP_ROWS);
    for (const { _id } of due) await ctx.scheduler.runAfter(0, internal.accountNotices.send, { event_id: _id });
    return { begun: due.length };
  },
});
