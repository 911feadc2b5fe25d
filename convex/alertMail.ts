import { API_PATHS, CreditAlertMailed, envelopeOf } from "@oa/contract";
import { v } from "convex/values";
import { internal } from "./_generated/api.js";
import type { Doc } from "./_generated/dataModel.js";
import { internalAction, internalMutation, type QueryCtx } from "./_generated/server.js";
import { adminEmails } from "./lib/admins.ts";
import {
  MAIL_DEADLINE_MS,
  MAIL_SWEEP_ROWS,
  type MailOutcome,
  mailStateAfter,
  nextAttempt,
} from "./lib/alertMailPlan.ts";
import { callWorker } from "./lib/workerCall.ts";
import { userByEmail, userById } from "./model/users.ts";

/**
 * Mails of alerts: at most three attempts, each of which the Worker turns into at most one mail. An attempt is counted before it is
 * made, so that one that dies with its process counts too; the sweep begins the next.
 */

export const send = internalAction({
  args: { alert_id: v.id("credit_alerts") },
  handler: async (ctx, { alert_id }): Promise<null> => {
    const letter = await ctx.runMutation(internal.alertMail.begin, { alert_id });
    if (letter === null) return null;
    const outcomes: MailOutcome[] = [];
    for (const to of letter.to) outcomes.push(await sendOne({ ...letter, alert_id, to }));
    await ctx.runMutation(internal.alertMail.finish, { alert_id, attempt: letter.attempt, outcomes });
    return null;
  },
});

async function sendOne(letter: { alert_id: string; to: string; subject: string; text: string }): Promise<MailOutcome> {
  const { alert_id, to, subject, text } = letter;
  const answer = await callWorker(process.env, {
    path: API_PATHS.creditAlertMail,
    body: { alert_id, to, subject, text },
    requestId: `alert-${alert_id}`,
    deadlineMs: MAIL_DEADLINE_MS,
  });
  if (answer.kind === "not_configured") return "no_sender";
  const parsed = Answer.safeParse(answer.kind === "answer" ? answer.body : undefined);
  if (!parsed.success || !parsed.data.ok) return "not_taken";
  return parsed.data.data.accepted ? "accepted" : "no_sender";
}

const Answer = envelopeOf(CreditAlertMailed);

/** What one attempt sends, and to whom. */
export interface AlertLetter {
  attempt: number;
  /** Verified addresses only; nobody where there is none. */
  to: string[];
  subject: string;
  text: string;
}

/** Takes an attempt; null where the mail's fate is sealed, or another attempt is under way. */
export const begin = internalMutation({
  args: { alert_id: v.id("credit_alerts") },
  handler: async (ctx, args): Promise<AlertLetter | null> => {
    const alert = await ctx.db.get("credit_alerts", args.alert_id);
    if (alert === null || alert.mail !== undefined) return null;
    const next = nextAttempt({ attempts: alert.mail_attempts, dueAt: alert.mail_due_at }, Date.now());
    if (next === "waiting") return null;
    if (next === "spent") {
      await ctx.db.patch("credit_alerts", alert._id, { mail: "failed" });
      return null;
    }
    await ctx.db.patch("credit_alerts", alert._id, {
      mail_attempts: next.attempt,
      mail_due_at: next.dueAt,
    });
    return { attempt: next.attempt, to: await recipientsOf(ctx, alert), subject: alert.title, text: alert.message };
  },
});

/** Writes what an attempt came to. */
export const finish = internalMutation({
  args: {
    alert_id: v.id("credit_alerts"),
    attempt: v.number(),
    outcomes: v.array(v.union(v.literal("accepted"), v.literal("no_sender"), v.literal("not_taken"))),
  },
  handler: async (ctx, args): Promise<null> => {
    const alert = await ctx.db.get("credit_alerts", args.alert_id);
    if (alert === null || alert.mail !== undefined || alert.mail_attempts !== args.attempt) return null;
    const mail = mailStateAfter(args.outcomes, args.attempt);
    if (mail !== null) await ctx.db.patch("credit_alerts", alert._id, { mail });
    return null;
  },
});

/** Begins by index what is due: an attempt that failed, or that was lost. */
export const sweep = internalMutation({
  args: {},
  handler: async (ctx): Promise<{ begun: number }> => {
    const due = await ctx.db
      .query("credit_alerts")
      .withIndex("by_mail_due_at", (q) => q.eq("mail", undefined).lte("mail_due_at", Date.now()))
      .take(MAIL_SWEEP_ROWS);
    for (const { _id } of due) await ctx.scheduler.runAfter(0, internal.alertMail.send, { alert_id: _id });
    return { begun: due.length };
  },
});

/** The owner; for what the operator has to mend, the administrators. An address nobody has proved gets no mail. */
async function recipientsOf(ctx: QueryCtx, alert: Doc<"credit_alerts">): Promise<string[]> {
  const people =
    alert.kind === "ledger_mismatch"
      ? await Promise.all(
          [...adminEmails(process.env.ADMIN_EMAILS)].map(async (email) => await userByEmail(ctx, email)),
        )
      : [await userById(ctx, alert.user_id)];
  return people.flatMap((user) => (user?.email_verified_at === undefined ? [] : [user.email]));
}
